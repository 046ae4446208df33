"""Every construct that broke another tool, run through the whole line on canned replies.

A case is a file of `data/cases`: a head of comments, the source, `# output`, and what becomes of
the source (nothing when there is no `# output`). The head may hold `# flags:` (a Config),
`# reply:` (words for every headline, for the one it is `of`, or for a `slot` such as "param
prices"; their confidence is 0.9), `# path:` (shop.py), `# python:` (older ones cannot read the
source), `# skips:` (names and reasons) and `# complete:` (add the sections that docstrings lack).
Only functions count where `flags` names no `kinds`.
"""

from __future__ import annotations

import ast
import functools
import math
import re
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from difflib import ndiff
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from places import undocumented

from docbot import config as config_module
from docbot.config import Config
from docbot.docstring.edit import apply_edits, make_edit
from docbot.docstring.style import DocstringStyle
from docbot.docstring.verify import verify
from docbot.drift.drift import DriftRule
from docbot.errors import SourceError
from docbot.file_task import Job
from docbot.llm.protocol import Completion, Prompt
from docbot.pipeline import fix
from docbot.prompt.formats import Format
from docbot.prompt.task import Task
from docbot.scan.facts import read_definitions
from docbot.scan.outline import outline
from docbot.scan.source import read
from docbot.scanned import Result, SourceFile
from docbot.select.inheritance import ParentIndex

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from docbot.llm.protocol import Backend
    from docbot.prompt.context import Context
    from docbot.prompt.task import Slot

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

CASES = Path(__file__).parent / "data" / "cases"
REPLIES = Path(__file__).parent / "data" / "replies"
SENTENCE = "Return the sum of all prices."


def ask(context: Context, slot: Slot) -> Prompt:
    """The slot, what it is about, and the code."""
    definition = context.target.definition
    head = f"{slot.task.value} {slot.name}".strip()
    return Prompt(head=head, body=definition.code, tail=definition.qualname, keep=1)


PLAINLY = Format(prompt=ask, read_completion=str.strip, tasks=frozenset(Task))
FUNCTIONS = Config(kinds=("function", "method"))


@dataclass(frozen=True)
class Canned:
    """A backend that says what it was told to, last prompt first.

    `of` maps names, and slots such as "param prices" or "returns", to replies.
    """

    text: str = SENTENCE
    confidence: float = 0.9
    of: dict[str, tuple[str, float]] = field(default_factory=dict)

    def complete(self, prompts: Iterable[Prompt]) -> Iterator[tuple[int, Completion]]:
        for index, prompt in reversed(list(enumerate(prompts))):
            is_slot = prompt.head.partition(" ")[0] in ("param", "returns", "raises")
            name = prompt.head if is_slot else prompt.tail.rpartition(".")[2]
            text, confidence = self.of.get(name, (self.text, self.confidence))
            yield index, Completion(text=text, logprob=math.log(confidence), tokens=1, ended=True)


def job_of(config: Config = FUNCTIONS, backend: Backend | None = None, **more: Any) -> Job:
    """A job in Google style and 88 columns, with sections where `config` wants them."""
    fields: dict[str, Any] = {
        "parents": ParentIndex(lambda _: None),
        "style": lambda _path: DocstringStyle(sections=config.sections == "always"),
        "format": PLAINLY,
        **more,
    }
    return Job(config=config, backend=backend or Canned(), **fields)


def document(
    source: bytes, path: str, config: Config, backend: Canned, *, complete: bool = False
) -> Result:
    """One file through the whole line."""
    name = PurePosixPath(path)
    parents = ParentIndex(lambda requested: outline(source) if requested == name else None)
    job = job_of(config, backend, parents=parents, complete=complete)
    (result,) = fix([SourceFile(path=name, source=source)], job)
    return result


# Cases that are files.


@dataclass(frozen=True, kw_only=True)
class Case:
    """One construct, and what must become of it."""

    source: bytes
    output: bytes
    path: str = "shop.py"
    config: Config = FUNCTIONS
    backend: Canned = field(default_factory=Canned)
    skips: tuple[tuple[str, str], ...] = ()
    complete: bool = False

    def run(self) -> Result:
        return self.again(self.source)

    def again(self, source: bytes) -> Result:
        return document(source, self.path, self.config, self.backend, complete=self.complete)


