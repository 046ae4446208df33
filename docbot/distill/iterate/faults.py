"""Faulty summaries, and what static checks find wrong with a model's own.

What IterKD (Chen et al., arXiv 2408.03680) does to programs, done to sentences: of a right answer,
near misses are made that a weak model could take for it, and a model's own answers are held against
the code. Everything is a function of the row alone, so that a round can be repeated.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from docbot.distill.corpus.references import content
from docbot.gate.english import all_keys, is_supported
from docbot.gate.facts import facts_of
from docbot.gate.headline import check
from docbot.gate.section import check_phrase
from docbot.gate.sentence import Refusal
from docbot.prompt.formats import FORMATS
from docbot.prompt.task import Slot, Task
from docbot.scan.definition import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from docbot.distill.corpus.rows import Row
    from docbot.gate.facts import Facts
    from docbot.scan.definition import Definition

FOREIGN_SHARE = 0.5
"""With this share of meaning words without a root in the code, a sentence is about other code."""


class Fault(str, Enum):
    """What is wrong with a faulty answer."""

    SIBLING = "a sibling's"
    SWAPPED = "swapped parameter"
    NEGATED = "negated"
    LITERAL = "wrong literal"
    OWN = "the model's own"


class Problem(str, Enum):
    """What a static check finds wrong with a sentence about a definition."""

    FOREIGN = "foreign words"
    ARITY = "a parameter that is not there"
    RETURNS = "a return that is not there"
    RAISES = "an exception that is not raised"
    REFUSED = "refused by the gate"


@dataclass(frozen=True, kw_only=True, slots=True)
class Faulty:
    """An answer to a row's prompt that is not right."""

    fault: Fault
    answer: str


# Near misses.


def faults(row: Row, siblings: Sequence[Row]) -> tuple[Faulty, ...]:
    """At most one faulty answer of each kind, none equal to the right one or to another.

    `siblings` are the rows of the same file; other tasks and the row itself are passed over.
    """
    found: dict[str, Faulty] = {}
    for fault, answers in (
        (Fault.SWAPPED, _swapped(row, siblings)),
        (Fault.NEGATED, _negated(row.answer)),
        (Fault.LITERAL, _misquoted(row.answer)),
        (Fault.SIBLING, _siblings(row, siblings)),
    ):
        fresh = sorted({a for a in answers if a and a != row.answer and a not in found})
        if fresh:
            chosen = fresh[_number(row, fault.value) % len(fresh)]
            found[chosen] = Faulty(fault=fault, answer=chosen)
    return tuple(found.values())


def _siblings(row: Row, siblings: Sequence[Row]) -> Iterator[str]:
    """What is said of the same slot elsewhere in the file."""
    yield from (each.answer for each in siblings if each.task == row.task and not _same(each, row))


def _swapped(row: Row, siblings: Sequence[Row]) -> Iterator[str]:
    """The answer about another parameter of the same function."""
    if row.task == Task.PARAM.value:
        for each in siblings:
            if (each.task, each.line) == (row.task, row.line) and each.slot != row.slot:
                yield each.answer
        return
    names = parameters(row)
    said = [name for name in names if re.search(rf"\b{re.escape(name)}\b", row.answer)]
    if len(said) > 1:
        yield _exchange(row.answer, {said[0]: said[1], said[1]: said[0]})
    for name in said:
        for other in names:
            if other not in said:
                yield _exchange(row.answer, {name: other})


def parameters(row: Row) -> list[str]:
    """The names of a function's parameters as its prompt tells them: split into words."""
    if row.task != Task.FUNCTION.value:
        return []
    fields = row.prompt.rsplit("|", 5)
    if len(fields) < 6:  # noqa: PLR2004 - the fields of `telling.function`
        return []
    names = (name.strip() for name in fields[2].split(","))
    return [name for name in names if len(name) > 1]


def _negated(answer: str) -> Iterator[str]:
    """The opposite: of the verb, else of any word that has one."""
    first, _, rest = answer.partition(" ")
    if first in OPPOSITES:
        yield f"{OPPOSITES[first]} {rest}"
    else:
        yield from _each(answer, CONTRARY)


