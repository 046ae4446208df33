"""Find, download and remove model files in the cache of the Hugging Face hub's client.

Looking for a file that is already here imports no client and opens no socket. Only `pull` and
`remove` import it, only `pull` opens a socket, and only the `models` command calls them.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
from contextlib import contextmanager, suppress
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docbot.atomic import replacing
from docbot.errors import HubError, ModelError
from docbot.llm import digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from docbot.llm.known_models import Model

PUBLIC = "https://huggingface.co"
RESERVE = 64 << 20  # bytes that a download leaves free on the disk
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
SHA256 = re.compile(r"[0-9a-f]{64}")


class Silent:
    """A progress bar that shows nothing, with the methods that the hub's client calls."""

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def __enter__(self) -> Silent:  # noqa: PYI034 - Self is in typing from 3.11 on
        """Enter the context and return self."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the context."""

    def update(self, n: float | None = 1) -> None:
        """Take note of `n` more bytes: do nothing."""


def endpoint() -> str:
    """Return the hub's address, or a mirror's from HF_ENDPOINT.

    Raises:
        ModelError: HF_ENDPOINT is not an address.

    """
    address = (os.environ.get("HF_ENDPOINT") or PUBLIC).rstrip("/")
    if not re.fullmatch(r"https?://[^\s/]+(/\S*)?", address):
        raise ModelError(f"HF_ENDPOINT is '{address}', which is not an address; try {PUBLIC}")
    return address


def cache_folder() -> Path:
    """Return the folder of the client's cache, by the same variables that the client reads."""
    environment = os.environ.get
    caches = environment("XDG_CACHE_HOME", os.path.join("~", ".cache"))  # noqa: PTH118
    home = environment("HF_HOME", os.path.join(caches, "huggingface"))  # noqa: PTH118
    folder = environment("HUGGINGFACE_HUB_CACHE", os.path.join(home, "hub"))  # noqa: PTH118
    folder = environment("HF_HUB_CACHE", folder)
    return Path(os.path.expandvars(os.path.expanduser(folder)))  # noqa: PTH111 - as the client does


def cached_file(model: Model) -> Path | None:
    """Return the path of a pulled model's file, unchecked; None if it was not pulled."""
    path = _repository_folder(model) / "snapshots" / model.revision / model.file
    return path if path.is_file() else None


def sound_file(model: Model) -> Path | None:
    """Return the path of a pulled model's file, checked; None if there is none or it is damaged."""
    path = cached_file(model)
    damaged = path is not None and _defect(path, model, expected_sha256(path, model))
    return None if damaged else path


def _repository_folder(model: Model) -> Path:
    return cache_folder() / f"models--{model.repository.replace('/', '--')}"


@contextmanager
def placing(model: Model) -> Iterator[Path]:
    """Give a temporary path; the file written there becomes the model's, as if it were pulled.

    It goes where the client keeps its files, so that whatever looks for it there finds it: a blob
    that is named by its sha256, and a link to it where links can be made.

    Raises:
        ModelError: there is no room on the disk.
        OSError: the cache cannot be written.

    """
    make_room(model, model.bytes)
    folder = _repository_folder(model)
    path = folder / "snapshots" / model.revision / model.file
    blob = folder / "blobs" / model.sha256
    for parent in (path.parent, blob.parent):
        parent.mkdir(parents=True, exist_ok=True)
    with replacing(blob) as temporary:
        yield temporary
    path.unlink(missing_ok=True)
    try:
        path.symlink_to(os.path.relpath(blob, path.parent))
    except OSError:  # Windows, unless the user may make links
        blob.replace(path)


def expected_sha256(path: Path, model: Model) -> str:
    """Return the sha256 that a pulled file must have, or "" when it is not known.

    For a reference it was recorded when the file was pulled. If the record is lost, as in a CI that
    kept only the hub's cache, the link to the client's blob has it: the blob of a large file is
    named by its sha256.
    """
    if model.sha256 or (recorded := digest.pinned_sha256(model.name)):
        return model.sha256 or recorded
    with suppress(OSError):
        blob = path.readlink().name
        return blob if SHA256.fullmatch(blob) else ""
    return ""


