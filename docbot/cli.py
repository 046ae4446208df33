"""The command line: parse the arguments, run one command, turn every error into an exit code."""

from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING

from docbot.commands.exit_codes import BUG, CANNOT_RUN, CHANGES, INTERRUPTED
from docbot.commands.options import parser
from docbot.commands.output import complain
from docbot.errors import DocbotError

if TYPE_CHECKING:
    from collections.abc import Sequence

_INTERRUPTED = "interrupted; every file is either as it was or done"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; every error ends here, as one sentence."""
    try:
        options = parser().parse_args(_with_clear_paths(sys.argv[1:] if argv is None else argv))
        options.own_process = argv is None  # and not called by somebody's script
        command = importlib.import_module(f"docbot.commands.{options.command}")
        code = int(command.run(options))
        sys.stdout.flush()
    except DocbotError as error:
        return complain(str(error), CANNOT_RUN)
    except KeyboardInterrupt:
        return complain(_INTERRUPTED, INTERRUPTED)
    except BrokenPipeError:  # `docbot check | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CHANGES
    except Exception as error:  # noqa: BLE001 - the one place: a bug must not look like a finding
        if _is_interrupt(error):
            return complain(_INTERRUPTED, INTERRUPTED)
        import traceback

        traceback.print_exc()
        return complain("this is a bug in docbot; no file was left half written", BUG)
    return code


def _with_clear_paths(words: Sequence[str]) -> list[str]:
    """Put `./` before Python files whose names begin like an option: a hook names all files."""
    end = words.index("--") if "--" in words else len(words)
    return [*map(_as_path, words[:end]), *words[end:]]


def _as_path(word: str) -> str:
    is_file = word[:1] == "-" and word.endswith((".py", ".pyi")) and os.path.isfile(word)  # noqa: PTH113
    return f"./{word}" if is_file else word


def _is_interrupt(error: BaseException | None) -> bool:
    """Check whether Ctrl-C is behind an error; libraries wrap it, `__set_name__` does on import."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None
