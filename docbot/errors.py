"""What can go wrong, drawn once.

DocbotError               anything docbot can explain in one sentence; exit code 2
├── ConfigError           a key, value or path the user gave
├── SourceError           a file that cannot be read as Python; becomes one "skipped" line
│   └── TooLargeError     over the size limit
├── GitError              not a repository, unknown revision, git missing
├── GitHubError           GitHub cannot be reached, or says what makes no sense
│   ├── ForbiddenError    the token may not do this, or not even see it
│   ├── LimitedError      too many requests, for longer than anybody waits; nothing was done
│   ├── RefusedError      GitHub calls the request wrong; nothing of it was done
│   └── UnsureError       no answer to a request that writes: it may have been done
├── ModelError            model file missing, corrupt, or refused by llama.cpp
├── ReviewError           a report of a review that cannot be trusted or read
├── WriteError            the file changed, vanished or is read-only
└── VerifyError           an edit failed docbot's own check: a bug, and the file stays as it was

The message is the sentence the user sees: it names the file or key, and what to do about it.
"""

from __future__ import annotations


class DocbotError(Exception):
    """Anything docbot can explain in one sentence."""


class ConfigError(DocbotError):
    """A key, value or path that the user gave cannot be used."""


class SourceError(DocbotError):
    """A file cannot be read as Python source, or is not docbot's to read."""


class TooLargeError(SourceError):
    """A file is over the size limit; nobody wrote that much code by hand."""


class GitError(DocbotError):
    """Git refused: no repository, no such revision, or no git at all."""


class GitHubError(DocbotError):
    """GitHub cannot be reached, refuses, or answers what its documentation does not know."""


class ForbiddenError(GitHubError):
    """The token may not do this, or not even see it: 401, 403, 404, or FORBIDDEN in GraphQL."""


class LimitedError(GitHubError):
    """A rate limit would take longer than anybody waits; nothing was done."""


class RefusedError(GitHubError):
    """GitHub calls a request wrong (422); nothing of it was done."""


class UnsureError(GitHubError):
    """A request that writes had no answer, or that of a server in trouble; it may be done."""


class ModelError(DocbotError):
    """The model cannot be found, trusted or loaded."""


class ReviewError(DocbotError):
    """What a review found cannot be read: not a report, or one that asks for too much."""


class WriteError(DocbotError):
    """A file could not be replaced; it is as it was."""


class VerifyError(DocbotError):
    """An edited file is not the same program with more docstrings; it was not written."""
