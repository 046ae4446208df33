"""`docbot review`: have a revision analysed, say what was found, and post it where that is asked.

This process has the token and reads no code: what the process that reads code answers is decoded as
anybody's report is. Nothing that comes from a pull request is printed so that a runner could take
it for a command.
"""

from __future__ import annotations

import os
import re
import secrets
import sys
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from docbot.commands.exit_codes import CHANGES, CLEAN
from docbot.commands.options import settings_of
from docbot.errors import ConfigError, GitError, GitHubError, ReviewError
from docbot.llm.known_models import HUB, MODELS
from docbot.repo.git import Repository
from docbot.review.analyse import sandbox
from docbot.review.analyse.analyse import request
from docbot.review.analyse.inputs import ReviewRequest
from docbot.review.findings_json import MAX_BYTES, decode, encode
from docbot.review.post.actions import event as read_event
from docbot.review.post.actions import output
from docbot.review.workflow_commands import line

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping

    from docbot.review.findings import Finding, Findings
    from docbot.review.post.actions import Event
    from docbot.review.post.github import GitHub
    from docbot.review.post.post import PullRequestRef

PUBLIC = "https://api.github.com"


def run(options: argparse.Namespace) -> int:
    """Review a revision and return the exit code.

    Raises:
        DocbotError: it cannot be done; what is refused by GitHub is no such error.

    """
    posting = options.post or options.pr is not None
    happened = _event(options, posting=posting)
    token = _token() if posting and _has_page(options, happened) else ""
    if options.from_file is not None:
        found = decode(_read(options.from_file))
    else:
        found = _analysed(options, settings_of(options), happened)
    _show(found, options)
    _set_outputs(found)
    if token:
        _post(found, options, happened, token)
    elif posting:
        _annotate(found, options, happened)
    return CHANGES if options.fail_on == "missing" and found.findings else CLEAN


# What is reviewed


def _event(options: argparse.Namespace, *, posting: bool) -> Event | None:
    """What started the workflow, None outside of one."""
    path = os.environ.get("GITHUB_EVENT_PATH")
    if options.pr is None and posting and not path:
        raise ReviewError(
            "--post takes the pull request from GITHUB_EVENT_PATH, which is not set; name it: --pr"
        )
    happened = read_event(Path(path)) if path else None
    if happened and happened.name == "workflow_run" and posting and options.from_file is None:
        raise ReviewError(
            "a workflow_run has a token that writes, so it posts what another run found and"
            " analyses nothing: give that run's report by --from FILE"
        )
    return happened


def _analysed(
    options: argparse.Namespace, settings: Mapping[str, object], happened: Event | None
) -> Findings:
    repository = Repository.discover(Path())
    if repository is None:
        raise ReviewError("this folder is not in a git repository, which a review needs")
    of = options.pr is None and happened
    question = ReviewRequest(
        root=repository.root,
        base=options.base or (of and of.base) or _default_base(repository),
        head=options.head or (of and of.head) or "HEAD",
        paths=tuple(_from_root(path, repository.root) for path in options.paths),
        settings=_absolute(settings),
        config_file=_config_file(options.config, repository.root),
    )
    asked = request(question, cache=options.cache)
    return decode(sandbox.ask(asked, repository.root, options.time_budget))


def _default_base(repository: Repository) -> str:
    base = "refs/remotes/origin/HEAD"
    try:
        return repository.commit(base)
    except GitError:
        raise ReviewError(
            "there is no pull request and no origin/HEAD to compare with; say so: --base REV"
        ) from None


def _from_root(path: Path, root: Path) -> str:
    """The path as git has it; links are not followed, since the work tree may be anybody's."""
    whole = os.path.normpath(Path(os.path.realpath(Path())) / path)
    for name in (whole, os.path.realpath(whole)) if path.is_absolute() else (whole,):
        with suppress(ValueError):
            return Path(name).relative_to(root).as_posix()
    raise ConfigError(f"{path}: lies outside the repository {root}")


def _config_file(path: Path | None, root: Path) -> str:
    if path is None:
        return ""
    try:
        return _from_root(path, root)
    except ConfigError:
        return str(path.absolute())


def _absolute(settings: Mapping[str, object]) -> dict[str, object]:
    """With the model's path, if it is one, from here: the child stands elsewhere."""
    model = str(settings.get("model", ""))
    if model and model not in MODELS and not model.startswith(HUB):
        path = Path(model).expanduser()
        if path.suffix == ".gguf" or path.name != model or path.exists():
            return {**settings, "model": str(path.absolute())}
    return dict(settings)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ReviewError(f"{path}: cannot be read ({error.strerror})") from error


# What is said


def _show(found: Findings, options: argparse.Namespace) -> None:
    words = formatted(found, options.format)
    if options.output is not None:
        _save(options.output, words)
    elif words:
        sys.stdout.buffer.write(_harmless(words, options.format).encode("utf-8", "replace"))
        sys.stdout.flush()
    for notice in found.notices:
        _tell(notice)
    _tell(_counts(found))


def _counts(found: Findings) -> str:
    if not found.files:
        return "no Python file changed"
    missing = len(found.findings)
    total = missing + found.documented
    if not total:
        return "no definition that counts is new or changed"
    suggested = sum(finding.suggestion is not None for finding in found.findings)
    return (
        f"{missing} of {total} new or changed definitions that count have no docstring;"
        f" {suggested} suggested"
    )


