"""The command line: parse, open the doors, run the line, write files, own the exit code.

Exit codes: 0 clean, 1 changes made or wanted, 2 cannot run, 3 a bug in docbot, 130 interrupted.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, get_origin, get_type_hints

from docbot import __version__
from docbot.config import CHOICES, Config
from docbot.errors import DocbotError, WriteError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from docbot.bulk import Identified, Surveys
    from docbot.cache import Cache
    from docbot.pipeline import File, Job, Result, Sifter
    from docbot.replay import Words
    from docbot.report import Meter
    from docbot.scope import Row, Scope

CLEAN, CHANGES, CANNOT_RUN, BUG, INTERRUPTED = 0, 1, 2, 3, 130
MOST_COMMENTS = 25
HELP: Mapping[str, str] = {
    "exclude": "leave paths alone that match this gitignore pattern",
    "kinds": "kinds of definition that count",
    "select": "document what this skip rule leaves out",
    "ignore": "leave out what this skip rule, off by default, names",
    "style": "docstring style",
    "sections": "write parameter sections",
    "line-length": "longest line written; 0 follows the formatter's configuration",
    "model": "a name of `docbot models list`, hf://owner/repository@commit/file.gguf, or a path",
    "prompt-format": "how a GGUF of your own is prompted",
    "candidates": "answers asked for per question; the surest that passes is taken",
    "max-tokens": "longest answer of the model, in tokens",
    "max-lines": "leave longer functions alone",
    "min-confidence": "write nothing below this token probability (geometric mean)",
    "threads": "threads for llama.cpp; 0 takes the cores that are free",
    "gpu-layers": "layers of the model on the GPU, where llama.cpp has one; -1: all that fit",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; every error ends here, as one sentence."""
    try:
        options = parser().parse_args(argv)
        options.own_process = argv is None  # and not called by somebody's script
        code: int = options.run(options)
        sys.stdout.flush()
    except DocbotError as error:
        return _complain(str(error), CANNOT_RUN)
    except KeyboardInterrupt:
        return _complain(_INTERRUPTED, INTERRUPTED)
    except BrokenPipeError:  # `docbot check | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CHANGES
    except Exception as error:  # noqa: BLE001 - the one place: a bug must not look like a finding
        if _interrupted(error):
            return _complain(_INTERRUPTED, INTERRUPTED)
        import traceback

        traceback.print_exc()
        return _complain("this is a bug in docbot; no file was left half written", BUG)
    return code


_INTERRUPTED = "interrupted; every file is either as it was or done"


def _interrupted(error: BaseException | None) -> bool:
    """Whether Ctrl-C is behind an error: libraries wrap it, `__set_name__` among an import's."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


def _complain(sentence: str, code: int) -> int:
    _tell(sentence)
    return code


def _tell(sentence: str) -> None:
    print(f"docbot: {sentence}", file=sys.stderr)  # noqa: T201 - rich may be what failed


# options


def parser() -> argparse.ArgumentParser:
    """The commands and their flags; configuration flags are made from `Config`'s fields."""
    top = argparse.ArgumentParser(
        prog="docbot", description="Keeps Python code documented, offline.", allow_abbrev=False
    )
    top.add_argument("--version", action="version", version=f"docbot {__version__}")
    commands = top.add_subparsers(metavar="COMMAND", required=True)
    fix = _command(commands, "fix", run_fix, "write the docstrings that are missing")
    fix.add_argument("--diff", action="store_true", help="print a unified diff and write nothing")
    fix.add_argument(
        "--force", action="store_true", help="also write files that have uncommitted changes"
    )
    fix.add_argument(
        "--time-budget",
        type=float,
        metavar="SECONDS",
        help="after this long, list what is left and stop; 0 (the default) means no limit",
        default=0.0,
    )
    check = _command(commands, "check", run_check, "list what has no docstring; needs no model")
    check.add_argument(
        "--fail-under",
        type=float,
        metavar="PERCENT",
        help="exit 1 only when coverage is below this, instead of when anything is missing",
    )
    _review_command(commands)
    _models_command(commands)
    _cache_command(commands)
    return top


