"""Make faulty answers from right ones, and find a model's own faults with static checks.

IterKD (Chen et al., arXiv 2408.03680) does this to programs; here it is done to sentences. From a
right answer, near misses are made that a weak model could take for it; and a model's own answers
are checked against the code. Every result depends on the row (and its file) alone, so that a round
can be repeated.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from docbot.distill.corpus.references import meaning_words
from docbot.gate.english import all_keys, is_supported
from docbot.gate.facts import facts_of
from docbot.gate.judge import check_text
from docbot.gate.sentence import Refusal
from docbot.prompt.formats import FORMATS
from docbot.prompt.task import Slot, Task
from docbot.scan.definition import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from docbot.distill.corpus.rows import CorpusRow
    from docbot.gate.facts import Facts
    from docbot.scan.definition import Definition

FOREIGN_SHARE = 0.5
"""A sentence with this share of unsupported meaning words is about other code."""


class Fault(str, Enum):
    """The kind of fault in a faulty answer."""

    SIBLING = "a sibling's"
    SWAPPED = "swapped parameter"
    NEGATED = "negated"
    LITERAL = "wrong literal"
    OWN = "the model's own"


class Problem(str, Enum):
    """A problem that a static check finds in a sentence about a definition."""

    FOREIGN = "foreign words"
    ARITY = "a parameter that is not there"
    RETURNS = "a return that is not there"
    RAISES = "an exception that is not raised"
    REFUSED = "refused by the gate"


@dataclass(frozen=True, kw_only=True, slots=True)
class FaultyAnswer:
    """A wrong answer to a row's prompt, with its kind of fault."""

    fault: Fault
    answer: str


# Near misses.


def make_faults(row: CorpusRow, siblings: Sequence[CorpusRow]) -> tuple[FaultyAnswer, ...]:
    """Make at most one faulty answer of each kind.

    Args:
        row: A row with an answer.
        siblings: The rows of the same file; rows of other tasks and the row itself are ignored.

    Returns:
        Faulty answers that differ from the right one and from each other.

    """
    by_answer: dict[str, FaultyAnswer] = {}
    for fault, answers in (
        (Fault.SWAPPED, _swapped_parameters(row, siblings)),
        (Fault.NEGATED, _negations(row.answer)),
        (Fault.LITERAL, _other_literals(row.answer)),
        (Fault.SIBLING, _sibling_answers(row, siblings)),
    ):
        fresh = sorted({a for a in answers if a and a != row.answer and a not in by_answer})
        if fresh:
            answer = fresh[_hash_number(row, fault.value) % len(fresh)]
            by_answer[answer] = FaultyAnswer(fault=fault, answer=answer)
    return tuple(by_answer.values())


def _sibling_answers(row: CorpusRow, siblings: Sequence[CorpusRow]) -> Iterator[str]:
    """Return the answers to the same task for other definitions of the file."""
    yield from (
        each.answer for each in siblings if each.task == row.task and not _is_same_slot(each, row)
    )


def _swapped_parameters(row: CorpusRow, siblings: Sequence[CorpusRow]) -> Iterator[str]:
    """Return answers that take one parameter of the function for another."""
    if row.task == Task.PARAM.value:
        for each in siblings:
            if (each.task, each.line) == (row.task, row.line) and each.slot != row.slot:
                yield each.answer
        return
    names = parameter_names(row)
    mentioned = [name for name in names if re.search(rf"\b{re.escape(name)}\b", row.answer)]
    if len(mentioned) > 1:
        yield _replace_words(row.answer, {mentioned[0]: mentioned[1], mentioned[1]: mentioned[0]})
    for name in mentioned:
        for other in names:
            if other not in mentioned:
                yield _replace_words(row.answer, {name: other})


def parameter_names(row: CorpusRow) -> list[str]:
    """Read the names of a function's parameters, split into words, from its prompt."""
    if row.task != Task.FUNCTION.value:
        return []
    fields = row.prompt.rsplit("|", 5)
    if len(fields) < 6:  # noqa: PLR2004 - the fields that `docbot.prompt.linearize` writes
        return []
    names = (name.strip() for name in fields[2].split(","))
    return [name for name in names if len(name) > 1]


def _negations(answer: str) -> Iterator[str]:
    """Return answers with the opposite verb, else with the opposite of another word."""
    first, _, rest = answer.partition(" ")
    if first in OPPOSITES:
        yield f"{OPPOSITES[first]} {rest}"
    else:
        yield from _single_replacements(answer, CONTRARY)