def formatted(found: Findings, form: str) -> str:
    """The findings in one of the formats of `--format`."""
    from docbot.review import formats

    if form == "text":
        return "".join(f"{line(_sentence(finding))}\n" for finding in found.findings)
    if form == "github":
        told = formats.notices(found)
        return "".join(f"{command}\n" for command in told)
    made: dict[str, Callable[[Findings], str]] = {
        "json": encode,
        "markdown": formats.markdown,
        "sarif": formats.sarif,
        "rdjson": formats.rdjson,
    }
    return made[form](found).rstrip("\n") + "\n"


def _sentence(finding: Finding) -> str:
    where = f"{finding.path}:{finding.line}: {finding.kind} {finding.qualname} has no docstring"
    if finding.suggestion is not None:
        return f"{where}; suggested: {' '.join(finding.suggestion.docstring())}"
    why = f"{finding.reason}: {finding.detail}" if finding.detail else finding.reason
    return f"{where} ({why})" if why else where


def _harmless(words: str, form: str) -> str:
    """As it may stand in a runner's log: no line is a command, but in the format made of them."""
    if form == "github":
        return words
    if form in ("json", "sarif", "rdjson"):
        return words.replace("##[", "\\u0023#[")
    return re.sub(r"^(\s*):(?=:)", r"\1: ", words.replace("##[", "# #["), flags=re.MULTILINE)


def _save(path: Path, words: str) -> None:
    """Replace a file, at once: whoever reads it sees the old one or the new one."""
    temporary = path.parent / f".docbot-{secrets.token_hex(8)}.tmp"
    try:
        with temporary.open("xb") as file:
            file.write(words.encode("utf-8", "replace"))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise ReviewError(f"{path}: cannot be written ({error.strerror})") from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _tell(sentence: str) -> None:
    print(f"docbot: {line(sentence)}", file=sys.stderr)  # noqa: T201


def _set_outputs(found: Findings) -> None:
    """Set the outputs of the action's step, where this runs in one."""
    suggested = sum(finding.suggestion is not None for finding in found.findings)
    output("missing", str(len(found.findings)))
    output("suggested", str(suggested))
    output("skipped", str(sum(found.skipped.values())))


# Where it is posted


def _token() -> str:
    token = os.environ.get("GITHUB_TOKEN") or os.environ.get("GH_TOKEN") or ""
    if not token:
        raise ReviewError(
            "a pull request is commented on with the token in GITHUB_TOKEN or GH_TOKEN, and neither"
            " is set"
        )
    return token


def _has_page(options: argparse.Namespace, happened: Event | None) -> bool:
    """Whether GitHub is to be asked: without a pull request nobody needs a token."""
    if options.mode == "annotations":
        return False
    if options.pr is not None or happened is None:
        return True
    return happened.number is not None or happened.name == "workflow_run"


def _annotate(found: Findings, options: argparse.Namespace, happened: Event | None) -> None:
    from docbot.review.post import post

    if options.mode == "annotations":
        sys.stdout.write(formatted(found, "github"))
    elif happened is not None:
        _tell(f"the event {happened.name} has no pull request, so nothing is posted")
    post.summarise(found)


def _post(found: Findings, options: argparse.Namespace, happened: Event | None, token: str) -> None:
    from docbot.review.post import post
    from docbot.review.post.github import GitHub

    api = os.environ.get("GITHUB_API_URL") or PUBLIC
    graphql = os.environ.get("GITHUB_GRAPHQL_URL") or f"{api.removesuffix('/v3')}/graphql"
    settings = post.Settings(mode=options.mode, limit=options.max_comments, key=options.key)
    with closing(GitHub(api, graphql, _repository(options), token)) as client:
        try:
            target = _target(found, options, happened, client)
        except GitHubError as error:
            target, why = None, str(error)
        else:
            why = "there is no open pull request with this head"
        if target is None:
            _tell(f"nothing is posted: {why}")
            post.summarise(found, f"nothing is posted: {why}")
            return
        outcome = post.post(found, target, client, settings)
    if outcome.trouble:
        _tell(outcome.trouble)
    _tell(
        f"comments posted: {outcome.posted}, minimised: {outcome.minimised};"
        f" summary: {outcome.summary}"
    )


def _target(
    found: Findings, options: argparse.Namespace, happened: Event | None, client: GitHub
) -> PullRequestRef | None:
    from docbot.review.post import post

    if options.pr is not None:
        return post.PullRequestRef(number=options.pr, head=found.head)
    if happened is None:
        return None
    if happened.name == "workflow_run":
        return post.find_pull(client, happened)
    return post.target(happened)


def _repository(options: argparse.Namespace) -> str:
    name: str = options.repo or os.environ.get("GITHUB_REPOSITORY") or ""
    if name:
        return name
    repository = Repository.discover(Path())
    found = re.search(
        r"[:/]([^/:]+/[^/:]+?)(?:\.git)?/?$", repository.origin() if repository else ""
    )
    if found is None:
        raise ReviewError("which repository is it? name it: --repo owner/name")
    return found[1]
