"""Run the analysis of other people's code in a process of its own, with limits and no token.

The analysis of a pull request parses its files and runs native code on text made from them. Its
process gets an environment of variables known to be harmless; Python's isolated mode, so that it
imports nothing from the repository or PYTHONPATH; an empty working directory; and limits on time,
memory and core files. It answers with one document on its standard output. It still runs as the
same user: where that is not enough, analyse and post in two jobs.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from docbot.errors import ReviewError
from docbot.review.findings_json import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

GRACE = 120
"""Seconds that the process may run past its time budget, to load what it needs and to finish its
current file; then it is ended."""

EXPLAINED, BUG = 2, 3
"""Exit statuses of the process: its output is an error message; it has a bug."""

_HARMLESS_NAMES = frozenset(
    ("HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TMP", "TEMP", "XDG_CACHE_HOME",
     "XDG_CONFIG_HOME", "HUGGINGFACE_HUB_CACHE", "CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS",
     "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM",
     "GIT_EXEC_PATH", "GIT_CEILING_DIRECTORIES", "SYSTEMROOT", "WINDIR", "COMSPEC", "PATHEXT",
     "USERPROFILE", "HOMEDRIVE", "HOMEPATH", "APPDATA", "LOCALAPPDATA", "PROGRAMDATA")
)  # fmt: skip
_HARMLESS_PREFIXES = ("LC_", "DOCBOT_", "HF_")
_SECRET = re.compile("TOKEN|SECRET|KEY|PASSW|CREDENTIAL|AUTH", re.IGNORECASE)
_FOLDER_LISTS = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
_RESERVED_BYTES = 8 << 30  # address space that threads' arenas reserve and do not use
_GPU_DEVICES = ("/dev/nvidiactl", "/dev/kfd")  # their drivers reserve more than there is memory

_FIRST_EXCEPTION = 0xC0000000
"""The least exit status of a process on Windows that an exception has ended."""

_START = """\
import sys
home = sys.argv[1]
if home not in sys.path:
    ends = ("site-packages", "dist-packages")
    at = (i for i, folder in enumerate(sys.path) if folder.endswith(ends))
    sys.path.insert(next(at, len(sys.path)), home)
from docbot.review.analyse.sandbox import serve
sys.exit(serve())
"""


def safe_environment(environment: Mapping[str, str], root: Path) -> dict[str, str]:
    """Return the variables that the process may have: known names, and no secrets.

    Of the folders to run programs or load libraries from, only absolute ones outside `root` remain.

    Args:
        environment: All variables, as in `os.environ`.
        root: The repository's root.

    """
    safe = {
        name: value
        for name, value in environment.items()
        if (name.upper() in _HARMLESS_NAMES or name.upper().startswith(_HARMLESS_PREFIXES))
        and not _SECRET.search(name)
    }
    for name in _FOLDER_LISTS:
        folders = [f for f in environment.get(name, "").split(os.pathsep) if _is_outside(f, root)]
        if folders:
            safe[name] = os.pathsep.join(folders)
    return safe | _safe_directories(environment)


def _is_outside(folder: str, root: Path) -> bool:
    path = Path(folder)
    real = Path(os.path.realpath(folder))
    return path.is_absolute() and not path.is_relative_to(root) and not real.is_relative_to(root)


def _safe_directories(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that name the repositories git trusts (`safe.directory`).

    Containers set these where another user owns the work tree. The rest of git's configuration by
    environment is dropped, since it may hold a password.
    """
    count = environment.get("GIT_CONFIG_COUNT", "")
    numbers = range(min(int(count), 100)) if count.isascii() and count.isdigit() else range(0)
    trusted = [
        environment.get(f"GIT_CONFIG_VALUE_{number}", "")
        for number in numbers
        if environment.get(f"GIT_CONFIG_KEY_{number}", "").lower() == "safe.directory"
    ]
    variables = {"GIT_CONFIG_COUNT": str(len(trusted))} if trusted else {}
    for number, folder in enumerate(trusted):
        variables[f"GIT_CONFIG_KEY_{number}"] = "safe.directory"
        variables[f"GIT_CONFIG_VALUE_{number}"] = folder
    return variables


