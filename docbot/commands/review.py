"""Run `docbot review`: have a revision analysed, print the findings, and post them if asked to.

This process has the token and reads no code: the process that reads code has no token, and what it
answers is decoded like anybody's report. Text from a pull request is printed so that a runner takes
none of it for a command.
"""

from __future__ import annotations

import os
import re
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from docbot.atomic import replacing
from docbot.commands import streams
from docbot.commands.exit_codes import CHANGES, CLEAN
from docbot.commands.options import settings_of
from docbot.commands.review_activity import Activity, decide
from docbot.errors import ConfigError, GitError, GitHubError, ReviewError
from docbot.llm.known_models import HUB, MODELS
from docbot.repo.git import Repository
from docbot.review.analyse import sandbox
from docbot.review.analyse.analyse import encode_request
from docbot.review.analyse.inputs import ReviewRequest
from docbot.review.findings_json import MAX_BYTES, decode, encode
from docbot.review.post.actions import Event, read_event, set_output
from docbot.review.workflow_commands import safe_line

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping

    from docbot.review.findings import Finding, Findings
    from docbot.review.post.github import GitHub
    from docbot.review.post.post import PullRequestRef

PUBLIC_API = "https://api.github.com"


def run(options: argparse.Namespace) -> int:
    """Review a revision and return the exit code.

    Raises:
        DocbotError: it cannot be done; a refusal by GitHub raises nothing.

    """
    event = _event()
    activity = decide(
        event,
        post=options.post,
        pr=options.pr,
        mode=options.mode,
        has_report=options.from_file is not None,
    )
    token = _token() if activity.needs_token else ""
    if options.from_file is not None:
        findings = decode(_read(options.from_file))
    else:
        findings = _analyse(options, settings_of(options), event)
    _show(findings, options)
    _set_outputs(findings)
    if activity.needs_token:
        _post(findings, options, event, activity, token)
    elif activity is Activity.ANNOTATE:
        _annotate(findings)
    elif activity is Activity.NOTHING:
        _report_no_pull_request(findings, event)
    counts = {"missing": len(findings.missing), "stale": findings.certain_stale_count}
    counts["any"] = sum(counts.values())
    return CHANGES if counts.get(options.fail_on) else CLEAN


# What is reviewed


def _event() -> Event:
    """Read what started the workflow; outside of one, the event's name is ""."""
    path = os.environ.get("GITHUB_EVENT_PATH")
    return read_event(Path(path)) if path else Event(name="")


def _analyse(options: argparse.Namespace, settings: Mapping[str, object], event: Event) -> Findings:
    repository = Repository.discover(Path())
    if repository is None:
        raise ReviewError("this folder is not in a git repository, which a review needs")
    started_by = event if options.pr is None else Event(name="")
    request = ReviewRequest(
        root=repository.root,
        base=options.base or started_by.base or _default_base(repository),
        head=options.head or started_by.head or "HEAD",
        paths=tuple(_from_root(path, repository.root) for path in options.paths),
        settings=_absolute(settings),
        config_file=_config_file(options.config, repository.root),
    )
    encoded = encode_request(request, cache=options.cache)
    return decode(sandbox.run_sandboxed(encoded, repository.root, options.time_budget))


def _default_base(repository: Repository) -> str:
    base = "refs/remotes/origin/HEAD"
    try:
        return repository.commit(base)
    except GitError:
        raise ReviewError(
            "there is no pull request and no origin/HEAD to compare with; say so: --base REV"
        ) from None


def _from_root(path: Path, root: Path) -> str:
    """Make a path relative to the root, without following links of the untrusted work tree."""
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
    """Make a model's path absolute, since the sandboxed process has another working directory."""
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


# What is printed


def _show(findings: Findings, options: argparse.Namespace) -> None:
    text = format_findings(findings, options.format)
    if options.output is not None:
        _save(options.output, text)
    elif text:
        escaped = _escape_commands(text, options.format)
        streams.write_data(escaped.encode("utf-8", "replace"))
    for notice in findings.notices:
        _print_message(notice)
    _print_message(_counts(findings))


def _counts(findings: Findings) -> str:
    if not findings.files:
        return "no Python file changed"
    missing = len(findings.missing)
    total = missing + findings.documented
    stale = f"; stale docstrings: {findings.stale_count}" if findings.stale_count else ""
    if not total:
        return f"no definition that counts is new or changed{stale}"
    return (
        f"{missing} of {total} new or changed definitions that count have no docstring;"
        f" {_suggested_count(findings)} suggested{stale}"
    )


def _suggested_count(findings: Findings) -> int:
    return sum(finding.suggestion is not None for finding in findings.missing)