_HEAD = re.compile(r"# (flags|reply|path|python|skips|complete): (.*)\n")


def parse_case(text: str) -> Case:
    fields: dict[str, Any] = {}
    replies = []
    at = 0
    while match := _HEAD.match(text, at):
        key, value = match.groups()
        if key == "reply":
            replies.append(tomllib.loads(f"reply = {value}")["reply"])
        fields[key] = value
        at = match.end()
    source, _, output = text[at:].partition("# output\n")
    skips = [tuple(skip.split(" ")) for skip in fields.get("skips", "").split(", ") if skip]
    if sys.version_info < tuple(map(int, fields.get("python", "3").split("."))):
        output, skips = "", [("*", "unparsable")]
    settings = tomllib.loads(f"flags = {fields.get('flags', '{}')}")["flags"]
    common: dict[str, Any] = next((r for r in replies if not {"of", "slot"} & set(r)), {})
    return Case(
        source=source.encode(),
        output=(output or source).encode(),
        path=fields.get("path", "shop.py"),
        config=config_module.replace(FUNCTIONS, settings, source="case"),
        backend=Canned(
            text=common.get("text", SENTENCE),
            confidence=common.get("confidence", 0.9),
            of={
                r.get("of") or r["slot"]: (r["text"], r.get("confidence", 0.9))
                for r in replies
                if "of" in r or "slot" in r
            },
        ),
        skips=tuple(skips),
        complete="complete" in fields,
    )


FILES = {path.stem: parse_case(path.read_text(encoding="utf-8")) for path in CASES.glob("*.py")}


# Cases that no text file can hold, or that no editor would leave alone.

PLAIN = b"def total(prices):\n    return sum(prices)\n"
DOCUMENTED = (
    b'def total(prices):\n    """Return the sum of all prices."""\n    return sum(prices)\n'
)


def crlf(code: bytes) -> bytes:
    return code.replace(b"\n", b"\r\n")


def unchanged(source: bytes, reason: str = "") -> Case:
    skips = (("*", reason),) if reason else ()
    return Case(source=source, output=source, skips=skips)


