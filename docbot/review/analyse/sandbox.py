"""A process of its own for what reads other people's code: without tokens, and with limits.

Whatever analyses a pull request parses its files and runs native code on text made from them. It
gets an environment of names that are known to be harmless, Python's isolated mode, so that no
folder of the repository and no PYTHONPATH is imported from, an empty folder to stand in, and limits
on time, memory and core files. It answers with one document on its standard output. It still runs
as the same user: where that is not enough, analyse and post in two jobs.
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
"""Seconds past its time budget after which the process is ended: for the file it is at, and for
what it has to load."""

SENTENCE, BUG = 2, 3

_NAMES = frozenset(
    ("HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TMP", "TEMP", "XDG_CACHE_HOME",
     "XDG_CONFIG_HOME", "HUGGINGFACE_HUB_CACHE", "CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS",
     "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM",
     "GIT_EXEC_PATH", "GIT_CEILING_DIRECTORIES", "SYSTEMROOT", "WINDIR", "COMSPEC", "PATHEXT",
     "USERPROFILE", "HOMEDRIVE", "HOMEPATH", "APPDATA", "LOCALAPPDATA", "PROGRAMDATA")
)  # fmt: skip
_PREFIXES = ("LC_", "DOCBOT_", "HF_")
_SECRET = re.compile("TOKEN|SECRET|KEY|PASSW|CREDENTIAL|AUTH", re.IGNORECASE)
_FOLDERS = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
_BEHIND = 8 << 30  # bytes of address space that are reserved and not used, by threads' arenas
_GPUS = ("/dev/nvidiactl", "/dev/kfd")  # their drivers reserve more than there is memory

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


def environment(given: Mapping[str, str], root: Path) -> dict[str, str]:
    """What of an environment is handed on: by name, and never what may be a secret.

    Folders to run programs or load libraries from are absolute and outside `root`.
    """
    kept = {
        name: value
        for name, value in given.items()
        if (name.upper() in _NAMES or name.upper().startswith(_PREFIXES))
        and not _SECRET.search(name)
    }
    for name in _FOLDERS:
        folders = [f for f in given.get(name, "").split(os.pathsep) if _is_outside(f, root)]
        if folders:
            kept[name] = os.pathsep.join(folders)
    return kept | _safe_directories(given)


def _is_outside(folder: str, root: Path) -> bool:
    path = Path(folder)
    real = Path(os.path.realpath(folder))
    return path.is_absolute() and not path.is_relative_to(root) and not real.is_relative_to(root)


def _safe_directories(given: Mapping[str, str]) -> dict[str, str]:
    """Of git's configuration by environment, which may hold a password, the repositories it trusts.

    Containers set it so, where another user owns the work tree.
    """
    count = given.get("GIT_CONFIG_COUNT", "")
    numbers = range(min(int(count), 100)) if count.isascii() and count.isdigit() else range(0)
    trusted = [
        given.get(f"GIT_CONFIG_VALUE_{number}", "")
        for number in numbers
        if given.get(f"GIT_CONFIG_KEY_{number}", "").lower() == "safe.directory"
    ]
    told = {"GIT_CONFIG_COUNT": str(len(trusted))} if trusted else {}
    for number, folder in enumerate(trusted):
        told[f"GIT_CONFIG_KEY_{number}"] = "safe.directory"
        told[f"GIT_CONFIG_VALUE_{number}"] = folder
    return told


def ask(question: Mapping[str, Any], root: Path, budget: float) -> bytes:
    """Have a question answered by `analysis` in a process of its own; `budget` in seconds, 0: none.

    Raises:
        ReviewError: that process could not do it, took too long, or was ended.
        RuntimeError: it has a bug; with its traceback, in which no line is a workflow command.

    """
    command = [sys.executable, "-I", "-c", _START, str(Path(__file__).parents[3])]
    with (
        tempfile.TemporaryDirectory(prefix="docbot-") as nowhere,
        tempfile.TemporaryFile() as answer,
        tempfile.TemporaryFile() as complaint,
        subprocess.Popen(
            command,
            env=environment(os.environ, root),
            cwd=nowhere,
            stdin=subprocess.PIPE,
            stdout=answer,
            stderr=complaint,
        ) as process,
    ):
        try:
            _tell(process, {**question, "budget": budget})
            status = process.wait(budget + GRACE if budget > 0 else None)
        except subprocess.TimeoutExpired:
            raise ReviewError(
                f"the analysis was ended {GRACE} s after its time budget of {budget:g} s; name"
                " fewer paths, or give it more (--time-budget)"
            ) from None
        finally:  # Ctrl-C among others
            process.kill()
        return _answer(status, answer, complaint)


def _tell(process: subprocess.Popen[bytes], question: Mapping[str, Any]) -> None:
    """The pipe stays open: its end tells the child that there is nobody left to answer."""
    assert process.stdin is not None  # noqa: S101 - for mypy: it was asked for
    with suppress(BrokenPipeError):  # it has ended; its status tells why
        process.stdin.write(json.dumps(question).encode("ascii") + b"\n")
        process.stdin.flush()


def _answer(status: int, answer: IO[bytes], complaint: IO[bytes]) -> bytes:
    answer.seek(0)
    said = answer.read(MAX_BYTES + 1)
    if status == 0:
        return said
    if status == SENTENCE and said:
        raise ReviewError(_plain(said.decode("utf-8", "replace")))
    complaint.seek(0, os.SEEK_END)
    complaint.seek(max(0, complaint.tell() - 10_000))
    lines = complaint.read().decode("utf-8", "replace").splitlines()
    if status < 0:
        name = signal.Signals(-status).name if -status in set(signal.Signals) else str(-status)
        raise ReviewError(
            f"the process that analyses was ended by {name}: perhaps there was not enough memory,"
            " or a file of this change is made to break parsers; nothing was posted"
        )
    told = "\n".join(f"| {_plain(line)}" for line in lines)
    raise RuntimeError(f"the process that analyses failed with status {status}:\n{told}")


def _plain(text: str) -> str:
    """On one line, of visible characters, and no command to a runner."""
    shown = "".join(c if c.isprintable() else " " for c in text).replace("##[", "# #[")
    return f": :{shown[2:]}" if shown.lstrip().startswith("::") else shown


# In the other process


def serve() -> int:
    """Read one question, answer it on standard output, and say how that went."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent gets it too, and ends this process
    from docbot.errors import DocbotError
    from docbot.review.analyse.analyse import respond

    with os.fdopen(os.dup(1), "wb") as out:
        os.dup2(2, 1)  # whatever a library prints is no part of the answer
        question = json.loads(sys.stdin.buffer.readline())
        _limit(question["budget"])
        threading.Thread(target=_follow, daemon=True).start()
        try:
            out.write(respond(question).encode("ascii"))
        except DocbotError as error:
            out.write(str(error).encode("utf-8", "replace"))
            return SENTENCE
    return 0


def _follow() -> None:
    """End with the parent: its end of the pipe is closed, however it ended."""
    while os.read(0, 1):
        pass
    os._exit(1)


def _limit(budget: float) -> None:
    if sys.platform == "win32":
        return
    import resource

    from docbot.parallel import usable_cores

    _lower(resource.setrlimit, resource.RLIMIT_CORE, 0)  # memory holds what was private
    if budget > 0:
        _lower(resource.setrlimit, resource.RLIMIT_CPU, int((budget + GRACE) * usable_cores()))
    if not any(map(os.path.exists, _GPUS)):
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        _lower(resource.setrlimit, resource.RLIMIT_AS, memory + _BEHIND)


def _lower(set_limit: Callable[[int, tuple[int, int]], None], which: int, limit: int) -> None:
    with suppress(ValueError, OSError):  # it is lower already
        set_limit(which, (limit, limit))
