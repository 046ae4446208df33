"""Define docbot's exceptions.

DocbotError               an error that one sentence explains; exit code 2
├── ConfigError           a key, value or path from the user cannot be used
├── SourceError           a file cannot be read as Python; reported as skipped, the run goes on
│   └── TooLargeError     a file is over the size limit
├── GitError              no repository, unknown revision, or git is missing
├── GitHubError           GitHub cannot be reached, refuses, or answers nonsense
│   ├── ForbiddenError    the token may not do this, or not even see it
│   ├── LimitedError      too many requests, for longer than docbot waits; nothing was done
│   ├── RefusedError      GitHub calls the request invalid; nothing of it was done
│   └── UnsureError       no usable response to a write request: it may have been done
├── ModelError            a model file is missing, corrupt, or refused by llama.cpp
│   └── HubError          the hub cannot be reached, refuses, or sends another file
├── ReviewError           a review's report cannot be trusted or read
├── WriteError            a file changed, vanished or is read-only
│   ├── DiskError         the disk refuses a file; the run goes on, and ends with exit code 2
│   └── UndoError         the undo patch cannot be written; the run ends
├── VerifyError           an edit failed docbot's own check: a bug, and the file stays as it was
├── OutputError           stdout is closed or full
└── CacheError            the cache cannot be emptied

The message is the sentence shown to the user: it names the file or key, and what to do about it.
"""

from __future__ import annotations


class DocbotError(Exception):
    """An error that docbot can explain in one sentence."""


class ConfigError(DocbotError):
    """A key, value or path from the user that cannot be used."""


class SourceError(DocbotError):
    """A file that cannot be read as Python source, or that docbot must not read."""


class TooLargeError(SourceError):
    """A file over the size limit; nobody wrote that much code by hand."""


class GitError(DocbotError):
    """A refusal by git: no repository, no such revision, or no git at all."""


class GitHubError(DocbotError):
    """A failure of GitHub: unreachable, a refusal, or a response that its documentation lacks."""


class ForbiddenError(GitHubError):
    """A token without the permission, or without access: 401, 403, 404, or GraphQL's FORBIDDEN."""


class LimitedError(GitHubError):
    """A rate limit that would take longer than docbot waits; nothing was done."""


class RefusedError(GitHubError):
    """A request that GitHub calls invalid (422); nothing of it was done."""


class UnsureError(GitHubError):
    """A write request with no response, or with a server error; it may have been done."""


class ModelError(DocbotError):
    """A model that cannot be found, trusted or loaded."""


class HubError(ModelError):
    """A failure of the hub: unreachable, a refusal, or another file than the one asked for."""


class ReviewError(DocbotError):
    """A review's findings that cannot be read: not a report, or one that asks for too much."""


class WriteError(DocbotError):
    """A file that could not be replaced; it is as it was."""


class DiskError(WriteError):
    """A refusal by the disk: it is full, or may not be written to."""


class UndoError(WriteError):
    """An undo patch that cannot be written, so that nothing else is written either."""


class VerifyError(DocbotError):
    """An edited file that is not the same program with more docstrings; it was not written."""


class OutputError(DocbotError):
    """A stdout that is closed or full."""


class CacheError(DocbotError):
    """A cache that could not be emptied."""


def is_interrupt(error: BaseException | None) -> bool:
    """Check whether Ctrl-C is behind an error; libraries wrap it, `__set_name__` does on import."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None