SEPARATORS = "    x = 'a\u2028b\x0bc\x1cd\x85e'\n".encode()
MANY = 4000
GENERATED = {
    "10 CRLF": Case(source=crlf(PLAIN), output=crlf(DOCUMENTED)),
    "10 CRLF, blank line and nested function": Case(
        source=b"def total(prices):\r\n\r\n    # all\r\n    return sum(prices)\r\n"
        b"\r\n\r\ndef total_of(prices):\r\n    def f():\r\n        pass\r\n\r\n"
        b"    return sum(prices)\r\n",
        output=b'def total(prices):\r\n    """Return the sum of all prices."""\r\n    # all\r\n'
        b"    return sum(prices)\r\n\r\n\r\ndef total_of(prices):\r\n"
        b'    """Return the sum of all prices."""\r\n\r\n    def f():\r\n        pass\r\n\r\n'
        b"    return sum(prices)\r\n",
        skips=(("total_of.<locals>.f", "private"),),
    ),
    "11 byte order mark": Case(source=b"\xef\xbb\xbf" + PLAIN, output=b"\xef\xbb\xbf" + DOCUMENTED),
    "11 byte order mark and CRLF": Case(
        source=b"\xef\xbb\xbf" + crlf(PLAIN), output=b"\xef\xbb\xbf" + crlf(DOCUMENTED)
    ),
    "12 latin-1": Case(
        source=b"# coding: latin-1\n# \xe9\xe8\xfc\n\n\n" + PLAIN + b"\n\nx = '\xe9'\n",
        output=b"# coding: latin-1\n# \xe9\xe8\xfc\n\n\n" + DOCUMENTED + b"\n\nx = '\xe9'\n",
    ),
    "12 shift_jis": Case(
        source="# coding: shift_jis\nx = 'ソ表'\n\n\n".encode("shift_jis") + PLAIN,
        output="# coding: shift_jis\nx = 'ソ表'\n\n\n".encode("shift_jis") + DOCUMENTED,
    ),
    "12 a cookie that is not true": unchanged(
        b"# coding: ascii\nx = '\xe9'\n" + PLAIN, "unparsable"
    ),
    "13 no newline at the end": Case(source=PLAIN.rstrip(), output=DOCUMENTED.rstrip()),
    "32 form feed": Case(
        source=b"import a\n\x0c\n" + PLAIN + b"\n\x0c\n" + PLAIN,
        output=b"import a\n\x0c\n" + DOCUMENTED + b"\n\x0c\n" + DOCUMENTED,
    ),
    "32 form feed before the body": Case(
        source=b"def total(prices):\n\x0c    return sum(prices)\n",
        output=b"def total(prices):\n\x0c    return sum(prices)\n",
        skips=(("total", "one-liner"),),
    ),
    "42 trailing blanks": Case(
        source=b"def total(prices):   \n    \n\t\n    return sum(prices)  \n    \n",
        output=b'def total(prices):   \n    """Return the sum of all prices."""\n'
        b"    return sum(prices)  \n    \n",
    ),
    "48 an empty file": unchanged(b""),
    "48 blank lines": unchanged(b"\n \n\t\n"),
    "48 a comment without its newline": unchanged(b"# nothing"),
    "50 CR alone": unchanged(PLAIN.replace(b"\n", b"\r"), "unparsable"),
    "50 one CR among LF": unchanged(PLAIN + b"x = 1\ry = 2\n", "unparsable"),
    "50 mixed line endings": Case(
        source=b"x = 1\n" + crlf(PLAIN) + b"\n\n" + PLAIN.replace(b"total", b"total_of"),
        output=b"x = 1\n" + crlf(DOCUMENTED) + b"\n\n" + DOCUMENTED.replace(b"total", b"total_of"),
    ),
    "51 NUL bytes": unchanged(PLAIN + b"x = '\0'\n", "unparsable"),
    "51 bytes that are no UTF-8": unchanged(PLAIN + b"x = '\xff\xfe'\n", "unparsable"),
    "51 UTF-16": unchanged(PLAIN.decode().encode("utf-16"), "unparsable"),
    "53 characters without width": Case(
        source="x = '\u200b\ufeff\u2028\x85\x0c'  # \u202e\u2029\n".encode() + PLAIN,
        output="x = '\u200b\ufeff\u2028\x85\x0c'  # \u202e\u2029\n".encode() + DOCUMENTED,
    ),
    "53 a character without width where code is": unchanged(b"\xe2\x80\x8b" + PLAIN, "unparsable"),
    "53 separators in a body": Case(
        source=PLAIN.replace(b"    return", SEPARATORS + b"    return"),
        output=DOCUMENTED.replace(b"    return", SEPARATORS + b"    return"),
    ),
    "54 a folder that is named like a file": Case(
        source=PLAIN, output=DOCUMENTED, path="shop.py/total.py"
    ),
    "56 very long lines": Case(
        source=b"x = '" + b"x" * 200_000 + b"'\n" + PLAIN,
        output=b"x = '" + b"x" * 200_000 + b"'\n" + DOCUMENTED,
    ),
    "56 twenty thousand lines": Case(
        source=b"\n\n".join(PLAIN.replace(b"total", b"total_%d" % n) for n in range(MANY)),
        output=b"\n\n".join(DOCUMENTED.replace(b"total", b"total_%d" % n) for n in range(MANY)),
    ),
    "56 over a megabyte": unchanged(PLAIN + b"#" * 1_000_000, "too-large"),
    "nested too deep": unchanged(PLAIN + b"x = " + b"-" * 10_000 + b"1\n", "unparsable"),
    "nested deep": Case(
        source=PLAIN + b"x = " + b"-" * 100 + b"1\n",
        output=DOCUMENTED + b"x = " + b"-" * 100 + b"1\n",
    ),
}

ALL = {**FILES, **GENERATED}


@functools.cache
def ran(name: str) -> Result:
    return ALL[name].run()


