"""The documents of the loopback GitHub: what it remembers, in GitHub's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fake_github.contract import make
from fake_github.state import Comment, Inline, Review

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
    return make("simple-user", login=login, type=kind)


def repository(name: str) -> dict[str, Any]:
    owner, short = name.split("/")
    return make("repository", name=short, full_name=name, owner=user(owner))


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
    fields = {
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
        fields |= {"merged": pull.merged, "changed_files": len(pull.files)}
    return make(name, **fields)


def entry(pull: Pull, file: File) -> dict[str, Any]:
    rows = (file.patch or "").split("\n")
    added = sum(row.startswith("+") for row in rows)
    removed = sum(row.startswith("-") for row in rows)
    fields: dict[str, Any] = {
        "filename": file.path,
        "status": file.status,
        "additions": added,
        "deletions": removed,
        "changes": added + removed,
        "sha": pull.head,
    }
    if file.patch is not None:
        fields["patch"] = file.patch
    if file.previous is not None:
        fields["previous_filename"] = file.previous
    return make("diff-entry", **fields)


def comment(fake: GitHub, pull: Pull, source: Comment) -> dict[str, Any]:
    at = f"{fake.api}/repos/{pull.repository}"
    page = f"{fake.web}/{pull.repository}/pull/{pull.number}"
    fields: dict[str, Any] = {
        "id": source.id,
        "node_id": source.node_id,
        "user": user(source.author),
        "body": source.body,
        "author_association": "NONE",
    }
    if isinstance(source, Review):
        fields |= {
            "state": source.state,
            "commit_id": source.commit,
            "submitted_at": stamp(source.id),
        }
        fields |= {"html_url": f"{page}#pullrequestreview-{source.id}"}
        return make("pull-request-review", **fields)
    fields |= {"created_at": stamp(source.id), "updated_at": stamp(source.id + source.edits)}
    if not isinstance(source, Inline):
        fields |= {"html_url": f"{page}#issuecomment-{source.id}"}
        fields |= {"url": f"{at}/issues/comments/{source.id}"}
        return make("issue-comment", **fields)
    fields |= {
        "pull_request_review_id": source.review,
        "html_url": f"{page}#discussion_r{source.id}",
        "path": source.path,
        "line": source.line,
        "position": source.line,
        "start_line": source.start_line,
        "original_line": source.original_line,
        "original_start_line": source.original_start,
        "side": source.side,
        "start_side": source.side if source.original_start else None,
        "commit_id": source.commit,
        "original_commit_id": source.original_commit,
        "diff_hunk": source.diff_hunk,
        "subject_type": "line",
    }
    if source.reply_to is not None:
        fields["in_reply_to_id"] = source.reply_to
    return make("pull-request-review-comment", **fields)


# For a reader.


def page(pull: Pull) -> list[dict[str, Any]]:
    """What a reader of the pull request sees, in order, as plain data."""
    entries = []
    for each in sorted([*pull.comments, *pull.reviews], key=lambda one: one.id):
        entry = page_comment(each) | {"kind": "comment"}
        if isinstance(each, Review):
            threads = [thread(pull, one) for one in pull.inline if one.review == each.id]
            entry |= {"kind": "review", "threads": [t for t in threads if t]}
            if not entry["threads"] and not each.body:
                continue  # of nothing but answers, which stand in their threads
        entries.append(entry)
    return entries


def thread(pull: Pull, first: Inline) -> dict[str, Any] | None:
    if first.reply_to in {one.id for one in pull.inline}:
        return None
    comments = [first, *(one for one in pull.inline if one.reply_to == first.id)]
    return {
        "path": first.path,
        "lines": (first.original_start or first.original_line, first.original_line),
        "outdated": first.line is None,
        "hunk": first.diff_hunk,
        "code": first.text,
        "comments": [page_comment(one) for one in comments],
    }


def page_comment(source: Comment) -> dict[str, Any]:
    return {
        "id": source.id,
        "author": source.author,
        "body": source.body,
        "edits": source.edits,
        "minimised": source.minimised,
    }