def pull(model: Model, bar: Callable[..., Any] = Silent) -> Path:
    """Download a model's file, unless an undamaged one is here, and return its path.

    A downloaded file is hashed before it is used.

    Args:
        model: A row of the table, or that of a reference.
        bar: Progress bar class; it gets tqdm's arguments, and numbers of bytes by `update`.

    Raises:
        ModelError: offline, refused by the hub, no room, or not the file it should be.

    """
    sound = sound_file(model)
    if sound is not None:
        return sound
    path = cached_file(model)
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}:
        raise ModelError(
            f"{model.name}: HF_HUB_OFFLINE is set, so nothing is downloaded; unset it to pull"
        )
    with _explaining(model):
        size, tag = _metadata(model)
        if path is not None:
            _discard(path)  # not earlier: a wrong row must not delete a file that others use
        make_room(model, size)
        path = _download(model, bar)
        checksum = model.sha256 or (tag if SHA256.fullmatch(tag) else "")
        if problem := _defect(path, model, checksum):
            _discard(path)
            raise HubError(
                f"{model.name}: what {endpoint()} sent {problem}, and was deleted; try again, or "
                "choose another source"
            )
    if not model.sha256:
        digest.pin(model.name, checksum or digest.cached_sha256(path))
    return path


def remove(model: Model) -> int:
    """Delete a pulled file, and no other, and return how many bytes that freed.

    Raises:
        ModelError: the file is not there, or cannot be deleted.

    """
    path = cached_file(model)
    if path is None:
        raise ModelError(f"{model.name}: is not in {cache_folder()}; there is nothing to remove")
    with _explaining(model):
        freed = _delete(path)
    if path.exists():
        raise ModelError(f"{model.name}: cannot be removed by itself; delete {path} by hand")
    digest.forget(path)
    return freed


def _delete(path: Path) -> int:
    """Delete a file with the client and, where no other name links to it, its blob."""
    cache = _client().scan_cache_dir(cache_folder())
    place = cache_folder().resolve() / path.relative_to(cache_folder())
    for revision in (revision for repo in cache.repos for revision in repo.revisions):
        for file in (file for file in revision.files if file.file_path == place):
            if hasattr(cache, "delete_files"):
                plan = cache.delete_files(file)
            elif len(revision.files) == 1:  # huggingface_hub before 2.0 deletes whole revisions
                plan = cache.delete_revisions(revision.commit_hash)
            else:
                return 0
            plan.execute()
            return int(plan.expected_freed_size)
    return 0


def _metadata(model: Model) -> tuple[int, str]:
    """Return the file's size in bytes and its etag, without downloading it."""
    client = _client()
    url = client.hf_hub_url(
        model.repository, model.file, revision=model.revision, endpoint=endpoint()
    )
    metadata = client.get_hf_file_metadata(url)
    if metadata.commit_hash is None or metadata.etag is None or metadata.size is None:
        raise HubError(
            f"{model.name}: {endpoint()} does not answer as a hub does; check HF_ENDPOINT and the "
            "proxy"
        )
    if metadata.commit_hash != model.revision:
        raise HubError(f"{model.name}: {endpoint()} answered with another revision; try again")
    if model.bytes and metadata.size != model.bytes:
        raise HubError(
            f"{model.name}: {endpoint()} has {metadata.size} bytes of {model.file} where "
            f"{model.bytes} are known; it is another file"
        )
    if model.sha256 and SHA256.fullmatch(metadata.etag) and metadata.etag != model.sha256:
        raise HubError(
            f"{model.name}: {endpoint()} has another sha256 for {model.file} than is known here; "
            "it is another file"
        )
    return metadata.size, metadata.etag


def make_room(model: Model, size: int) -> None:
    """Check that the disk of the client's cache has room for so many bytes.

    Raises:
        ModelError: it has not.

    """
    folder = cache_folder()
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if free < size + RESERVE:
        raise ModelError(
            f"{model.name}: takes {size / 1e6:,.0f} MB and {cache_folder()} has {free / 1e6:,.0f} "
            "MB free; make room, or set HF_HOME to another disk"
        )


def _download(model: Model, bar: Callable[..., Any]) -> Path:
    return Path(
        _client().hf_hub_download(
            model.repository,
            model.file,
            revision=model.revision,
            cache_dir=cache_folder(),
            endpoint=endpoint(),
            tqdm_class=bar,
        )
    )


def _defect(path: Path, model: Model, checksum: str) -> str:
    """Describe what is wrong with a file as the end of a sentence; "" for nothing."""
    try:
        size = path.stat().st_size
        if model.bytes and size != model.bytes:
            return f"has {size} bytes, not {model.bytes}"
        if checksum and digest.sha256(path) != checksum:
            return "has another sha256"
    except OSError as error:  # another process may have deleted it as wrong
        return f"cannot be read ({error.strerror})"
    return ""