@pytest.mark.parametrize("name", sorted(ALL))
def test_case(name: str) -> None:
    case = ALL[name]
    result = ran(name)
    assert result.error == ""
    assert (result.after if result.edits or result.mended else case.source) == case.output
    assert Counter((s.qualname or "*", s.reason.value) for s in result.skips) == Counter(case.skips)


@pytest.mark.parametrize("name", sorted(ALL))
def test_nothing_is_harmed(name: str) -> None:
    case = ALL[name]
    if case.output != case.source:
        assert (
            harm(case.source, case.output, mends=case.config.stale == "fix" or case.complete) == ""
        )


def assert_lines_are_true(result: Result) -> None:
    """Each name, and each stale entry that is left, stands on its line after the run."""
    missing = [target.definition for target in result.missing]
    places = {(d.qualname, d.line) for d in read_definitions(read(result.after))}
    for each in (*result.edits, *missing, *(skip for skip in result.skips if skip.qualname)):
        assert (each.qualname, result.line_now(each)) in places
    before, after = result.before.split(b"\n"), result.after.split(b"\n")
    written = {edit.qualname for edit in result.edits}
    for drift in result.drifts:
        if drift.qualname in written:
            assert b'"""' in after[drift.line - 1]
        else:
            assert after[drift.line - 1] == before[result.lines.before(drift.line) - 1]


@pytest.mark.parametrize(
    "name", sorted(name for name, case in ALL.items() if case.output != case.source)
)
def test_lines_are_those_of_the_definitions_afterwards(name: str) -> None:
    assert_lines_are_true(ran(name))


def test_lines_are_followed_through_docstrings_mends_and_sections() -> None:
    source = b'''import os


class Cart:
    def total(self):
        return sum(self.prices)


def mean(prices):
    """Return the mean."""
    return sum(prices) // len(prices)


def taxed(prices, rates):
    """Return the prices with tax.

    Args:
        rate: The share to add.
        prices: What is summed up.
        coin: What is paid with.

    Returns:
        The prices.
    """
    return [price * rates for price in prices]


class Till:
    def total(self):
        return os.getpid()
'''
    config = Config(kinds=("module", "class", "function", "method"), stale="fix", sections="always")
    words = {
        "param prices": ("the prices to sum.", 0.9),
        "returns": ("the mean of the prices", 0.9),
    }
    result = document(source, "shop.py", config, Canned(of=words), complete=True)
    assert_lines_are_true(result)
    assert [edit.qualname for edit in result.edits] == ["Cart.total"]
    assert [(drift.qualname, drift.line) for drift in result.drifts] == [("Cart.total", 6)]
    after = result.after.split(b"\n")
    mended = {drift.rule: after[result.line_now(drift) - 1].strip() for drift in result.mended}
    assert mended[DriftRule.PARAM_RENAMED].startswith((b"rates: The share", b"prices: What"))
    assert mended[DriftRule.SECTIONS_MISSING] == b'"""Return the mean.'


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_second_run_finds_nothing(name: str) -> None:
    case = ALL[name]
    again = case.again(case.output)
    assert (again.edits, again.error) == ((), "")
    assert Counter(s.reason for s in again.skips) == Counter(s.reason for s in ran(name).skips)


# Two witnesses of our own: not `docbot.verify`.

_Defined = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module


def harm(before: bytes, after: bytes, *, mends: bool = False) -> str:
    """What an edit did besides adding docstrings, and mending some; "" for nothing."""
    old, new = ast.parse(before), ast.parse(after)
    added: set[int] = set()
    gone: set[int] = set()
    for was, now in zip(_defined(old), _defined(new), strict=True):
        if ast.get_docstring(now, clean=False) == ast.get_docstring(was, clean=False):
            continue
        if ast.get_docstring(was, clean=False) is not None:
            if not mends:
                return f"{getattr(was, 'name', 'module')}: another docstring than before"
            gone.update(range(was.body[0].lineno, (was.body[0].end_lineno or 0) + 1))
            del was.body[0]
        added.update(range(now.body[0].lineno, (now.body[0].end_lineno or 0) + 1))
        del now.body[0]
    if ast.dump(old) != ast.dump(new):
        return "another tree"
    lines = [line for row, line in enumerate(after.split(b"\n"), 1) if row not in added]
    rest = [line for row, line in enumerate(before.split(b"\n"), 1) if row not in gone]
    if [line for line in lines if line.strip()] != [line for line in rest if line.strip()]:
        return "other lines"
    return "" if after[-1:] == before[-1:] else "another end"


