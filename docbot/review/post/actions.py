"""Read the event of a GitHub Actions workflow; write the step's summary and outputs.

A runner reads what a step prints, and takes a line that starts with `::`, or has `##[` anywhere,
for a command. So text from a pull request is printed only through two functions of
`workflow_commands`: `format_command`, which escapes it as the runner unescapes it, or `safe_line`,
which makes a line that no runner takes for a command.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from docbot.errors import ReviewError
from docbot.review.post.json_fields import JsonFields

EVENT_BYTES = 32 << 20
"""Largest event file that is read; GitHub caps a payload at 25 MB."""

SUMMARY_BYTES = 1 << 20
"""Largest summary of a step; GitHub drops a bigger one altogether."""

CUT_NOTICE = "\n\nThe rest is left out: a step's summary may have 1 MiB.\n"


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """The event that started the workflow, with the fields that a review needs.

    Attributes:
        name: The event's name, such as "pull_request".
        number: The pull request's number; None where the event has none or, like a `workflow_run`,
            does not name it.
        head: The head commit; "" where the event has none.
        base: The base commit; "" where the event has none.
        head_repository: The head's repository, `owner/name`; None when the fork was deleted.
        head_branch: The head's branch.
        fork: Whether the head is in another repository; true when the fork was deleted.
        draft: Whether the pull request is a draft.
        closed: Whether the pull request is closed.

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


def read_event(path: Path, name: str = "") -> Event:
    """Read the event that started the workflow.

    Args:
        path: The file that GITHUB_EVENT_PATH names.
        name: The event's name; GITHUB_EVENT_NAME when empty.

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
    convert = {
        "pull_request": _pull_request,
        "merge_group": _merge_group,
        "push": _push,
        "workflow_run": _workflow_run,
    }.get(name)
    if convert is None:
        return Event(name=name)
    return convert(JsonFields(_load_json(path), f"event {name} in {path}", ReviewError))


def _load_json(path: Path) -> object:
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


def _pull_request(payload: JsonFields) -> Event:
    base_repository = payload.repository("pull_request.base.repo.full_name")
    head = _repository(payload, "pull_request.head.repo")
    return Event(
        name="pull_request",
        number=payload.get("pull_request.number", int),
        head=payload.commit("pull_request.head.sha"),
        base=payload.commit("pull_request.base.sha"),
        head_repository=head,
        head_branch=payload.get("pull_request.head.ref", str),
        fork=head != base_repository,
        draft=payload.flag("pull_request.draft"),
        closed=payload.get("pull_request.state", str) != "open",
    )


def _merge_group(payload: JsonFields) -> Event:
    return Event(
        name="merge_group",
        head=payload.commit("merge_group.head_sha"),
        base=payload.commit("merge_group.base_sha"),
    )


def _push(payload: JsonFields) -> Event:
    """Convert a push; the null commit of a new or deleted branch becomes ""."""
    before, after = (payload.commit(key) for key in ("before", "after"))
    return Event(
        name="push",
        head=after if after.strip("0") else "",
        base=before if before.strip("0") else "",
    )


def _workflow_run(payload: JsonFields) -> Event:
    """Convert a `workflow_run`; of a run that no pull request started, keep only the name."""
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


def _repository(payload: JsonFields, key: str) -> str | None:
    return payload.repository(f"{key}.full_name") if payload.has(key) else None


def append_step_summary(text: str) -> bool:
    """Append Markdown to the step's summary, where GITHUB_STEP_SUMMARY names its file.

    Text beyond 1 MiB is cut off at a blank line outside code.

    Returns:
        Whether there is such a file, as on GitHub's runners.

    Raises:
        ReviewError: the file that GITHUB_STEP_SUMMARY names cannot be written.

    """
    if not (name := os.environ.get("GITHUB_STEP_SUMMARY")):
        return False
    try:
        size = Path(name).stat().st_size if Path(name).exists() else 0
        _append(name, _cut_to_fit(text, SUMMARY_BYTES - size))
    except OSError as error:
        raise ReviewError(
            f"GITHUB_STEP_SUMMARY names {name}, which cannot be written ({error.strerror})"
        ) from error
    return True


def _cut_to_fit(text: str, room: int) -> str:
    """Cut the text to so many bytes, a sentence about the cut included."""
    text = text.rstrip() + "\n"
    if _size(text) <= room:
        return text
    end, size, fence = 0, 0, ""
    lines = text.splitlines(keepends=True)
    for number, row in enumerate(lines):
        size += _size(row)
        if size + _size(CUT_NOTICE) > room:
            break
        mark = re.match(r" {0,3}(`{3,}|~{3,})", row)
        if mark and not fence:
            fence = mark[1]
        elif mark and mark[1].startswith(fence) and row.strip() == mark[1]:
            fence = ""
        if not fence and not row.strip():
            end = number
    return "".join(lines[:end]).rstrip() + CUT_NOTICE if _size(CUT_NOTICE) <= room else ""


def _size(text: str) -> int:
    return len(text.encode("utf-8", "replace"))


def set_output(name: str, value: str) -> None:
    """Set an output of the step, where GITHUB_OUTPUT names a file.

    The delimiter is random, since a value that contained it could set other outputs.

    Raises:
        ReviewError: the file cannot be written.

    """
    if not (path := os.environ.get("GITHUB_OUTPUT")):
        return
    delimiter = f"end-{secrets.token_hex(16)}"
    try:
        _append(path, f"{name}<<{delimiter}\n{value}\n{delimiter}\n")
    except OSError as error:
        raise ReviewError(
            f"GITHUB_OUTPUT names {path}, which cannot be written ({error.strerror})"
        ) from error


def _append(path: str, text: str) -> None:
    with Path(path).open("a", encoding="utf-8", errors="replace", newline="") as file:
        file.write(text)
