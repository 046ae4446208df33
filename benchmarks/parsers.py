"""Compare how docbot and the libraries people use read the sections of real docstrings.

    python benchmarks/parsers.py                       # 20,000 docstrings of pinned packages
    python benchmarks/parsers.py --most 3000 --show 5  # and five of what no cause explains
    python benchmarks/parsers.py --folder PATH         # of other packages, too

The packages are pinned and hashed (parsers_readers.py). Docstrings of functions and classes are
taken where a line looks like a title or a field, and read by each library as of the style that
docbot finds, and once more in the style that the library finds. Compared are the names and types of
parameters (with `Other Parameters`, without attributes), the types returned or yielded, and the
exceptions. A difference has the first cause of `CAUSES` that fits, by rules over the text and the
two readings. Prints Markdown; exits 1 if the parts of a docstring, joined, are not its text.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import re
import sys
from collections import Counter, defaultdict
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

sys.path.insert(0, str(Path(__file__).parent))
import parsers_readers as sources
from parsers_readers import Reading, Text

from docbot.drift.docstring import SectionKind
from docbot.drift.expression import BUILTINS
from docbot.drift.parse import parse_docstring
from docbot.drift.words import cut_type

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

OURS, THEIRS, BOTH = "docbot", "library", "both"
LIBRARIES = {"docstring_parser": "DP", "griffe": "GR", "numpydoc": "ND", "pydoclint": "PL"}
ASPECTS = ("names", "types", "returns", "raises")
_RESULTS = {SectionKind.RETURNS, SectionKind.YIELDS}
_PARAMETERS = {SectionKind.PARAMETERS, SectionKind.OTHER_PARAMETERS}
_KINDS = {
    "names": _PARAMETERS,
    "types": _PARAMETERS,
    "returns": _RESULTS,
    "raises": {SectionKind.RAISES},
}
_ROLE = ":`"  # ends the name of a role
_TITLE = (
    r"(?:args|arguments|params|parameters|(?:keyword|other) \w+|returns?|yields?|raises?"
    r"|exceptions)"
)
_UNDERLINED = re.compile(rf"(?im)^([ \t]*)({_TITLE})[ \t]*\n[ \t]*(-+|=+)[ \t]*$")
# Titles of entries that a library knows; docstring_parser only as they are written here.
_KNOWN = {
    ("google", "DP"): "Arguments Args Parameters Params Raises Exceptions Except Returns Yields",
    ("google", "GR"): "args arguments params parameters raises exceptions returns yields",
    ("numpy", "DP"): "Parameters Params Arguments Args Raises Raise Returns Return Yields Yield",
    ("numpy", "GR"): "parameters raises returns yields",
    ("numpy", "ND"): "parameters raises returns yields",
}


class Difference:
    """One aspect of a docstring that docbot and a library read differently."""

    def __init__(self, item: Text, library: str, aspect: str, *readings: Reading) -> None:
        self.item, self.library, self.aspect = item, library, aspect
        self.style, self.text = item.style, item.text
        self.readings = readings  # ours, theirs
        self.error = readings[1].error

    @cached_property
    def ours(self) -> list[str]:
        """Return what docbot reads of the aspect; of types, those that differ."""
        return self._read(0)

    @cached_property
    def theirs(self) -> list[str]:
        """Return what the library reads of it."""
        return self._read(1)

    @cached_property
    def sections(self) -> list[tuple[str, str, bool]]:
        """Return title, text and readability of docbot's sections of the aspect."""
        parsed = parse_docstring(self.text)
        return [
            (section.title.of(self.text), section.span.of(self.text), section.readable)
            for section in parsed.sections
            if section.kind in _KINDS[self.aspect]
        ]

    @cached_property
    def unreadable(self) -> str:
        """Return the text of the sections of the aspect that docbot leaves alone."""
        return "\n".join(text for _, text, readable in self.sections if not readable)

    @property
    def code(self) -> str:
        """Return the style and the library in short."""
        return f"{self.style} {LIBRARIES[self.library]}"

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Return what differs, place by place, if both read as many."""
        same = len(self.ours) == len(self.theirs)
        both = zip(self.ours, self.theirs, strict=False)
        return [(a, b) for a, b in both if a != b] if same else []

    def has(self, pattern: str) -> bool:
        """Tell whether the docstring has a line that begins so."""
        return re.search(pattern, self.text, re.MULTILINE) is not None

    def some(self, fits: Callable[[str, str], bool]) -> bool:
        """Tell whether something holds of one that differs."""
        return any(fits(a, b) for a, b in self.pairs)

    def _read(self, side: int) -> list[str]:
        if self.aspect != "types":
            return list(getattr(self.readings[side], self.aspect))
        first, second = (dict(reading.types) for reading in self.readings)
        common = set(self.readings[0].names) & set(self.readings[1].names)
        names = [
            name
            for name in dict.fromkeys(self.readings[0].names)
            if name in common and first.get(name, "") != second.get(name, "")
        ]
        return [(first, second)[side].get(name, "") for name in names]


def differences(item: Text, library: str, ours: Reading, theirs: Reading) -> Iterator[Difference]:
    """Yield the aspects that differ; of a docstring that was refused, all that docbot reads."""
    for aspect in ASPECTS:
        found = Difference(item, library, aspect, ours, theirs)
        if found.ours != found.theirs:
            yield found


class Cause(NamedTuple):
    """A cause of differences: who is right, an example of ours, and when it applies."""

    name: str
    right: str
    example: str
    fits: Callable[[Difference], bool]


def _same_type(ours: str, theirs: str) -> bool:
    """Tell whether the library has `optional`, a default or a full stop in the type."""
    found = cut_type(theirs, 0, len(theirs)).type
    cut = found.of(theirs) if found else ""
    torn = rf"(?i){re.escape(ours)} [(\[]?(optional|default)"
    return cut == ours or re.match(torn, theirs) is not None


def _unknown_title(d: Difference) -> bool:
    style, library = d.code.replace("PL", "DP").split()
    known = _KNOWN.get((style, library), "").split()
    titles = [title.strip() for title, _, _ in d.sections]
    return bool(known) and any(
        (title if library == "DP" else title.lower()) not in known for title in titles if title
    )


def _odd_underline(d: Difference) -> bool:
    found = _UNDERLINED.findall(d.text)
    return d.style == "numpy" and any(len(title) != len(line) for _, title, line in found)


def _no_blank_around(d: Difference) -> bool:
    if d.code not in {"numpy ND", "numpy GR"}:
        return False
    if d.aspect == "types":
        return d.some(lambda a, b: bool(a) and not b) and d.has(r"^[ \t]*[\w*, ]+(: ?| :)\S")
    return any(re.match(r"[\w`*\\][\w`*, \\.]*( :$|:(?!\w+:`))", word) for word in d.theirs)


def _joined(d: Difference) -> bool:
    words = [word for name in d.theirs for word in re.split("[ ,:]+", name)]
    return [word.strip("*\\` ") for word in words if word] == d.ours


def _further(d: Difference) -> bool:
    return 0 < len(d.ours) < len(d.theirs) and d.theirs[: len(d.ours)] == d.ours


def _keeps_marks(ours: str, theirs: str) -> bool:
    bare = re.sub(r":[\w:]+:`|[`~!]|\(\)", "", theirs)
    return not theirs or bare.startswith(ours) or theirs[0] in "`:~" or " " in theirs


CAUSES = (
    Cause("an error for the whole docstring",
          OURS, "Raises:⏎    ValueError", lambda d: bool(d.error)),
    Cause("a template stands for entries: we leave the section alone",
          BOTH, "Parameters⏎----------⏎%(sep)s⏎x : int",
          lambda d: re.search(r"%\(\w+\)s", d.unreadable) is not None),
    Cause("`:raises:` without a name: we leave it alone", BOTH, ":raises: ValueError if empty.",
          lambda d: d.style == "sphinx" and d.aspect == "raises" and bool(d.unreadable)),
    Cause("a Sphinx field without the colon after its name: we leave it alone",
          BOTH, ":param sep Between words.",
          lambda d: d.style == "sphinx" and bool(d.unreadable)),
    Cause("a line among the entries is none: we leave the section alone",
          BOTH, "Args:⏎    sep: Stands⏎    between words.", lambda d: bool(d.unreadable)),
    Cause("NumPy: an underline of equals signs", OURS, "Parameters⏎==========",
          lambda d: d.style == "numpy" and d.library != "numpydoc"
          and d.has(rf"(?i)^[ \t]*{_TITLE}[ \t]*\n[ \t]*===")),
    Cause("NumPy: an underline longer or shorter than its title",
          OURS, "Parameters⏎-----------", lambda d: d.aspect != "types" and _odd_underline(d)),
    Cause("a title that the library does not know",
          OURS, "Return:⏎    The text.", lambda d: d.aspect != "types" and _unknown_title(d)),
    Cause("Google: the lines of one result are several results",
          OURS, "Returns:⏎    The text, with all⏎    blanks kept.",
          lambda d: d.style == "google" and d.aspect == "returns" and len(d.theirs) > 1),
    Cause("what follows the entries is read as more: another title, a directive",
          OURS, "Returns⏎-------⏎str⏎⏎See also⏎--------⏎split", _further),
    Cause("NumPy: a colon without blanks around it, or nothing after it",
          OURS, "sep: str", _no_blank_around),
    Cause("several names of one entry",
          OURS, "x, y : int", lambda d: d.aspect == "names" and _joined(d)),
    Cause("the braces of a choice are lost", OURS, 'how : {"a", "b"}',
          lambda d: d.library == "griffe" and d.some(lambda a, b: "{" in a and "{" not in b)),
    Cause("`or` is rewritten to `|`", OURS, ":rtype: str or None",
          lambda d: d.library == "griffe" and d.some(lambda a, b: " or " in a and " | " in b)),
    Cause("the full stop after a type is kept",
          BOTH, ":rtype: A list.", lambda d: d.some(lambda a, b: b == a + ".")),
    Cause("`optional` and the default are kept in the type",
          BOTH, "sep (`str`, *optional*, defaults to `None`): Between.",
          lambda d: d.aspect in {"types", "returns"} and d.some(_same_type)),
    Cause("Google: a colon within the brackets ends the name",
          OURS, "sep (:class:`str`): Between.",
          lambda d: d.style == "google" and d.aspect == "names" and "(" in "".join(d.theirs)),
    Cause("Google: no blank line above the title, or one below it",
          OURS, "Join.⏎Args:⏎    sep: Between.",
          lambda d: d.code == "google GR"
          and d.has(rf"(?i)(\S[ \t]*\n[ \t]*{_TITLE}:|^[ \t]*{_TITLE}:[ \t]*\n[ \t]*$)")),
    Cause("a role in a returned type is cut at its colon",
          OURS, "Returns:⏎    :class:`str`: All.",
          lambda d: d.style != "sphinx" and d.aspect == "returns" and _ROLE in str(d.ours)),
    Cause("NumPy: `type : text` under Returns; the type is taken for a name",
          OURS, "bool : Whether it fits.",
          lambda d: d.style == "numpy" and d.aspect == "returns"
          and d.some(lambda a, _: a in BUILTINS or a[:3] == "np.")),
    Cause("NumPy: text indented below its title is no result or entry to the library",
          OURS, "Returns⏎-------⏎    The text.",
          lambda d: d.style == "numpy" and not d.theirs
          and d.has(rf"(?i){_TITLE}\n[ \t]*-+\n    [ \t]+\S")),
    Cause("prose under Returns is taken for a type, or a phrase for prose",
          BOTH, "Returns⏎-------⏎The text of all words.",
          lambda d: d.aspect == "returns" and d.style != "sphinx"
          and ("" in d.ours or d.some(lambda a, b: not a or not b or " " in b))),
    Cause("Raises: role, backticks or text are kept in the name, or the name is lost",
          OURS, "Raises:⏎    :exc:`ValueError`: If empty.",
          lambda d: d.aspect == "raises" and (d.some(_keeps_marks) or _joined(d))),
    Cause("an entry is left out: no colon, an escaped star, brackets over two lines",
          OURS, "\\*words: str",
          lambda d: d.aspect in {"names", "raises"} and set(d.theirs) < set(d.ours)
          and d.style != "sphinx"),
    Cause("Sphinx: `:rtype:` without `:returns:`", OURS, ":rtype: str",
          lambda d: d.code == "sphinx GR" and d.aspect == "returns" and not d.theirs),
    Cause("Sphinx: two blanks in `:type  x:`, or the type of another kind of field",
          OURS, ":type  sep: str",
          lambda d: d.code == "sphinx GR" and d.aspect == "types" and "" in d.theirs),
    Cause("Sphinx: `:type x:` without `:param x:`", BOTH, ":type sep: str",
          lambda d: d.style == "sphinx" and d.aspect == "names" and set(d.theirs) <= set(d.ours)),
    Cause("Sphinx: text after a blank line is part of the last field",
          OURS, ":rtype: str⏎⏎See also split.",
          lambda d: d.style == "sphinx" and d.some(lambda a, b: b.startswith(a + " "))),
    Cause("Sphinx: a word in `:returns x:` is a type or a name",
          BOTH, ":returns dict: All of them.",
          lambda d: d.style == "sphinx" and d.has(r"^[ \t]*:(returns?|yields?)[ \t]+[^:\n]+:")),
)  # fmt: skip


def sort_differences(
    items: Sequence[Text], run: sources.Run
) -> tuple[dict[str, list[Difference]], set[int]]:
    """Return the differences by cause, "" for none, and the numbers of docstrings with any."""
    by_cause, differing = defaultdict(list), set()
    for at, item in enumerate(items):
        ours = run.readings["docbot"][at] or Reading()
        for library in LIBRARIES:
            theirs = run.readings[library][at]
            for found in differences(item, library, ours, theirs) if theirs else ():
                name = next((cause.name for cause in CAUSES if cause.fits(found)), "")
                by_cause[name].append(found)
                differing.add(at)
    return by_cause, differing


def print_causes(by_cause: Mapping[str, Sequence[Difference]]) -> None:
    """Print how many docstrings each cause concerns, by library, and who is right."""
    shorts = list(LIBRARIES.values())
    print(f"\n| cause | docstrings | {' | '.join(shorts)} | right | example |")
    print("| --- | --- |" + " --- |" * (len(shorts) + 2))
    causes = [*CAUSES, Cause("*unsorted*", "", "", bool)]
    rows: list[tuple[int, list[object]]] = []
    for cause in causes:
        found = by_cause.get(cause.name if cause.right else "", ())
        texts = [{d.text for d in found if d.library == library} for library in LIBRARIES]
        cells = [len({d.text for d in found}), *map(len, texts)]
        example = f"`` {cause.example} ``".replace("|", "\\|") if cause.example else ""
        rows.append((bool(cause.right) * cells[0], [cause.name, *cells, cause.right, example]))
    for _, row in sorted(rows, key=lambda found: -found[0]):
        print("| " + " | ".join(map(str, row)) + " |")


def print_speed(run: sources.Run) -> None:
    """Print CPU seconds, and ours on the same docstrings."""
    ours = run.seconds["docbot"]
    print("\n| reader | CPU s | docbot on the same | times docbot |\n| --- | --- | --- | --- |")
    for name, seconds in run.seconds.items():
        total = sum(seconds.values())
        same = sum(value for style, value in ours.items() if style in seconds or "all" in seconds)
        print(f"| {name} | {total:.2f} | {same:.2f} | {total / same:.2f} |")


def print_summary(items: Sequence[Text], run: sources.Run, differing: set[int]) -> None:
    """Print how many are read alike, by style, and the styles that the libraries find."""
    packages = len({item.package for item in items})
    print(f"{len(items)} docstrings of {packages} packages, each tiled by its parts.\n")
    print("| style | docstrings | read alike by all |\n| --- | --- | --- |")
    counts = Counter(item.style for item in items)
    alike = Counter(item.style for at, item in enumerate(items) if at not in differing)
    for style in sorted(counts):
        print(f"| {style} | {counts[style]} | {alike[style]} |")
    print(f"| all | {len(items)} | {sum(alike.values())} |\n")
    for name in ("docstring_parser, auto", "griffe, auto"):
        found = [reading.style or "none" for reading in run.readings[name] if reading]
        pairs = Counter(zip((item.style for item in items), found, strict=True))
        other = {pair: n for pair, n in pairs.most_common() if pair[0] != pair[1]}
        words = ", ".join(f"{ours} as {theirs} {n}" for (ours, theirs), n in other.items())
        print(f"{name}: another style than docbot's in {sum(other.values())}: {words}.")


def main() -> None:
    """Compare the readers, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--most", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, default=0, help="unsorted differences to print")
    parser.add_argument("--folder", type=Path, action="append", default=[])
    options = parser.parse_args()
    sources.WORK.mkdir(parents=True, exist_ok=True)
    sources.install(sources.WORK)
    paths = [*sources.wheels(), *options.folder]
    items = [item for path in paths for item in sources.docstrings(path)]
    chosen = random.Random(options.seed)
    items = chosen.sample(items, min(options.most, len(items)))
    if torn := next(sources.parts_differ(items), None):
        sys.exit(f"the parts are not the text:\n{torn}")
    run = sources.read(items)
    by_cause, differing = sort_differences(items, run)
    print_summary(items, run, differing)
    print_causes(by_cause)
    print_speed(run)
    rest = by_cause[""]
    for found in chosen.sample(rest, min(options.show, len(rest))):
        print(f"\n{found.item.package} {found.code} {found.aspect}: {found.ours} {found.theirs}")
        print("\n".join(text for _, text, _ in found.sections)[:1000])
    print(f"\nPython {platform.python_version()}, {', '.join([*sources.READERS, *sources.FORK])};")
    print(f"{os.cpu_count()} cores, {platform.machine()}, load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