def _defined(tree: ast.Module) -> list[_Defined]:
    return [node for node in ast.walk(tree) if isinstance(node, _Defined)]


# Formatters: what they leave alone before docbot they leave alone after it.

BLACK = ["black", "--quiet", "--fast"]
RUFF = ["ruff", "format", "--isolated", "--quiet"]


def formatted(tool: list[str], folder: Path, sources: dict[str, bytes]) -> dict[str, bytes]:
    """Every file as the tool would write it, or as it was where the tool cannot read it."""
    paths = {}
    for number, (name, source) in enumerate(sources.items()):
        suffix = ".pyi" if name in ALL and ALL[name].path.endswith("i") else ".py"
        paths[name] = folder / f"case_{number}{suffix}"
        paths[name].write_bytes(source)
    subprocess.run([sys.executable, "-m", *tool, str(folder)], check=False, capture_output=True)
    return {name: path.read_bytes() for name, path in paths.items()}


def changed(before: bytes, after: bytes) -> Counter[str]:
    """The lines a formatter took and gave, docbot's own left out."""
    lines = ndiff(before.decode("latin-1").split("\n"), after.decode("latin-1").split("\n"))
    return Counter(line for line in lines if line[0] in "+-" and SENTENCE not in line)


@pytest.mark.parametrize("tool", [BLACK, RUFF], ids=["black", "ruff"])
def test_formatters_change_nothing_more_than_before(tool: list[str], tmp_path: Path) -> None:
    small = {name: case for name, case in ALL.items() if len(case.source) < 10_000}
    for folder in ("before", "after", "again"):
        (tmp_path / folder).mkdir()
    before = formatted(tool, tmp_path / "before", {n: c.source for n, c in small.items()})
    after = formatted(tool, tmp_path / "after", {n: c.output for n, c in small.items()})
    more = {
        name: extra
        for name, case in small.items()
        if (extra := changed(case.output, after[name]) - changed(case.source, before[name]))
    }
    assert more == {}
    clean = {}
    for name, case in small.items():
        result = document(before[name], case.path, case.config, case.backend)
        clean[name] = result.after or before[name]
    again = formatted(tool, tmp_path / "again", clean)
    assert {name: again[name] for name in clean if again[name] != clean[name]} == {}


# Hostile words: whatever a model says, the program stays what it was.


@pytest.mark.parametrize("path", sorted(REPLIES.glob("*.txt")), ids=lambda path: path.stem)
@pytest.mark.parametrize("name", ["01_plain_def", "08_tabs", "10 CRLF", "12 latin-1"])
def test_hostile_replies_harm_nothing(path: Path, name: str) -> None:
    case = ALL[name]
    backend = Canned(text=path.read_bytes().decode("utf-8", "replace"))
    result = document(case.source, case.path, case.config, backend)
    assert result.error == ""
    assert not result.edits or harm(case.source, result.after) == ""


HOSTILE = ['"""', "'''", '"', "\\", "\\N{", "{x}", "%s", "\r", "\0", "\t", "\x1b[1m", "\ud800",
           "\u202e", "é", "日本", "a" * 10_000, "\n", "\n\n", "# noqa", ">>> 1", "```"]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_hostile_characters_harm_nothing(text: str) -> None:
    forms = (text, f"Return the sum of all prices {text}.", f"{text} sum of all prices.")
    for source in (PLAIN, b"# coding: ascii\n" + PLAIN, b"# coding: latin-1\n" + PLAIN):
        for form in (*forms, f"Return the sum of all prices.{text}"):
            result = document(source, "shop.py", FUNCTIONS, Canned(text=form))
            assert result.error == ""
            assert not result.edits or harm(source, result.after) == ""


# What only the whole line can show.


UNASKED = [("<module>", "unasked"), ("Cart", "unasked")]


