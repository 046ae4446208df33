"""Measure what `docbot fix --stale fix` restores of docstrings whose names or order are wrong.

What should come out is computed here, by lines and regular expressions, without docbot: the name
of the one entry replaced, the entry removed, or the entries put in the signature's order. A file
counts as restored when every byte of it is so.
"""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from drift_functions import function_of, parameters
from drift_tools import Findings, new
from safety import commit, git

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from drift_functions import Function
    from drift_mutations import Mutant

KINDS = ("rename", "reorder", "remove")
STALE = "--stale"
FIX = ("fix", STALE, "fix", "--no-cache", "--kinds", "function", "--kinds", "method")
TITLES = {
    "google": re.compile(r"^\s*(Args|Arguments|Parameters):\s*$"),
    "numpy": re.compile(r"^\s*Parameters\s*$"),
    "sphinx": re.compile(r"^\s*:(param|type)\b"),
}
HEADS = {
    "google": r"^\s*\\?\*{{0,2}}{name}\s*(\(.*?\))?\s*:",
    "numpy": r"^\s*\\?\*{{0,2}}{name}\s*(:|$)",
    "sphinx": r"^\s*:(param|type)\b[^:]*?\b{name}\s*:",
}
UNDERLINE = re.compile(r"^\s*-{3,}\s*$")
ENTRY = {
    "google": re.compile(r"^\s*[\\*]*(\w+)\s*(\(.*?\))?\s*:"),
    "numpy": re.compile(r"^\s*[\\*]*(\w+)\s*(:.*)?$"),
    "sphinx": re.compile(r"^\s*:(?:param|type)\b[^:]*?(\w+)\s*:"),
}


@dataclass(frozen=True, kw_only=True)
class Entries:
    """The entries of a parameter section, in the lines of a file.

    Attributes:
        start: The first line of the first entry, from 0.
        names: Their names, in order.
        texts: Their text, without blank lines after it.
        gaps: The line ends and blank lines after each.

    """

    start: int
    names: list[str]
    texts: list[str]
    gaps: list[str]

    def render(self, order: list[int]) -> str:
        """Return these entries in this order; where fewer are left, the last gap stays last."""
        gaps = [*self.gaps[: len(order) - 1], self.gaps[-1]]
        return "".join(self.texts[at] + gap for at, gap in zip(order, gaps, strict=True))

    @property
    def whole(self) -> str:
        """Return the entries as they are."""
        return self.render(list(range(len(self.names))))


def expected(function: Function, mutant: Mutant, kind: str) -> str | None:
    """Return the file that a mend should leave; None where the entries are not plain to cut."""
    found = cut(function, mutant.source)
    if found is None:
        return None
    if kind == "rename":
        at = found.names.index(mutant.subject)
        head = re.compile(HEADS[function.style].format(name=re.escape(mutant.subject)))
        texts = list(found.texts)
        texts[at] = "".join(
            renamed(line, head, mutant) for line in texts[at].splitlines(keepends=True)
        )
        gaps = found.gaps
        after = "".join(text + gap for text, gap in zip(texts, gaps, strict=True))
    else:
        node = function_of(mutant.source)
        method = mutant.source.startswith("class ")
        signature = parameters(node, method=method)
        left = [at for at, name in enumerate(found.names) if name in signature]
        if not left:
            return None
        if kind == "reorder":
            left.sort(key=lambda at: signature.index(found.names[at]))
        after = found.render(left)
    return mutant.source.replace(found.whole, after, 1)


def renamed(line: str, head: re.Pattern[str], mutant: Mutant) -> str:
    """Return a line with the new name, if it begins the entry."""
    if not (match := head.match(line)):
        return line
    word = rf"\b{re.escape(mutant.subject)}\b(?=\W*$|\s*[:(])"
    return re.sub(word, mutant.replaced, match[0], count=1) + line[match.end() :]


