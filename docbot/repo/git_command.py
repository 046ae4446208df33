"""Run git in a controlled environment; only this module imports GitPython.

Git passes its own GIT_DIR, GIT_INDEX_FILE and more to a hook, and those must not redirect a command
about another repository. So every command runs without them, and names its repository explicitly.

Nothing is fetched: in a partial clone, a missing object is an error and no download.
"""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from docbot.errors import GitError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

_INHERITED = frozenset(
    {"GIT_EXEC_PATH", "GIT_CEILING_DIRECTORIES", "GIT_DISCOVERY_ACROSS_FILESYSTEM"}
)

# the user's configuration, and GitPython's own
_INHERITED_PREFIXES = ("GIT_CONFIG", "GIT_PYTHON_")

_ALWAYS = {
    "GIT_OPTIONAL_LOCKS": "0",  # read only
    "GIT_TERMINAL_PROMPT": "0",  # never ask
    "GIT_NO_LAZY_FETCH": "1",  # never fetch what a partial clone left out
    "GIT_ALLOW_PROTOCOL": "none",  # the same, for a git that does not know that variable
}

_OPTIONS = (
    "--no-pager",
    "-c", "core.fsmonitor=false",  # its daemon keeps our pipe open (pre-commit/pre-commit#2046)
    "-c", "core.safecrlf=false",
    "-c", "diff.suppressBlankEmpty=false",  # else an empty context line has no space before it
)  # fmt: skip

_NO_GIT = "this is a git repository, but git cannot be run: install git, or add it to PATH"


def run(
    folder: Path, environment: Mapping[str, str], arguments: Sequence[str]
) -> tuple[int, bytes, str]:
    """Run git and return its exit status, standard output and standard error.

    Standard error is in English whatever the locale.

    Args:
        folder: Where git runs.
        environment: Variables to set besides those that docbot always sets.
        arguments: The subcommand and its arguments.

    Raises:
        GitError: git cannot be run.

    """
    if sys.platform == "win32":  # GitPython keeps Windows from running a git.exe of the folder
        result: tuple[int, bytes, str] = _execute(
            folder,
            environment,
            arguments,
            with_extended_output=True,
            with_exceptions=False,
            stdout_as_string=False,
            strip_newline_in_stdout=False,
        )
        return result
    # Importing GitPython takes longer than all the rest of a check that finds nothing changed.
    own_vars = {n: v for n, v in os.environ.items() if not n.startswith("GIT_") or _is_inherited(n)}
    try:
        process = subprocess.run(
            [os.environ.get("GIT_PYTHON_GIT_EXECUTABLE") or "git", *_OPTIONS, *arguments],
            cwd=folder,
            env={**own_vars, "LANGUAGE": "C", "LC_ALL": "C", **_ALWAYS, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except OSError as error:
        raise GitError(_NO_GIT) from error
    complaint = process.stderr.decode("utf-8", "surrogateescape").removesuffix("\n")
    return process.returncode, process.stdout, complaint


def ask(
    folder: Path,
    environment: Mapping[str, str],
    arguments: Sequence[str],
    *,
    fine: Collection[int] = (0,),
) -> bytes:
    """Run git and return its standard output.

    Args:
        folder: As in `run`.
        environment: As in `run`.
        arguments: As in `run`; the subcommand comes first.
        fine: The exit statuses that are no failure.

    Raises:
        GitError: git cannot be run, or ends with another status.

    """
    status, output, complaint = run(folder, environment, arguments)
    if status not in fine:
        raise GitError(f"{folder}: git {arguments[0]} failed: {cause(complaint)}")
    return output


def start(folder: Path, environment: Mapping[str, str], arguments: Sequence[str]) -> Any:
    """Start git and return the process, with pipes for its input and output.

    Args:
        folder: As in `run`.
        environment: As in `run`.
        arguments: As in `run`.

    Raises:
        GitError: git cannot be run.

    """
    return _execute(folder, environment, arguments, istream=subprocess.PIPE, as_process=True)


def subcommand(arguments: Sequence[str]) -> str:
    """Return the name of the subcommand in a command line."""
    return next(argument for argument in arguments if not argument.startswith("-"))


def cause(complaint: str) -> str:
    """Return the first error in git's standard error, on one line and without its prefix.

    A line that begins with a blank goes on with the one above: git names an unknown extension or
    the files in its way below the sentence.
    """
    lines = complaint.strip().splitlines() or ["no reason given"]
    first = next((at for at, line in enumerate(lines) if line.startswith(_ERROR)), 0)
    rest = itertools.takewhile(lambda line: line[:1] in (" ", "\t"), lines[first + 1 :])
    more = [line.strip() for line in rest if line.strip()]
    sentence = lines[first].partition(": ")[2] or lines[first]
    return " ".join([sentence, ", ".join(more)]) if more else sentence


_ERROR = ("fatal: ", "error: ")


def _execute(
    folder: Path, environment: Mapping[str, str], arguments: Sequence[str], **how: Any
) -> Any:
    with _without_git_variables():
        try:
            import git
        except ImportError as error:  # GitPython runs git once, to see that it is there
            raise GitError(_NO_GIT) from error
        try:
            return git.Git(str(folder)).execute(
                [git.Git.GIT_PYTHON_GIT_EXECUTABLE or "git", *_OPTIONS, *arguments],
                env={**_ALWAYS, **environment},
                **how,
            )
        except (git.GitCommandNotFound, OSError) as error:
            raise GitError(_NO_GIT) from error


@contextmanager
def _without_git_variables() -> Iterator[None]:
    # GitPython can only add to the environment, so variables are taken out of `os.environ`.
    dropped = {
        name: os.environ.pop(name)
        for name in list(os.environ)
        if name.startswith("GIT_") and not _is_inherited(name)
    }
    try:
        yield
    finally:
        os.environ.update(dropped)


def _is_inherited(name: str) -> bool:
    return name in _INHERITED or name.startswith(_INHERITED_PREFIXES)