@pytest.mark.parametrize(
    ("kinds", "expected"), [((), UNASKED[1:]), (("module", "class", "method"), UNASKED)]
)
def test_what_a_model_cannot_be_asked_is_left_alone(
    kinds: tuple[str, ...], expected: list[tuple[str, str]]
) -> None:
    """Of a module, nobody is told who did not ask for it: modules do not count by default."""
    source = b"class Cart:\n    def total(self):\n        return sum(self.prices)\n"
    only_functions = Format(prompt=ask, read_completion=str.strip, tasks=frozenset({Task.FUNCTION}))
    job = job_of(Config(kinds=kinds), format=only_functions)
    (result,) = fix([SourceFile(path=PurePosixPath("a.py"), source=source)], job)
    assert [make_edit.qualname for make_edit in result.edits] == ["Cart.total"]
    assert [(skip.qualname, skip.reason.value) for skip in result.skips] == expected


def test_fix_writes_every_kind_that_the_model_can_be_asked_about() -> None:
    case = FILES["99_class_and_module"]
    result = document(case.source, "shop.py", Config(), case.backend)
    assert result.after == case.output


LONG = b"""def total(prices, discount):
    result = sum(prices)
    if result < discount:
        raise ValueError(discount)
    result -= discount
    return result
"""
WORDS_FOR_LONG = Canned(
    of={
        "param prices": ("the prices to sum.", 0.9),
        "param discount": ("the discount on the sum.", 0.9),
        "returns": ("the sum of the prices.", 0.9),
        "raises ValueError": ("if the sum is less than the discount.", 0.9),
    }
)


@dataclass
class Slots:
    """A backend with a few slots, which answers one prompt, then takes the next, as LlamaCpp."""

    words: Canned
    slots: int = 2
    turns: int = 0
    heads: list[str] = field(default_factory=list)

    def complete(self, prompts: Iterable[Prompt]) -> Iterator[tuple[int, Completion]]:
        self.turns += 1
        waiting = enumerate(prompts)
        live: list[tuple[int, Prompt]] = []
        while True:
            while len(live) < self.slots and (pulled := next(waiting, None)) is not None:
                live.append(pulled)
                self.heads.append(pulled[1].head)
            if not live:
                return
            index, prompt = live.pop(0)
            for _, completion in self.words.complete([prompt]):
                yield index, completion


@pytest.mark.parametrize("slots", [1, 2, 5, 100])
def test_further_questions_join_the_stream(slots: int) -> None:
    config = Config(kinds=("function",), sections="always")
    backend = Slots(WORDS_FOR_LONG, slots)
    names = [f"{number}.py" for number in range(7)]
    files = [SourceFile(path=PurePosixPath(name), source=LONG) for name in names]
    results = list(fix(files, job_of(config, backend)))
    assert sorted(str(result.path) for result in results) == names
    for result in results:
        assert result.after.count(b"discount: The discount on the sum.") == 1
        assert b"ValueError: If the sum is less than the discount." in result.after
    assert len(backend.heads) == 7 * 5
    assert backend.turns <= 2  # the last headlines' questions come after the stream's end
    assert slots > 2 or backend.heads.index("returns") < 8  # and no others


def test_a_refused_headline_leads_to_no_questions() -> None:
    config = Config(kinds=("function",), sections="always")
    backend = Slots(Canned(text="Total."))
    (result,) = fix([SourceFile(path=PurePosixPath("a.py"), source=LONG)], job_of(config, backend))
    assert [skip.reason.value for skip in result.skips] == ["rejected"]
    assert backend.heads == ["function"]


def test_a_refused_phrase_takes_back_what_was_still_to_be_asked() -> None:
    config = Config(kinds=("function",), sections="always")
    backend = Slots(Canned(), slots=1)  # one answer for everything, which fits no slot
    (result,) = fix([SourceFile(path=PurePosixPath("a.py"), source=LONG)], job_of(config, backend))
    assert result.after == LONG.replace(
        b"):\n", b'):\n    """Return the sum of all prices."""\n', 1
    )
    assert backend.heads == ["function", "param prices"]