def format_findings(findings: Findings, form: str) -> str:
    """Format findings in one of the formats of `--format`."""
    from docbot.review import formats

    if form == "text":
        return "".join(f"{safe_line(_sentence(finding))}\n" for finding in findings.findings)
    if form == "github":
        return "".join(f"{command}\n" for command in formats.to_notices(findings))
    formatters: dict[str, Callable[[Findings], str]] = {
        "json": encode,
        "markdown": formats.to_markdown,
        "sarif": formats.to_sarif,
        "rdjson": formats.to_rdjson,
    }
    return formatters[form](findings).rstrip("\n") + "\n"


def _sentence(finding: Finding) -> str:
    if finding.rule:
        from docbot.review.stale import say

        place = f"{finding.path}:{finding.line}"
        return f"{place}: {finding.qualname} {say(finding)} [{finding.rule}]"
    where = f"{finding.path}:{finding.line}: {finding.kind} {finding.qualname} has no docstring"
    if finding.suggestion is not None:
        return f"{where}; suggested: {' '.join(finding.suggestion.docstring())}"
    why = f"{finding.reason}: {finding.detail}" if finding.detail else finding.reason
    return f"{where} ({why})" if why else where


def _escape_commands(text: str, form: str) -> str:
    """Escape text so that a GitHub runner reads no workflow command in it.

    The format "github" consists of workflow commands and stays as it is.
    """
    if form == "github":
        return text
    if form in ("json", "sarif", "rdjson"):
        return text.replace("##[", "\\u0023#[")
    return re.sub(r"^(\s*):(?=:)", r"\1: ", text.replace("##[", "# #["), flags=re.MULTILINE)


def _save(path: Path, text: str) -> None:
    """Replace a file atomically: a reader sees the old content or the new."""
    try:
        with replacing(path) as temporary, temporary.open("xb") as file:
            file.write(text.encode("utf-8", "replace"))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise ReviewError(f"{path}: cannot be written ({error.strerror})") from error


def _print_message(sentence: str) -> None:
    streams.print_message(safe_line(sentence))


def _set_outputs(findings: Findings) -> None:
    """Set the outputs of the action's step, where this runs in one."""
    set_output("missing", str(len(findings.missing)))
    set_output("suggested", str(_suggested_count(findings)))
    set_output("stale", str(findings.stale_count))
    set_output("skipped", str(sum(findings.skipped.values())))


# Where it is posted


def _token() -> str:
    token = os.environ.get("GITHUB_TOKEN") or os.environ.get("GH_TOKEN") or ""
    if not token:
        raise ReviewError(
            "a pull request is commented on with the token in GITHUB_TOKEN or GH_TOKEN, and neither"
            " is set"
        )
    return token


def _annotate(findings: Findings) -> None:
    from docbot.review.post import post

    streams.write_data(streams.encode(format_findings(findings, "github")))
    post.write_step_summary(findings)


def _report_no_pull_request(findings: Findings, event: Event) -> None:
    from docbot.review.post import post

    _print_message(f"the event {event.name} has no pull request, so nothing is posted")
    post.write_step_summary(findings)


def _post(
    findings: Findings, options: argparse.Namespace, event: Event, activity: Activity, token: str
) -> None:
    from docbot.review.post import post
    from docbot.review.post.github import GitHub

    api = os.environ.get("GITHUB_API_URL") or PUBLIC_API
    graphql = os.environ.get("GITHUB_GRAPHQL_URL") or f"{api.removesuffix('/v3')}/graphql"
    settings = post.Settings(mode=options.mode, limit=options.max_comments, key=options.key)
    with closing(GitHub(api, graphql, _repository(options), token)) as client:
        try:
            target = _target(activity, findings, options, event, client)
        except GitHubError as error:
            target, why = None, str(error)
        else:
            why = "there is no open pull request with this head"
        if target is None:
            _print_message(f"nothing is posted: {why}")
            post.write_step_summary(findings, f"nothing is posted: {why}")
            return
        outcome = post.post(findings, target, client, settings)
    if outcome.problem:
        _print_message(outcome.problem)
    _print_message(
        f"comments posted: {outcome.posted}, minimised: {outcome.minimised};"
        f" summary: {outcome.summary}"
    )


def _target(
    activity: Activity,
    findings: Findings,
    options: argparse.Namespace,
    event: Event,
    client: GitHub,
) -> PullRequestRef | None:
    from docbot.review.post import post

    if activity is Activity.POST_TO_NUMBER:
        return post.PullRequestRef(number=options.pr, head=findings.head)
    if activity is Activity.POST_REPORT:
        return post.find_pull_request(client, event)
    return post.pull_request_of(event)


def _repository(options: argparse.Namespace) -> str:
    name: str = options.repo or os.environ.get("GITHUB_REPOSITORY") or ""
    if name:
        return name
    repository = Repository.discover(Path())
    match = re.search(
        r"[:/]([^/:]+/[^/:]+?)(?:\.git)?/?$", repository.origin() if repository else ""
    )
    if match is None:
        raise ReviewError("which repository is it? name it: --repo owner/name")
    return match[1]