def _other_literals(answer: str) -> Iterator[str]:
    """Return answers with another number, constant, type, unit or file format."""
    for match in re.finditer(r"\b\d+\b", answer):
        other = str(int(match.group()) + 1 if int(match.group()) < 4 else int(match.group()) // 2)  # noqa: PLR2004 - small numbers are counts
        yield answer[: match.start()] + other + answer[match.end() :]
    first, _, rest = answer.partition(" ")
    yield from (f"{first} {other}" for other in _single_replacements(rest, LITERALS))


def _single_replacements(text: str, table: Mapping[str, str]) -> Iterator[str]:
    """Return the text with one word replaced, for each word of the table; double negations go."""
    for match in re.finditer(r"[a-z]+", text):
        if match.group() in table and not text.startswith(" or not", match.end()):
            changed = text[: match.start()] + table[match.group()] + text[match.end() :]
            yield re.sub(r" (?:not|no) (?:not|no)\b", "", changed)


def _replace_words(text: str, table: Mapping[str, str]) -> str:
    """Replace all words of the table at once."""
    words = "|".join(re.escape(word) for word in sorted(table, key=len, reverse=True))
    return re.sub(rf"\b(?:{words})\b", lambda match: table[match.group()], text)


def _is_same_slot(one: CorpusRow, other: CorpusRow) -> bool:
    return (one.path, one.line, one.slot) == (other.path, other.line, other.slot)


def _hash_number(row: CorpusRow, salt: str) -> int:
    """Return a number that depends on the row's identity and the salt alone."""
    text = f"{salt} {row.package} {row.path} {row.line} {row.task} {row.slot}"
    digest = hashlib.sha1(text.encode("utf-8", "replace"), usedforsecurity=False).digest()
    return int.from_bytes(digest[:8], "big")


# Static checks.


def find_problems(answer: str, definition: Definition, slot: Slot) -> frozenset[Problem]:
    """Find what the code does not support in an answer.

    Args:
        answer: An answer in the form of the `tasks` prompt format.
        definition: The definition it is about.
        slot: The slot it answers.

    Returns:
        The problems found; empty for an answer without any.

    """
    facts = facts_of(definition)
    problems = set()
    if _is_foreign(answer, facts):
        problems.add(Problem.FOREIGN)
    if definition.kind in (Kind.FUNCTION, Kind.METHOD):
        words = re.findall(r"[a-z]+", answer)
        about = {"parameter", "argument", "params", "args"} & facts.words
        if not about and _miscounts(answer, definition):
            problems.add(Problem.ARITY)
        gives = facts.returns or facts.yields
        if (words[:1] == ["return"] and not gives) or ("yield" in words and not facts.yields):
            problems.add(Problem.RETURNS)
        if {"raise", "raises"} & set(words) and not facts.raises:
            problems.add(Problem.RAISES)
    if isinstance(_verdict(answer, facts, slot), Refusal):
        problems.add(Problem.REFUSED)
    return frozenset(problems)


def _verdict(answer: str, facts: Facts, slot: Slot) -> str | Refusal:
    """Return the gate's verdict on an answer, whatever the model's confidence was."""
    reply = FORMATS["tasks"].read_completion(answer)
    return check_text(reply, facts, slot)


def _is_foreign(answer: str, facts: Facts) -> bool:
    words = list(meaning_words(answer))
    code_keys = all_keys(facts.words | facts.prose | facts.params)
    unsupported = sum(not is_supported(word, code_keys) for word in words)
    return bool(words) and unsupported / len(words) >= FOREIGN_SHARE


def _miscounts(answer: str, definition: Definition) -> bool:
    """Check whether an answer mentions parameters that the signature lacks."""
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
    """Check whether the function takes any number of arguments."""
    return any(param.starred != param.name for param in definition.signature.params)


_PARAMETER = re.compile(r"\b([a-z]+) (?:function |keyword |positional )?(?:parameter|argument)s?\b")
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4}
_COUNTS = {"one": 1, "two": 2, "both": 2, "three": 3, "four": 4}


# The words.


def _in_both_directions(pairs: str) -> dict[str, str]:
    """Map each word of "a/b" pairs to the other one; of several pairs the first counts."""
    table: dict[str, str] = {}
    for pair in pairs.split():
        left, right = pair.split("/")
        table.setdefault(left, right)
        table.setdefault(right, left)
    return table


OPPOSITES = _in_both_directions(
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
"""Verbs with their opposites, or what comes closest."""
CONTRARY = {
    **_in_both_directions(
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
LITERALS = _in_both_directions(
    """
    string/integer str/int strings/integers list/dictionary dict/tuple lists/dictionaries
    float/boolean array/scalar matrix/vector json/xml yaml/csv html/pdf seconds/minutes
    milliseconds/seconds hours/days bytes/bits file/directory files/directories path/url
    none/true zero/one two/three iterator/string number/name numbers/names time/size date/length
    index/count width/height user/group token/password image/text table/query
    """
)
