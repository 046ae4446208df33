"""Run docbot's commands as on Windows, as far as another system can: `FOLDER COMMAND...`.

What Windows lacks is taken away, and `sys.platform` is what it is there; docbot decides by that
alone. What decides by the system when it is imported is imported first: it has to work here.
Prints one JSON object: the exit codes, and the calls of `msvcrt.locking`.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import types

import git
import libcst
import llama_cpp
import platformdirs
import rich.console

IMPORTED = (
    git,
    libcst,
    llama_cpp,
    platformdirs,
    rich,
    shutil,
    subprocess,
    tempfile,
)
MODULES = ("fcntl", "grp", "pwd", "resource", "termios")
OF_OS = (
    "O_DIRECTORY", "O_NOFOLLOW", "O_NONBLOCK", "chown", "fchown", "fork", "getegid", "geteuid",
    "getgid", "getloadavg", "getuid", "mkfifo", "sched_getaffinity", "sysconf",
)  # fmt: skip
OF_SIGNAL = ("SIGALRM", "SIGHUP", "SIG_BLOCK", "SIG_SETMASK", "pthread_sigmask", "setitimer")


def main() -> None:
    locks: list[int] = []
    for name in MODULES:
        sys.modules[name] = None  # type: ignore[assignment] # an import of it fails
    for module, names in ((os, OF_OS), (signal, OF_SIGNAL)):
        for name in names:
            if hasattr(module, name):
                delattr(module, name)
    sys.modules["msvcrt"] = types.SimpleNamespace(  # type: ignore[assignment]
        LK_LOCK=1, LK_UNLCK=0, locking=lambda _file, mode, _bytes: locks.append(mode)
    )
    sys.platform = "win32"
    from docbot import cli
    from docbot.review.analyse.sandbox import _set_limits

    _set_limits(1.0)
    os.chdir(sys.argv[1])
    codes = [cli.main(command.split()) for command in sys.argv[2:]]
    sys.stderr.write(f"\n{json.dumps({'codes': codes, 'locks': locks})}\n")


if __name__ == "__main__":
    main()
