"""The documents of the loopback GitHub: what it remembers, in GitHub's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fake_github.contract import made
from fake_github.state import Inline, Review, Said

if TYPE_CHECKING:
    from fake_github.fake import GitHub
    from fake_github.state import File, Pull


def stamp(number: int) -> str:
    """A time that grows with the number: everything here happens in order, one second apart."""
    minutes, seconds = divmod(number, 60)
    days, minutes = divmod(minutes, 1440)
    return f"2026-01-{1 + days:02d}T{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}Z"


def user(login: str) -> dict[str, Any]:
    kind = "Bot" if login.endswith("[bot]") else "User"
    return made("simple-user", login=login, type=kind)


def repository(name: str) -> dict[str, Any]:
    owner, short = name.split("/")
    return made("repository", name=short, full_name=name, owner=user(owner))


def pull(fake: GitHub, pull: Pull, name: str = "pull-request") -> dict[str, Any]:
    at = f"{fake.api}/repos/{pull.repository}"
    fork = pull.head_repository
    owner = (fork or pull.repository).split("/")[0]
    head = {
        "label": f"{owner}:{pull.head_ref}",
        "ref": pull.head_ref,
        "sha": pull.head,
        "user": user(owner),
        "repo": repository(fork) | {"fork": fork != pull.repository} if fork else None,
    }
    base = {
        "label": f"{pull.repository.split('/')[0]}:{pull.base_ref}",
        "ref": pull.base_ref,
        "sha": pull.base,
        "user": user(pull.repository.split("/")[0]),
        "repo": repository(pull.repository),
    }
    known = {
        "number": pull.number,
        "id": pull.number,
        "url": f"{at}/pulls/{pull.number}",
        "html_url": f"{fake.web}/{pull.repository}/pull/{pull.number}",
        "title": pull.title,
        "user": user(pull.author),
        "state": pull.state,
        "draft": pull.draft,
        "head": head,
        "base": base,
    }
    if name == "pull-request":
        known |= {"merged": pull.merged, "changed_files": len(pull.files)}
    return made(name, **known)


def entry(pull: Pull, file: File) -> dict[str, Any]:
    rows = (file.patch or "").split("\n")
    added = sum(row.startswith("+") for row in rows)
    removed = sum(row.startswith("-") for row in rows)
    known: dict[str, Any] = {
        "filename": file.path,
        "status": file.status,
        "additions": added,
        "deletions": removed,
        "changes": added + removed,
        "sha": pull.head,
    }
    if file.patch is not None:
        known["patch"] = file.patch
    if file.previous is not None:
        known["previous_filename"] = file.previous
    return made("diff-entry", **known)


def comment(fake: GitHub, pull: Pull, said: Said) -> dict[str, Any]:
    at = f"{fake.api}/repos/{pull.repository}"
    page = f"{fake.web}/{pull.repository}/pull/{pull.number}"
    known: dict[str, Any] = {
        "id": said.id,
        "node_id": said.node_id,
        "user": user(said.author),
        "body": said.body,
        "author_association": "NONE",
    }
    if isinstance(said, Review):
        known |= {"state": said.state, "commit_id": said.commit, "submitted_at": stamp(said.id)}
        known |= {"html_url": f"{page}#pullrequestreview-{said.id}"}
        return made("pull-request-review", **known)
    known |= {"created_at": stamp(said.id), "updated_at": stamp(said.id + said.edits)}
    if not isinstance(said, Inline):
        known |= {"html_url": f"{page}#issuecomment-{said.id}"}
        known |= {"url": f"{at}/issues/comments/{said.id}"}
        return made("issue-comment", **known)
    known |= {
        "pull_request_review_id": said.review,
        "html_url": f"{page}#discussion_r{said.id}",
        "path": said.path,
        "line": said.line,
        "position": said.line,
        "start_line": said.start_line,
        "original_line": said.original_line,
        "original_start_line": said.original_start,
        "side": said.side,
        "start_side": said.side if said.original_start else None,
        "commit_id": said.commit,
        "original_commit_id": said.original_commit,
        "diff_hunk": said.diff_hunk,
        "subject_type": "line",
    }
    if said.reply_to is not None:
        known["in_reply_to_id"] = said.reply_to
    return made("pull-request-review-comment", **known)


# For a reader.


def page(pull: Pull) -> list[dict[str, Any]]:
    """What a reader of the pull request sees, in order, as plain data."""
    entries = []
    for said in sorted([*pull.comments, *pull.reviews], key=lambda one: one.id):
        entry = shown(said) | {"kind": "comment"}
        if isinstance(said, Review):
            threads = [thread(pull, one) for one in pull.inline if one.review == said.id]
            entry |= {"kind": "review", "threads": [t for t in threads if t]}
            if not entry["threads"] and not said.body:
                continue  # of nothing but answers, which stand in their threads
        entries.append(entry)
    return entries


def thread(pull: Pull, first: Inline) -> dict[str, Any] | None:
    if first.reply_to in {one.id for one in pull.inline}:
        return None
    said = [first, *(one for one in pull.inline if one.reply_to == first.id)]
    return {
        "path": first.path,
        "lines": (first.original_start or first.original_line, first.original_line),
        "outdated": first.line is None,
        "hunk": first.diff_hunk,
        "code": first.text,
        "comments": [shown(one) for one in said],
    }


def shown(said: Said) -> dict[str, Any]:
    return {
        "id": said.id,
        "author": said.author,
        "body": said.body,
        "edits": said.edits,
        "minimised": said.minimised,
    }
