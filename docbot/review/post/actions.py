"""GitHub Actions' own files and commands: the event, annotations, the step summary, outputs.

A runner reads what a step prints, and takes a line that starts with `::`, or has `##[` anywhere,
for a command. So nothing that comes from a pull request is printed but through `command`, which
escapes it as the runner undoes it, or `line`, which no runner takes for a command.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from docbot.errors import ReviewError
from docbot.review.post.payload import Payload

EVENT_BYTES = 32 << 20
"""A bigger event file is not read; GitHub caps a payload at 25 MB."""


SUMMARY_BYTES = 1 << 20
"""Of a step's whole summary; GitHub drops a bigger one altogether."""


CUT = "\n\nThe rest is left out: a step's summary may have 1 MiB.\n"


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """What started the workflow, as far as a review asks.

    `number` is the pull request's, None where the event has none or, as a `workflow_run`, does not
    tell it. `head` and `base` are commits, "" where the event has none. `head_repository` is None
    when the fork was deleted, and `fork` is true then.
    """

    name: str
    number: int | None = None
    head: str = ""
    base: str = ""
    head_repository: str | None = None
    head_branch: str = ""
    fork: bool = False
    draft: bool = False
    closed: bool = False


def event(path: Path, name: str = "") -> Event:
    """The event of GITHUB_EVENT_PATH; its name is that of GITHUB_EVENT_NAME.

    Raises:
        ReviewError: the file cannot be read or a key in it is not as GitHub documents, or the event
            is `pull_request_target`.

    """
    name = name or os.environ.get("GITHUB_EVENT_NAME", "")
    if not name:
        raise ReviewError("GITHUB_EVENT_NAME is not set, so what is in GITHUB_EVENT_PATH is unsure")
    if name == "pull_request_target":
        raise ReviewError(
            "docbot does not run on pull_request_target, which gives a stranger's pull request a "
            "token that writes; use pull_request, and for forks the two workflows of the README"
        )
    reader = {
        "pull_request": _pull_request,
        "merge_group": _merge_group,
        "push": _push,
        "workflow_run": _workflow_run,
    }.get(name)
    if reader is None:
        return Event(name=name)
    return reader(Payload(_load(path), f"event {name} in {path}", ReviewError))


def _load(path: Path) -> object:
    try:
        if path.stat().st_size > EVENT_BYTES:
            raise ReviewError(f"GITHUB_EVENT_PATH names {path}, which is over {EVENT_BYTES} bytes")
        return json.loads(path.read_bytes())
    except OSError as error:
        raise ReviewError(
            f"GITHUB_EVENT_PATH names {path}, which cannot be read ({error.strerror})"
        ) from error
    except (ValueError, RecursionError) as error:
        raise ReviewError(f"GITHUB_EVENT_PATH names {path}, which is not JSON") from error


def _pull_request(payload: Payload) -> Event:
    at_home = payload.repository("pull_request.base.repo.full_name")
    head = _repository(payload, "pull_request.head.repo")
    return Event(
        name="pull_request",
        number=payload.get("pull_request.number", int),
        head=payload.commit("pull_request.head.sha"),
        base=payload.commit("pull_request.base.sha"),
        head_repository=head,
        head_branch=payload.get("pull_request.head.ref", str),
        fork=head != at_home,
        draft=payload.flag("pull_request.draft"),
        closed=payload.get("pull_request.state", str) != "open",
    )


def _merge_group(payload: Payload) -> Event:
    return Event(
        name="merge_group",
        head=payload.commit("merge_group.head_sha"),
        base=payload.commit("merge_group.base_sha"),
    )


def _push(payload: Payload) -> Event:
    """A branch that is new or gone has the null commit on one side, here ""."""
    before, after = (payload.commit(key) for key in ("before", "after"))
    return Event(
        name="push",
        head=after if after.strip("0") else "",
        base=before if before.strip("0") else "",
    )


def _workflow_run(payload: Payload) -> Event:
    """The run that ended; of a run that no pull request started, the name alone."""
    if payload.get("workflow_run.event", str) != "pull_request":
        return Event(name="workflow_run")
    head = _repository(payload, "workflow_run.head_repository")
    return Event(
        name="workflow_run",
        head=payload.commit("workflow_run.head_sha"),
        head_repository=head,
        head_branch=payload.text("workflow_run.head_branch"),
        fork=head != payload.repository("repository.full_name"),
    )


def _repository(payload: Payload, key: str) -> str | None:
    return payload.repository(f"{key}.full_name") if payload.has(key) else None


def step_summary(text: str) -> bool:
    """Add Markdown to the step's summary; whether there is such a file, as GitHub's runners have.

    What would pass 1 MiB is cut at a blank line outside code.

    Raises:
        ReviewError: the file that GITHUB_STEP_SUMMARY names cannot be written.

    """
    if not (name := os.environ.get("GITHUB_STEP_SUMMARY")):
        return False
    try:
        held = Path(name).stat().st_size if Path(name).exists() else 0
        _append(name, _fitting(text, SUMMARY_BYTES - held))
    except OSError as error:
        raise ReviewError(
            f"GITHUB_STEP_SUMMARY names {name}, which cannot be written ({error.strerror})"
        ) from error
    return True


def _fitting(text: str, room: int) -> str:
    """The text, or as much of it as has this many bytes together with a sentence that says so."""
    text = text.rstrip() + "\n"
    if _size(text) <= room:
        return text
    kept, size, fence = 0, 0, ""
    lines = text.splitlines(keepends=True)
    for number, row in enumerate(lines):
        size += _size(row)
        if size + _size(CUT) > room:
            break
        mark = re.match(r" {0,3}(`{3,}|~{3,})", row)
        if mark and not fence:
            fence = mark[1]
        elif mark and mark[1].startswith(fence) and row.strip() == mark[1]:
            fence = ""
        if not fence and not row.strip():
            kept = number
    return "".join(lines[:kept]).rstrip() + CUT if _size(CUT) <= room else ""


def _size(text: str) -> int:
    return len(text.encode("utf-8", "replace"))


def output(name: str, value: str) -> None:
    """Set an output of the step, where GITHUB_OUTPUT names a file.

    The delimiter is random: a value that knew it could set other outputs.

    Raises:
        ReviewError: the file cannot be written.

    """
    if not (path := os.environ.get("GITHUB_OUTPUT")):
        return
    end = f"end-{secrets.token_hex(16)}"
    try:
        _append(path, f"{name}<<{end}\n{value}\n{end}\n")
    except OSError as error:
        raise ReviewError(
            f"GITHUB_OUTPUT names {path}, which cannot be written ({error.strerror})"
        ) from error


def _append(path: str, text: str) -> None:
    with Path(path).open("a", encoding="utf-8", errors="replace", newline="") as file:
        file.write(text)