@pytest.mark.parametrize(
    ("source", "tasks", "sections", "expected"),
    [
        (LONG, set(Task), "auto", True),
        (LONG, set(Task) - {Task.RAISES}, "auto", False),
        (PLAIN, set(Task), "auto", False),  # short
        (PLAIN, set(Task), "always", True),
        (LONG.replace(b"    ", b"\t"), set(Task), "auto", False),
    ],
)
def test_when_sections_are_asked_for(
    source: bytes, tasks: set[Task], sections: str, *, expected: bool
) -> None:
    job = job_of(
        Config(kinds=("function",), sections=sections),
        WORDS_FOR_LONG,
        style=lambda _path: DocstringStyle(sections=True),
        format=Format(prompt=ask, read_completion=str.strip, tasks=frozenset(tasks)),
    )
    (result,) = fix([SourceFile(path=PurePosixPath("a.py"), source=source)], job)
    assert len(result.edits) == 1
    assert (b"Args:" in result.after) == expected


def test_changed_lines_only() -> None:
    source = PLAIN + b"\n\n" + PLAIN.replace(b"total", b"total_of")
    job = job_of()
    (result,) = fix([SourceFile(path=PurePosixPath("a.py"), source=source, changed=((6, 6),))], job)
    assert [make_edit.qualname for make_edit in result.edits] == ["total_of"]


def test_no_word_is_lost_between_many_files() -> None:
    """Answers come back last first; each file is done when its last one is there."""
    files = [
        SourceFile(path=PurePosixPath(f"{name}.py"), source=case.source)
        for name, case in FILES.items()
        if case.path == "shop.py"
    ]
    results = list(fix(files, job_of()))
    assert sorted(r.path for r in results) == sorted(f.path for f in files)
    assert [r.error for r in results if r.error] == []
    for result in results:
        assert not result.edits or harm(result.before, result.after) == ""


def test_out_of_time_lists_the_rest() -> None:
    turns = iter([False, False, False, True, True, True, True])
    job = job_of(out_of_time=lambda: next(turns))
    source = PLAIN + b"\n\n" + PLAIN.replace(b"total", b"total_of")
    files = [SourceFile(path=PurePosixPath(f"{n}.py"), source=source) for n in "abc"]
    results = {str(result.path): result for result in fix(files, job)}
    assert [len(results[name].edits) for name in ("a.py", "b.py", "c.py")] == [2, 0, 0]
    assert [s.reason.value for s in results["b.py"].skips] == ["out-of-time"]


# Modules that nobody would write.

NAMES = st.sampled_from(["total", "total_of", "total_to", "total", "größe", "_total", "__len__"])
HEADS = st.sampled_from(
    [
        "def {}(prices):",
        "def {}(self, prices=(), *args, **kwargs) -> int:",
        "def  {} ( prices ) :",
        "async def {}(prices):  # why: not",
        "def {}(prices='):', quote='\"\"\"'):",
        "def {}(prices: dict[str, int] = {{':': 1}}, /, *, key=lambda x: x[1:]):",
        "def {}(\n{indent}prices,  # all: of them\n{indent}):  # docbot: skip",
        "def {}(prices, \\\n{indent}    more=0):",
    ]
)
DECORATORS = st.sampled_from(
    [
        "",
        "",
        "",
        "@cached",
        "@property",
        "@overload",
        "@(lambda f: f)",
        "@a(\n{indent}  1)\n{indent}# b",
    ]
)
DOCSTRINGS = st.sampled_from(
    [
        "",
        "",
        "",
        "'Doc.'",
        '"""Doc.\n\nMore."""',
        "r'''\\d'''",
        "'a' 'b'",
        "('Doc.')",
        "f'no'",
        "b'no'",
    ]
)
STATEMENTS = st.sampled_from(
    [
        "return sum(prices)",
        "total = sum(prices); return total",
        "prices = sorted(prices)",
        "# comment",
        "pass",
        "...",
        "raise ValueError(prices)",
        "x = '''\n  def total(prices):\n\t\n\\\n'''",
        "x = 'ä\u2028\x0c' \\\n  'b'",
        "use(lambda: (prices,\n# inside\n))",
        "if prices: return sum(prices)",
        "'a string'",
        "assert prices, '#'",
    ]
)
GAPS = st.sampled_from(
    ["", "", "", "\n", "\n\n", "   \n", "\n\t\n", "{indent}# first\n", "# margin\n"]
)
BLOCKS = st.sampled_from(
    ["if prices:", "for price in prices:", "while prices:", "with prices:", "try:"]
)


