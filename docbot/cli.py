"""The command line: parse the arguments, run one command, turn every error into an exit code."""

from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING

from docbot.commands import streams
from docbot.commands.exit_codes import BUG, CANNOT_RUN, CHANGES, INTERRUPTED, INTERRUPTION
from docbot.commands.options import parser
from docbot.commands.output import complain
from docbot.errors import DocbotError, is_interrupt

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; every error ends here, as one sentence."""
    try:
        streams.fill_closed()
        if argv is None:  # not in somebody's script
            streams.allow_any_letter()
        return _run(argv)
    except BrokenPipeError:  # `docbot check | head`
        return CHANGES
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the one place, see `_explain`
        return _explain(error, sys.argv[1:] if argv is None else argv)
    finally:
        streams.discard()


def _explain(error: BaseException, words: Sequence[str]) -> int:
    """Say what ended the run, and return its exit code: a bug must not look like a finding."""
    if isinstance(error, DocbotError):
        return complain(str(error), CANNOT_RUN)
    if is_interrupt(error):
        return complain(INTERRUPTION, INTERRUPTED)
    if isinstance(error, OSError):
        return complain(_refusal(error), CANNOT_RUN)
    return complain(_report(error, words), BUG)


def _report(error: BaseException, words: Sequence[str]) -> str:
    """Write the report on a bug, and return the sentence that says where it is."""
    import traceback

    from docbot.commands import crash

    report = crash.describe(error, words)
    file = crash.save(report)
    if file is None or os.environ.get("CI"):  # where the file is gone when somebody reads this
        streams.print_text(report)
    where = f"paste the file {file}" if file is not None else "paste the lines above"
    cause = "".join(traceback.format_exception_only(error)).strip().partition("\n")[0]
    return (
        f"this is a bug in docbot ({cause}); no file was left half written; please {where} into an"
        " issue of docbot's repository: it has nothing of your code"
    )


def _run(argv: Sequence[str] | None) -> int:
    try:
        words = _with_clear_paths(sys.argv[1:] if argv is None else argv)
        if not words:
            streams.print_text(parser().format_help())
            return CANNOT_RUN
        if words[0] == "help":
            words = [*words[1:2], "--help"]
        options = parser(words).parse_args(words)
    except SystemExit:  # --help and --version are printed
        streams.finish()
        raise
    options.own_process = argv is None  # and not called by somebody's script
    command = importlib.import_module(f"docbot.commands.{options.command}")
    code = int(command.run(options))
    streams.finish()
    return code


def _with_clear_paths(words: Sequence[str]) -> list[str]:
    """Put `./` before Python files whose names begin like an option: a hook names all files."""
    end = words.index("--") if "--" in words else len(words)
    return [*map(_as_path, words[:end]), *words[end:]]


def _as_path(word: str) -> str:
    is_file = word[:1] == "-" and word.endswith((".py", ".pyi")) and os.path.isfile(word)  # noqa: PTH113
    return f"./{word}" if is_file else word


def _refusal(error: OSError) -> str:
    """Return the sentence for what the system refused: a file, or the folder that docbot is in."""
    reason = error.strerror or str(error)
    if error.filename is not None:
        return f"{os.fsdecode(error.filename)}: {reason}"
    try:
        os.getcwd()  # noqa: PTH109 - as little as can be
    except OSError:
        return "the folder that docbot was started in is gone; change to another"
    return f"the system refused what docbot needs: {reason}"