def _review_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    text = "tell what a pull request leaves without a docstring, with suggestions"
    command = commands.add_parser("review", help=text, description=text, allow_abbrev=False)
    command.set_defaults(run=run_review)
    command.add_argument("paths", nargs="*", type=Path, default=[], help="files and folders")
    add = command.add_argument
    add("--base", metavar="REV", help="what it goes to; its settings count (default: the event's)")
    add("--head", metavar="REV", help="what is reviewed (default: the event's, else HEAD)")
    forms = ("text", "markdown", "json", "sarif", "rdjson", "github")
    add("--format", choices=forms, default="text")
    add("--output", type=Path, metavar="FILE", help="instead of standard output")
    add("--post", action="store_true", help="comment on the pull request of GITHUB_EVENT_PATH")
    add("--pr", type=_from_to(1, 2**31), metavar="NUMBER", help="comment on this pull request")
    add("--repo", metavar="OWNER/NAME", help="of --pr (default: GITHUB_REPOSITORY, else origin)")
    report = "take this JSON report instead of analysing"
    add("--from", type=Path, dest="from_file", metavar="FILE", help=report)
    add("--mode", choices=("review", "annotations", "summary"), default="review")
    add("--fail-on", choices=("missing", "never"), default="never", help="when to exit with 1")
    most = f"most inline comments of one review, at most {MOST_COMMENTS}"
    add(
        "--max-comments",
        type=_from_to(0, MOST_COMMENTS),
        metavar="N",
        default=MOST_COMMENTS,
        help=most,
    )
    key = "tells the comments of two workflows on one pull request apart"
    add("--key", metavar="WORD", default="docbot", help=key)
    budget = "after this long, list what is left without words; 0 means no limit"
    add("--time-budget", type=float, metavar="SECONDS", default=300.0, help=budget)
    _settings_flags(command)


def _from_to(least: int, most: int) -> Callable[[str], int]:
    def convert(text: str) -> int:
        if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
            raise argparse.ArgumentTypeError(f"{text!r} is no number from {least} to {most}")
        return int(text)

    return convert


def _models_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    text = "list, pull, verify and remove models; the one command that uses the network"
    command = commands.add_parser("models", help=text, description=text, allow_abbrev=False)
    actions = command.add_subparsers(metavar="ACTION", required=True, dest="action")
    for name, count, text in (
        ("list", None, "the known models, and which of them are here"),
        ("pull", "+", "download models that are not here, and check them"),
        ("verify", "*", "hash models again, all that are here if none is named"),
        ("path", 1, "print where a model's file is"),
        ("remove", "+", "delete pulled models"),
    ):
        action = actions.add_parser(name, help=text, description=text, allow_abbrev=False)
        action.set_defaults(run=run_models)
        if count is None:
            action.add_argument("--json", action="store_true", help="for programs")
        else:
            about = "a name of the list, or hf://owner/repository@commit/file.gguf"
            action.add_argument("names", nargs=count, metavar="NAME", help=about)


def _cache_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    text = "tell of, or empty, what docbot remembers of files and answers"
    command = commands.add_parser("cache", help=text, description=text, allow_abbrev=False)
    command.add_argument("action", choices=("info", "clear"))
    command.set_defaults(run=run_cache)


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    run: Callable[[argparse.Namespace], int],
    text: str,
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=text, description=text, allow_abbrev=False)
    command.set_defaults(run=run)
    command.add_argument("paths", nargs="*", type=Path, default=[], help="files and folders")
    scope = command.add_mutually_exclusive_group()
    scope.add_argument("--staged", action="store_true", help="only what the staged changes touch")
    scope.add_argument("--since", metavar="REV", help="only what changed since HEAD and REV parted")
    command.add_argument("-v", "--verbose", action="store_true", help="also list what is skipped")
    command.add_argument("-q", "--quiet", action="store_true", help="findings only")
    command.add_argument("--format", choices=("text", "json"), default="text")
    _settings_flags(command)
    return command


def _settings_flags(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--no-cache", dest="cache", action="store_false", help="remember nothing, reuse nothing"
    )
    command.add_argument("--config", type=Path, metavar="FILE", help="instead of pyproject.toml")
    settings = command.add_argument_group("configuration (also keys of [tool.docbot])")
    for name_, hint in get_type_hints(Config).items():
        flag = name_.replace("_", "-")
        many = get_origin(hint) is tuple
        settings.add_argument(
            f"--{flag}",
            dest=f"set_{name_}",
            action="append" if many else "store",
            type=str if many else hint,
            choices=CHOICES.get(name_),
            metavar=None if CHOICES.get(name_) else flag.rpartition("-")[2].upper(),
            help=HELP[flag],
        )


def settings_of(options: argparse.Namespace) -> dict[str, object]:
    """The configuration flags that were given, as kebab-case keys."""
    given = {n.removeprefix("set_"): v for n, v in vars(options).items() if n.startswith("set_")}
    return {name.replace("_", "-"): value for name, value in given.items() if value is not None}


# commands


def run_models(options: argparse.Namespace) -> int:
    """Do what `docbot models ACTION` says."""
    from docbot.models import ACTIONS

    return ACTIONS[options.action](options)