def _discard(path: Path) -> None:
    """Delete a wrong file and the blob it links to, which the client would use again."""
    digest.forget(path)
    real = path.resolve()
    path.unlink(missing_ok=True)
    real.unlink(missing_ok=True)


QUIET = ("HF_HUB_DISABLE_XET", "HF_HUB_DISABLE_TELEMETRY")


def _client() -> Any:
    """Import the client with its second transport, Xet, and its telemetry switched off.

    Xet ignores HF_ENDPOINT (huggingface_hub #4475), so with a mirror it would download from the hub
    all the same; and over plain HTTP an interrupted download continues where it stopped.
    """
    before = {name: os.environ.get(name) for name in QUIET}
    os.environ.update(dict.fromkeys(QUIET, "1"))
    try:
        import huggingface_hub
        import huggingface_hub.constants  # reads the variables when it is imported
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
    return huggingface_hub


@contextmanager
def _explaining(model: Model) -> Iterator[None]:
    """Turn the client's exceptions into a ModelError with one sentence."""
    _client()
    from huggingface_hub.errors import HfHubHTTPError

    network: Any = HfHubHTTPError.__bases__[0]  # of httpx or, from huggingface_hub 2 on, of httpx2
    try:
        yield
    except (network, OSError, ValueError) as error:
        of_the_disk = isinstance(error, OSError) and error.errno is not None
        kind = ModelError if of_the_disk else HubError
        raise kind(f"{model.name}: {_sentence(error, model)}") from error


def _sentence(error: BaseException, model: Model) -> str:
    from huggingface_hub import errors

    if isinstance(error, errors.LocalEntryNotFoundError) and error.__cause__ is not None:
        error = error.__cause__
    hub, repository = endpoint(), model.repository
    tree = f"{hub}/{repository}/tree/{model.revision}"
    commits = f"{hub}/{repository}/commits/main"
    login = "set HF_TOKEN or run hf auth login"
    sentences: tuple[tuple[type[BaseException], str], ...] = (
        (
            errors.OfflineModeIsEnabled,
            "its client is offline; unset HF_HUB_OFFLINE and TRANSFORMERS_OFFLINE to pull",
        ),
        (
            errors.GatedRepoError,
            f"{repository} is gated: accept its terms at {hub}/{repository}, then {login}",
        ),
        (errors.DisabledRepoError, f"{repository} was disabled by the hub; choose another model"),
        (
            errors.RevisionNotFoundError,
            f"{repository} has no revision {model.revision}; look at {commits}",
        ),
        (
            errors.EntryNotFoundError,
            f"{repository} has no file {model.file} in revision {model.revision}; look at {tree}",
        ),
        (
            errors.RepositoryNotFoundError,
            f"{hub} has no repository {repository}, or shows it only to some: {login}",
        ),
    )
    for kind, sentence in sentences:
        if isinstance(error, kind):
            return sentence
    if isinstance(error, errors.HfHubHTTPError):
        return _explain_status(error)
    return _explain_failure(error)


def _explain_status(error: Any) -> str:
    """Explain an HTTP error for which the client has no class of its own."""
    hub, status = endpoint(), error.response.status_code
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return f"{hub} refuses with {status}: set HF_TOKEN to a valid token, or run hf auth login"
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        wait = error.response.headers.get("Retry-After", "")
        seconds = f" in {wait} seconds" if wait.isdigit() else " later"
        return f"{hub} has had too many requests from here; try again{seconds}"
    if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        return "the proxy wants a login; put one into HTTPS_PROXY"
    return f"{hub} answered with {status}; try again later"


def _explain_failure(error: BaseException) -> str:
    """Explain an error of the network or of the disk."""
    reason = " ".join(str(error).split())[:200]
    number = error.errno if isinstance(error, OSError) else None
    if number in FULL:
        return f"{cache_folder()} is full; make room, or set HF_HOME to another disk"
    if number is not None:
        return f"{cache_folder()} cannot be written ({os.strerror(number)}); set HF_HOME elsewhere"
    if "Consistency check failed" in reason:
        return f"{endpoint()} sent only a part of it; try again"
    if type(error).__name__ == "ProxyError":
        return f"the proxy does not let it through ({reason}); check HTTPS_PROXY"
    return f"{endpoint()} cannot be reached ({reason}); check the network, HF_ENDPOINT, HTTPS_PROXY"