def run_sandboxed(request: Mapping[str, Any], root: Path, budget: float) -> bytes:
    """Run `analyse.respond` on a request in a sandboxed process; return its output.

    Args:
        request: What `analyse.encode_request` made.
        root: The repository's root, from which nothing is run.
        budget: Seconds for the analysis; 0 means no limit.

    Raises:
        ReviewError: that process could not do it, took too long, or was ended.
        RuntimeError: it has a bug; the message holds its traceback, in which no line is a workflow
            command.

    """
    command = [sys.executable, "-I", "-c", _START, str(Path(__file__).parents[3])]
    with (
        tempfile.TemporaryDirectory(prefix="docbot-") as empty_folder,
        tempfile.TemporaryFile() as answer,
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(
            command,
            env=safe_environment(os.environ, root),
            cwd=empty_folder,
            stdin=subprocess.PIPE,
            stdout=answer,
            stderr=errors,
        ) as process,
    ):
        try:
            _send(process, {**request, "budget": budget})
            status = process.wait(budget + GRACE if budget > 0 else None)
        except subprocess.TimeoutExpired:
            raise ReviewError(
                f"the analysis was ended {GRACE} s after its time budget of {budget:g} s; name"
                " fewer paths, or give it more (--time-budget)"
            ) from None
        finally:  # Ctrl-C among others
            process.kill()
        return _read_answer(status, answer, errors)


def _send(process: subprocess.Popen[bytes], request: Mapping[str, Any]) -> None:
    """Write the request; the pipe stays open, since its end means that the parent is gone."""
    assert process.stdin is not None  # noqa: S101 - for mypy: it was asked for
    with suppress(OSError):  # it has ended; its status says why
        process.stdin.write(json.dumps(request).encode("ascii") + b"\n")
        process.stdin.flush()


def _read_answer(status: int, answer: IO[bytes], errors: IO[bytes]) -> bytes:
    answer.seek(0)
    output = answer.read(MAX_BYTES + 1)
    if status == 0:
        return output
    if status == EXPLAINED and output:
        raise ReviewError(_safe_line(output.decode("utf-8", "replace")))
    errors.seek(0, os.SEEK_END)
    errors.seek(max(0, errors.tell() - 10_000))
    lines = errors.read().decode("utf-8", "replace").splitlines()
    if name := _name_of_end(status):
        raise ReviewError(
            f"the process that analyses was ended by {name}: perhaps there was not enough memory,"
            " or a file of this change is made to break parsers; nothing was posted"
        )
    traceback = "\n".join(f"| {_safe_line(line)}" for line in lines)
    raise RuntimeError(f"the process that analyses failed with status {status}:\n{traceback}")


def _name_of_end(status: int) -> str:
    """Return what ended a process that did not exit by itself, "" if it did."""
    if status < 0:
        return signal.Signals(-status).name if -status in set(signal.Signals) else str(-status)
    return f"0x{status:08X}" if status >= _FIRST_EXCEPTION else ""


def _safe_line(text: str) -> str:
    """Return the text as one printable line in which a runner reads no workflow command."""
    printable = "".join(c if c.isprintable() else " " for c in text).replace("##[", "# #[")
    return f": :{printable[2:]}" if printable.lstrip().startswith("::") else printable


# In the sandboxed process


def serve() -> int:
    """Read one request, answer it on standard output, and return the exit status."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent gets it too, and ends this process
    from docbot.errors import DocbotError
    from docbot.review.analyse.analyse import respond

    with os.fdopen(os.dup(1), "wb") as out:
        os.dup2(2, 1)  # whatever a library prints is no part of the answer
        request = json.loads(sys.stdin.buffer.readline())
        _set_limits(request["budget"])
        threading.Thread(target=_exit_with_parent, daemon=True).start()
        try:
            out.write(respond(request).encode("ascii"))
        except DocbotError as error:
            out.write(str(error).encode("utf-8", "replace"))
            return EXPLAINED
    return 0


def _exit_with_parent() -> None:
    """Exit when the parent closes the pipe, as it does however it ends."""
    while os.read(0, 1):
        pass
    os._exit(1)


def _set_limits(budget: float) -> None:
    if sys.platform == "win32":
        return
    import resource

    from docbot.parallel import usable_cores

    _lower_limit(resource.setrlimit, resource.RLIMIT_CORE, 0)  # memory holds what was private
    if budget > 0:
        _lower_limit(
            resource.setrlimit, resource.RLIMIT_CPU, int((budget + GRACE) * usable_cores())
        )
    if not any(map(os.path.exists, _GPU_DEVICES)):
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        _lower_limit(resource.setrlimit, resource.RLIMIT_AS, memory + _RESERVED_BYTES)


def _lower_limit(set_limit: Callable[[int, tuple[int, int]], None], which: int, limit: int) -> None:
    with suppress(ValueError, OSError):  # it is lower already
        set_limit(which, (limit, limit))