def cut(function: Function, text: str) -> Entries | None:
    """Cut the parameter section of a file into entries; None unless they are all there."""
    node = function_of(text).body[0]
    if not isinstance(node, ast.Expr):
        return None
    every = text.splitlines(keepends=True)
    first, last = node.lineno - 1, node.end_lineno or node.lineno
    style = function.style
    titles = [at for at in range(first, last) if TITLES[style].match(every[at])]
    if not titles:
        return None
    start = titles[0] + {"google": 1, "numpy": 2, "sphinx": 0}[style]
    margin = _margin(every[start])
    groups: list[tuple[str, list[str]]] = []
    for at in range(start, last):
        line, bare = every[at], every[at].strip()
        if UNDERLINE.match(every[at + 1]) if at + 1 < last else False:
            break  # the title of NumPy's next section
        if bare and _margin(line) <= margin:
            match = ENTRY[style].match(line) if _margin(line) == margin else None
            if match is None or bare[:3] in ('"""', "'''"):
                break
            if not groups or groups[-1][0] != match[1]:
                groups.append((match[1], []))
        if groups:
            groups[-1][1].append(line)
    names = [name for name, _ in groups]
    if names != [entry.name for entry in function.entries] or '"""' in "".join(groups[-1][1]):
        return None
    texts = ["".join(lines).rstrip() for _, lines in groups]
    gaps = ["".join(lines)[len(t) :] for (_, lines), t in zip(groups, texts, strict=True)]
    return Entries(start=start, names=names, texts=texts, gaps=gaps)


def _margin(line: str) -> int:
    return len(line) - len(line.lstrip())


def print_mends(
    style: str,
    functions: Mapping[str, Function],
    mutants: Mapping[str, Mapping[str, Mutant]],
    runs: Mapping[str, Callable[[Path, str], Findings]],
    folder: Path,
) -> None:
    """Mend the mutants, and print how many are restored and how many are silent for all tools.

    Once docbot sees the mutants alone, and once staged over the originals.
    """
    print(f"\n{style}, mended\n\n| mutation | with | n | restored to the byte | all tools silent |")
    print("| --- | --- | --- | --- | --- |")
    for staged in (False, True):
        made = folder / f"{style}-{'staged' if staged else 'committed'}"
        wanted = prepare(made, functions, mutants, staged=staged)
        command = [sys.executable, "-m", "docbot", *FIX, *(["--staged"] if staged else []), "."]
        done = subprocess.run(command, cwd=made, capture_output=True, text=True, check=False)
        if done.returncode not in (0, 1):
            sys.exit(f"{' '.join(command)}: exit {done.returncode}\n{done.stderr[-2000:]}")
        said = [run(made, style) for tool, run in runs.items() if "--staged" not in tool]
        for kind in KINDS:
            after = {name: text for (of, name), text in wanted.items() if of == kind}
            restored = sum((made / kind / n).read_bytes() == t.encode() for n, t in after.items())
            silent = sum(is_silent(said, f"{kind}/{n}", f"original/{n}") for n in after)
            how = "staged" if staged else "the mutant alone"
            print(f"| {kind} | {how} | {len(after)} | {restored} | {silent} |")


def is_silent(said: Sequence[Findings], path: str, original: str) -> bool:
    """Check that no tool has a finding of a code that the original does not have as often."""
    return not any(new(found, path, original, by_code=True) for found in said)


def prepare(
    folder: Path,
    functions: Mapping[str, Function],
    mutants: Mapping[str, Mapping[str, Mutant]],
    *,
    staged: bool,
) -> dict[tuple[str, str], str]:
    """Make a repository of the mutants whose mend is known; return what should come out."""
    shutil.rmtree(folder, ignore_errors=True)
    wanted = {}
    for kind in ("original", *KINDS):
        (folder / kind).mkdir(parents=True)
    for name, function in functions.items():
        (folder / "original" / name).write_bytes(function.source.encode())
        for kind in KINDS:
            mutant = mutants[kind].get(name)
            text = mutant and expected(function, mutant, kind)
            if text:
                wanted[kind, name] = text
    for source in ("original", "mutant") if staged else ("mutant",):
        for kind, name in wanted:
            text = functions[name].source if source == "original" else mutants[kind][name].source
            (folder / kind / name).write_bytes(text.encode())
        if source == "original" or not staged:
            commit(folder, new=True)
    git(folder, "add", "--all")
    return wanted