def run_check(options: argparse.Namespace) -> int:
    """List what has no docstring."""
    import gc

    from docbot.bulk import Surveys
    from docbot.replay import key_of, recall, remember
    from docbot.scope import open_scope

    if options.own_process:
        gc.disable()  # a short life among plain data, where there are no cycles to find
    scope = open_scope(options.paths, settings_of(options), options.config)
    run = Run(options, scope)
    rows = scope.rows(staged=options.staged, since=options.since)
    with _cache(options) as cache:
        surveys = Surveys(scope, cache, workers=options.own_process)
        files = surveys.identify([(row.path, row.blob) for row in rows if row.skip is None])
        key = key_of(scope, files, rows, [options.format, options.verbose])
        words = recall(cache, key, surveys, scope)
        if words is not None:
            run.repeat(words)
        else:
            words = _check(run, rows, files, surveys)
            remember(cache, key, words, surveys)
    if options.fail_under is not None:
        below = words.coverage is not None and words.coverage < options.fail_under
        return CHANGES if below else CLEAN
    return CHANGES if words.missing else CLEAN


def _check(run: Run, rows: Sequence[Row], files: Sequence[Identified], surveys: Surveys) -> Words:
    from docbot.lineage import Lineage
    from docbot.pipeline import COUNTED, Result, verdict, with_kinds
    from docbot.replay import Words

    config, lineage = run.scope.config, Lineage(surveys.outline_of)
    trouble = {file.path: file.trouble for file in files}
    with run.meter(len(rows)):
        surveys.take(files)
        for row in rows:
            path = run.scope.relative(row.path)
            if skip := row.skip or trouble[row.path]:
                run.add(Result(path=path, skips=(skip,)))
            else:
                run.add(verdict(path, surveys.survey(path), config, lineage, row.changed))
    run.close("check", with_kinds(config, COUNTED).kinds)
    return Words(
        out=b"".join(run.out).decode("utf-8", "surrogateescape"),
        said=tuple(run.said),
        missing=run.tally.missing,
        coverage=run.tally.coverage,
    )


def run_fix(options: argparse.Namespace) -> int:
    """Write the docstrings that are missing, each file as soon as its last one is there."""
    started = time.monotonic()
    from docbot.pipeline import fix
    from docbot.scope import open_scope

    scope = open_scope(options.paths, settings_of(options), options.config)
    run = Run(options, scope)
    writing = not options.diff and not (options.force and not options.staged)
    rows = scope.rows(staged=options.staged, since=options.since, writing=writing)
    deadline = started + options.time_budget if options.time_budget > 0 else float("inf")
    with (
        run.meter(len(rows)),
        _cache(options) as cache,
        _job(scope, cache, deadline) as job,
        _sifter(options, len(rows)) as sifter,
    ):
        for result in fix(run.files(rows), dataclasses.replace(job, sifter=sifter)):
            run.add(result if options.diff else run.write(result))
    run.close("fix")
    if run.tally.errors:
        return BUG
    return CHANGES if run.tally.written else CLEAN


def run_review(options: argparse.Namespace) -> int:
    """Do what `docbot review` says."""
    from docbot.review import run

    return run(options, settings_of(options))


def run_cache(options: argparse.Namespace) -> int:
    """Tell of the cache, or empty it."""
    from docbot.cache import open_cache

    cache = open_cache(warn=_tell)
    if options.action == "clear":
        cache.clear()
    info = cache.info()
    cache.close()
    print(f"file: {info.file or 'none'}")  # noqa: T201
    print(f"size: {info.bytes / 1e6:.1f} MB of at most {info.limit / 1e6:.0f}")  # noqa: T201
    for kind, count in info.entries.items():
        print(f"{kind}: {count}")  # noqa: T201
    if info.trouble:
        return _complain(f"the cache is not used: {info.trouble}", CANNOT_RUN)
    return CLEAN


@contextmanager
def _cache(options: argparse.Namespace) -> Iterator[Cache]:
    """The user's cache, closed in the end; with --verbose, why there is none."""
    from docbot.cache import open_cache

    cache = open_cache(on=options.cache, warn=_tell)
    try:
        yield cache
    finally:
        cache.close()
    if options.verbose and options.cache and cache.trouble:
        _tell(f"without a cache: {cache.trouble}")


def _job(scope: Scope, cache: Cache, deadline: float) -> AbstractContextManager[Job]:
    from docbot.backend import AHEAD
    from docbot.bulk import Surveys
    from docbot.lineage import Lineage
    from docbot.scope import open_job

    return open_job(
        scope.config,
        cache,
        lineage=Lineage(Surveys(scope, cache).outline_of),
        house=scope.house,
        out_of_time=lambda: time.monotonic() > deadline,
        ahead=AHEAD if deadline == float("inf") else 0,
    )


