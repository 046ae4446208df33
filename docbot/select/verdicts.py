"""Judge the definitions of one file by its own facts, and say what other files have yet to decide.

Three rules need other files: a method may override one that a parent class documents, a public
module may offer what a private one defines, and another file may read a docstring. So a file is
judged as if nothing were inherited, hidden or read elsewhere, by whatever process has read it, and
the definitions that the first two rules may decide on are marked. The third one concerns so few
files that these are judged again (`select.handed_across`). A verdict is plain data, small enough to
be sent between processes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from docbot.select.reexports import has_private_part
from docbot.select.rules import (
    Place,
    file_skip_from_markers,
    find_skip,
    hidden_in,
    in_question,
    test_reason,
)
from docbot.select.skip import Skip, SkipReason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import PurePosixPath

    from docbot.config import Config
    from docbot.drift.drift import Drift
    from docbot.scan.facts import FileFacts

    Verdict = tuple[str, str, int, bool, tuple[str, str] | None, bool, bool]
    """The qualified name, kind and line of a definition, whether it is documented, the reason and
    the detail of its skip, and whether that its module is private, or the documented method of a
    parent class, would come first."""


class FileVerdict(NamedTuple):
    """The verdict on one file.

    Attributes:
        skip: The reason and the detail why all of it is left alone.
        documented: The number of documented definitions that no rule leaves out, for certain.
        others: All other definitions that count, in source order.
        drifts: Where docstrings disagree with their functions.
        hands_over: Whether the file reads docstrings or hands functions over, and is no test.

    """

    skip: tuple[str, str] | None = None
    documented: int = 0
    others: tuple[Verdict, ...] = ()
    drifts: tuple[Drift, ...] = ()
    hands_over: bool = False


def whole_skip(path: PurePosixPath, facts: FileFacts, config: Config) -> Skip | None:
    """Return the reason to leave a whole file alone, None for a file that counts."""
    skip = file_skip_from_markers(path, facts.markers, config)
    if skip is None and facts.error is not None:
        skip = Skip.of(facts.error)
    return skip


def judge_file(
    path: PurePosixPath,
    facts: FileFacts,
    config: Config,
    changed: Sequence[tuple[int, int]] | None = None,
) -> FileVerdict:
    """Judge one file; with `changed`, only the definitions that these lines touch."""
    config = config.of(path)
    hands_over = bool(facts.outline.handovers) and not test_reason(path)
    if skip := whole_skip(path, facts, config):
        return FileVerdict(skip=(skip.reason.value, skip.detail), hands_over=hands_over)
    parents: list[str] = []
    modules: list[str] = []
    may_be_private = has_private_part(str(path))

    def ask_parent(owner: str, method: str) -> str:
        parents.append(f"{owner}.{method}")
        return ""

    def ask_module(name: str) -> str:
        if may_be_private:
            modules.append(name)
        return ""

    place = Place(path=path, outline=facts.outline, parent=ask_parent, private_module=ask_module)
    documented = 0
    others: list[Verdict] = []
    for definition in in_question(facts.definitions, config, changed):
        parents.clear()
        modules.clear()
        skip = find_skip(definition, place, config)
        is_documented, asks = definition.docstring is not None, (bool(modules), bool(parents))
        if is_documented and not any(asks):
            documented += skip is None
            continue
        why = (skip.reason.value, skip.detail) if skip is not None else None
        kind = definition.kind.value
        others.append((definition.qualname, kind, definition.line, is_documented, why, *asks))
    return FileVerdict(documented=documented, others=tuple(others), hands_over=hands_over)


def settle(
    verdict: FileVerdict,
    parent: Callable[[str, str], str],
    private_module: Callable[[str], str],
) -> Iterator[tuple[Verdict, Skip | None]]:
    """Yield the definitions of `others`, each with its skip; the functions are as in `Place`."""
    for each in verdict.others:
        qualname, _kind, line, _documented, why, asks_module, asks_parent = each
        owner, _, method = qualname.partition(".")
        if asks_module and (module := private_module(owner)):
            why = (SkipReason.PRIVATE.value, hidden_in(module, owner))
        elif asks_parent and (name := parent(owner, method)):
            why = (SkipReason.OVERRIDE.value, f"{name} documents it")
        if why is None:
            yield each, None
        else:
            reason, detail = SkipReason(why[0]), why[1]
            yield each, Skip(reason=reason, detail=detail, qualname=qualname, line=line)