@st.composite
def blocks(draw: st.DrawFn, depth: int, indent: str, unit: str, kind: str) -> str:
    """Lines of one block; at most two levels of definitions and blocks inside each other."""
    lines = []
    for _ in range(draw(st.integers(1, 3))):
        form = draw(
            st.sampled_from(["simple", "def", "class", "block"] if depth < 3 else ["simple"])
        )
        inner = blocks(depth + 1, indent + unit, unit, "class" if form == "class" else "def")
        if form == "def":
            decorator = draw(DECORATORS)
            head = f"{indent}{decorator}\n" * bool(decorator) + indent + draw(HEADS)
            lines.append(head.format(*[draw(NAMES)] * head.count("{}"), indent=indent))
            lines.append(draw(GAPS).format(indent=indent + unit).removesuffix("\n"))
            docstring = draw(DOCSTRINGS)
            lines += [f"{indent}{unit}{docstring}"] * bool(docstring)
            lines += [draw(inner), f"{indent}{unit}return sum(prices)"]
        elif form == "class":
            lines += [f"{indent}class {draw(NAMES)}:", draw(inner)]
        elif form == "block" and kind == "def":
            block = draw(BLOCKS)
            lines += [indent + block, draw(inner)]
            lines += [f"{indent}finally:", f"{indent}{unit}pass"] * (block == "try:")
        statement = draw(STATEMENTS) if kind == "def" else "prices = ()"
        lines.append(indent + statement)
        lines.append(f"{indent}pass")
    return "\n".join(lines)


@st.composite
def modules(draw: st.DrawFn) -> bytes:
    """A file: any indent, any line ending, with or without a byte order mark and a last newline."""
    unit = draw(st.sampled_from(["    ", "  ", "\t", " ", "        "]))
    code = draw(blocks(0, "", unit, "module")) + draw(
        st.sampled_from(["", "\n", "\n\n", "\n# end"])
    )
    ending = draw(st.sampled_from(["\n", "\n", "\r\n"]))
    bom = draw(st.sampled_from([b"", b"", b"\xef\xbb\xbf"]))
    source = bom + code.replace("\n", ending).encode()
    try:
        outline(source)
    except SourceError:
        assume(False)  # noqa: FBT003 - hypothesis's own signature
    return source


WORDS = st.sampled_from([SENTENCE, "Return the sum of prices."]) | st.text(max_size=40)


@settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
@given(modules(), WORDS, st.sampled_from([(), ("private", "test", "trivial", "stub", "overload")]))
def test_no_module_is_harmed(source: bytes, words: str, include: tuple[str, ...]) -> None:
    config = Config(include=include)
    result = document(source, "shop.py", config, Canned(text=words))
    assert result.error == ""
    if result.edits:
        assert harm(source, result.after) == ""
        assert document(result.after, "shop.py", config, Canned(text=words)).edits == ()


TEXTS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\r\0")
    | st.sampled_from("\"'\\\n"),
    max_size=30,
)


@settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
@given(modules(), TEXTS, st.sampled_from(['"""', "'''"]))
def test_any_literal_goes_where_it_belongs(source: bytes, text: str, quotes: str) -> None:
    """Edit and verify by themselves: they take words that no gate and no style would let pass."""
    escaped = text.replace("\\", "\\\\").replace(quotes[0], "\\" + quotes[0])
    decoded = read(source)
    new_edits = [
        make_edit(quotes + escaped + quotes, d, anchor, decoded.encoding)
        for d, anchor in undocumented(decoded)
        if d.name
    ]
    after = apply_edits(source, new_edits)
    verify(source, after, new_edits)
    assert harm(source, after) == ""
    documented = [d.docstring for d in read_definitions(read(after))[1:] if d.docstring is not None]
    assert documented.count(text) >= len(new_edits)