@contextmanager
def _sifter(options: argparse.Namespace, files: int) -> Iterator[Sifter]:
    """What scans the files: worker processes beside the model where many are to be documented."""
    count = 0
    if options.own_process and not options.time_budget:
        from docbot.workers import scanners

        count = scanners(files)
    if not count:
        from docbot.pipeline import sift_each

        yield sift_each
        return
    from docbot.workers import sifter

    with sifter(count) as ahead:
        yield ahead


class Run:
    """One command's results as they come: written, counted, shown."""

    def __init__(self, options: argparse.Namespace, scope: Scope) -> None:
        from docbot.report import Tally

        self.options = options
        self.scope = scope
        self.tally = Tally()
        self.results: list[Result] = []
        self.undo: Path | None = None
        self.out: list[bytes] = []
        self.said: list[str] = []
        self._meter: Meter | None = None

    def meter(self, files: int) -> Meter:
        """The progress bar; nothing at all in a pipe, in CI or with --quiet."""
        from docbot.report import Meter

        self._meter = Meter(files, shown=not self.options.quiet and _at_a_terminal())
        return self._meter

    def files(self, rows: Sequence[Row]) -> Iterator[File]:
        """Read the rows; those left alone become Results at once."""
        from docbot.pipeline import File, Result
        from docbot.scope import load
        from docbot.targets import Skip

        for row in rows:
            path = self.scope.relative(row.path)
            source = load(row)
            if isinstance(source, Skip):
                self.add(Result(path=path, skips=(source,)))
            else:
                yield File(path=path, source=source, changed=row.changed)

    def add(self, result: Result) -> None:
        """Count a file, and keep of it what the report will say."""
        self.tally.add(result)
        if self.options.format == "text":
            self._show(result)
        else:
            self.results.append(dataclasses.replace(result, before=b"", after=b""))
        if self._meter is not None:
            told = sum(bool(skip.qualname) for skip in result.skips)
            self._meter.step(len(result.edits) + len(result.missing) + result.documented + told)

    def _show(self, result: Result) -> None:
        from docbot import report
        from docbot.edit import unified_diff

        if getattr(self.options, "diff", False):
            self._print(unified_diff(result.path, result.before, result.after))
        else:
            lines = report.findings(result, verbose=self.options.verbose)
            self._print("".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace"))
        for line in report.troubles(result):
            self.say(line)

    def write(self, result: Result) -> Result:
        """Replace the file on disk; one that cannot be written becomes a Skip."""
        from docbot.edit import unified_diff
        from docbot.files import append_undo, write
        from docbot.targets import Skip, SkipReason

        if not result.edits:
            return result
        try:
            write(self.scope.root / result.path, result.before, result.after)
        except WriteError as error:
            skip = Skip(reason=SkipReason.LEFT_ALONE, detail=str(error))
            return dataclasses.replace(result, edits=(), skips=(*result.skips, skip))
        if self.scope.repository is not None and not self.options.staged:
            if self.undo is None:
                self.undo = self.scope.repository.undo_file()
                self.undo.unlink(missing_ok=True)
            append_undo(self.undo, unified_diff(result.path, result.before, result.after))
        return result

    def close(self, command: str, counted: Sequence[str] = ()) -> None:
        """The closing words; of `check` with the kinds that it counted."""
        from docbot import report

        if self.options.format == "json":
            self._print(f"{report.to_json(command, self.results, self.tally)}\n".encode())
        if command == "check":
            self.say(report.coverage_line(self.tally, counted))
            return
        if self.options.quiet:
            return
        if self.tally.files:
            report.summary(self.tally, dry=self.options.diff)
        if self.undo is not None:
            place = _shell(os.path.relpath(self.undo, self.scope.root))
            where = _shell(os.path.relpath(self.scope.root))
            self.say(f"undo this run: git -C {where} apply -R --whitespace=nowarn {place}")
        elif self.tally.written and self.scope.repository is None:
            self.say("this folder is not under git, so docbot cannot tell how to undo the run")

    def repeat(self, words: Words) -> None:
        """Say what an earlier run said."""
        self._print(words.out.encode("utf-8", "surrogateescape"))
        for sentence in words.said:
            self.say(sentence)

    def say(self, sentence: str) -> None:
        """A line for people."""
        self.said.append(sentence)
        if not self.options.quiet:
            _tell(sentence)

    def _print(self, data: bytes) -> None:
        if data:
            self.out.append(data)
            _out(data)


def _out(data: bytes) -> None:
    """Data to stdout: bytes as they are into a pipe, text at a terminal, above the progress bar."""
    if sys.stdout.isatty():
        print(data.decode("utf-8", "replace"), end="")  # noqa: T201
    else:
        sys.stdout.buffer.write(data)
        sys.stdout.flush()


def _at_a_terminal() -> bool:
    return sys.stderr.isatty() and not os.environ.get("CI")


def _shell(word: str) -> str:
    import shlex

    return shlex.quote(word)