def _misquoted(answer: str) -> Iterator[str]:
    """Another number, constant, type, unit or file format."""
    for match in re.finditer(r"\b\d+\b", answer):
        other = str(int(match.group()) + 1 if int(match.group()) < 4 else int(match.group()) // 2)  # noqa: PLR2004 - small numbers are counts
        yield answer[: match.start()] + other + answer[match.end() :]
    first, _, rest = answer.partition(" ")
    yield from (f"{first} {other}" for other in _each(rest, LITERALS))


def _each(text: str, table: Mapping[str, str]) -> Iterator[str]:
    """The text with one word exchanged, for each word that can be; a double no is none."""
    for match in re.finditer(r"[a-z]+", text):
        if match.group() in table and not text.startswith(" or not", match.end()):
            changed = text[: match.start()] + table[match.group()] + text[match.end() :]
            yield re.sub(r" (?:not|no) (?:not|no)\b", "", changed)


def _exchange(text: str, table: Mapping[str, str]) -> str:
    """The text with all of these words exchanged at once."""
    words = "|".join(re.escape(word) for word in sorted(table, key=len, reverse=True))
    return re.sub(rf"\b(?:{words})\b", lambda match: table[match.group()], text)


def _same(one: Row, other: Row) -> bool:
    return (one.path, one.line, one.slot) == (other.path, other.line, other.slot)


def _number(row: Row, salt: str) -> int:
    """A number that is a row's own."""
    text = f"{salt} {row.package} {row.path} {row.line} {row.task} {row.slot}"
    digest = hashlib.sha1(text.encode("utf-8", "replace"), usedforsecurity=False).digest()
    return int.from_bytes(digest[:8], "big")


# Static checks.


def problems(answer: str, definition: Definition, slot: Slot) -> frozenset[Problem]:
    """What the code does not bear out in an answer of the `tasks` format."""
    facts = facts_of(definition)
    found = set()
    if _is_foreign(answer, facts):
        found.add(Problem.FOREIGN)
    if definition.kind in (Kind.FUNCTION, Kind.METHOD):
        words = re.findall(r"[a-z]+", answer)
        about = {"parameter", "argument", "params", "args"} & facts.words
        if not about and _miscounts(answer, definition):
            found.add(Problem.ARITY)
        gives = facts.returns or facts.yields
        if (words[:1] == ["return"] and not gives) or ("yield" in words and not facts.yields):
            found.add(Problem.RETURNS)
        if {"raise", "raises"} & set(words) and not facts.raises:
            found.add(Problem.RAISES)
    if isinstance(_verdict(answer, facts, slot), Refusal):
        found.add(Problem.REFUSED)
    return frozenset(found)


def _verdict(answer: str, facts: Facts, slot: Slot) -> str | Refusal:
    """What the gate says of it, however sure the model was."""
    reply = FORMATS["tasks"].reply(answer)
    if slot.task in (Task.PARAM, Task.RETURNS, Task.RAISES):
        return check_phrase(reply, facts, slot, min_confidence=0.0, confidence=1.0)
    return check(reply, facts, min_confidence=0.0, confidence=1.0)


def _is_foreign(answer: str, facts: Facts) -> bool:
    meant = list(content(answer))
    known = all_keys(facts.words | facts.prose | facts.params)
    strange = sum(not is_supported(word, known) for word in meant)
    return bool(meant) and strange / len(meant) >= FOREIGN_SHARE


def _miscounts(answer: str, definition: Definition) -> bool:
    """Whether an answer speaks of parameters that the signature lacks."""
    params = definition.signature.params
    for match in _PARAMETER.finditer(answer):
        before = match.group(1)
        if not params:
            return True
        if before in _ORDINALS and _ORDINALS[before] > len(params):
            return True
        if before in _COUNTS and _COUNTS[before] > len(params) and not _is_open(definition):
            return True
    return False


def _is_open(definition: Definition) -> bool:
    """Whether any number of arguments may be given."""
    return any(param.starred != param.name for param in definition.signature.params)


_PARAMETER = re.compile(r"\b([a-z]+) (?:function |keyword |positional )?(?:parameter|argument)s?\b")
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4}
_COUNTS = {"one": 1, "two": 2, "both": 2, "three": 3, "four": 4}


# The words.


def _both_ways(pairs: str) -> dict[str, str]:
    """Each word of "a/b" pairs with the other one; of several the first counts."""
    table: dict[str, str] = {}
    for pair in pairs.split():
        left, right = pair.split("/")
        table.setdefault(left, right)
        table.setdefault(right, left)
    return table


OPPOSITES = _both_ways(
    """
    add/remove enable/disable start/stop open/close read/write load/save push/pop show/hide
    lock/unlock encode/decode encrypt/decrypt import/export increase/decrease increment/decrement
    insert/delete connect/disconnect attach/detach register/unregister activate/deactivate
    accept/reject allow/forbid begin/end create/destroy install/uninstall join/split merge/split
    pack/unpack send/receive serialize/deserialize subscribe/unsubscribe upload/download get/set
    compress/decompress expand/collapse include/exclude acquire/release mount/unmount pause/resume
    parse/format enter/leave append/pop build/destroy raise/suppress return/discard check/ignore
    validate/ignore verify/ignore test/ignore fetch/store wait/return handle/ignore process/skip
    run/stop execute/abort call/skip update/reset initialize/destroy make/destroy generate/consume
    convert/keep find/lose replace/keep yield/discard print/read log/hide retrieve/store
    """
)
"""Verbs by their contrary, or by what comes closest."""
CONTRARY = {
    **_both_ways(
        """
        before/after first/last true/false minimum/maximum min/max left/right input/output
        upper/lower lowest/highest ascending/descending source/destination public/private
        optional/required positive/negative greater/less valid/invalid enabled/disabled local/remote
        existing/missing more/fewer larger/smaller row/column rows/columns horizontal/vertical
        inclusive/exclusive previous/next top/bottom parent/child server/client request/response
        success/failure enable/disable include/exclude allow/forbid start/end key/value
        keys/values absolute/relative synchronous/asynchronous forward/backward up/down
        """
    ),
    "is": "is not",
    "are": "are not",
    "has": "has no",
    "have": "have no",
    "can": "cannot",
    "should": "should not",
    "will": "will not",
    "if": "unless",
    "when": "unless",
    "with": "without",
    "all": "no",
    "every": "no",
    "any": "no",
    "whether": "whether not",
    "only": "never",
}
LITERALS = _both_ways(
    """
    string/integer str/int strings/integers list/dictionary dict/tuple lists/dictionaries
    float/boolean array/scalar matrix/vector json/xml yaml/csv html/pdf seconds/minutes
    milliseconds/seconds hours/days bytes/bits file/directory files/directories path/url
    none/true zero/one two/three iterator/string number/name numbers/names time/size date/length
    index/count width/height user/group token/password image/text table/query
    """
)
