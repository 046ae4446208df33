"""Mine pairs of an older and a newer version of one documented function from git histories.

A pair is a function, of one path and one qualified name, that a commit changed by more than its
formatting. It is changed where the commit gave the docstring's first sentence another meaning, and
unchanged where it left the whole docstring as it was; what lies between is left out. Nothing of
docbot's own rules is used to tell them apart.
"""

from __future__ import annotations

import ast
import difflib
import re
import subprocess
import textwrap
from collections import OrderedDict, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import snowballstemmer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from types import TracebackType

    from typing_extensions import Self

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef

TESTS = re.compile(
    r"(?:^|/)(?:tests?|testing|docs?|examples?|benchmarks?)/|(?:^|/)(?:test_|conftest)|_test\.py$"
)
MOST_LINES = 30
"""Changed lines of a pair, at most: a function that is written anew is no edit."""
MOST_FUNCTIONS = 60
"""Functions that a commit changes, at most: more are a mass edit."""
MOST_FILES = 100
"""Files that a commit changes, at most, to be looked at."""
CACHED = 3000
"""Blobs whose functions are remembered: the new one of a commit is the old one of a later."""
TYPO = 0.8
"""Two words that are so similar are one word and its misspelling."""

# Words without a meaning of their own, in a summary.
EMPTY_WORDS = """
    a an the this that these those it its of in on at to for from by with as and or nor but if
    is are was were be been being do does did has have had will would shall should can could
    may might must which who whose when where while than then so such into onto via per up out
    off over under one any all each every some given return returns function method class
    object use using used also just only whether i we you your our e g ie eg etc s t
"""
EMPTY = frozenset(EMPTY_WORDS.split())
_WORD = re.compile(r"[A-Za-z]+(?:'[a-z]+)?|\d+")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s")
_BLANK_LINE = re.compile(r"\n\s*\n")
_STEMMER = snowballstemmer.stemmer("english")


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two versions of a function; each is the text of a file that holds it alone.

    Attributes:
        package: The package.
        commit: The commit that made the newer version of the older one.
        path: Its file.
        qualname: Its qualified name.
        old: The older version.
        new: The newer version.
        lines: How many lines of code, docstrings left out, were added or removed.
        changed: Whether the docstring's first sentence has another meaning.

    """

    package: str
    commit: str
    path: str
    qualname: str
    old: str
    new: str
    lines: int
    changed: bool


class Repository:
    """The blobs of a git directory, read through one process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        command = ["git", f"--git-dir={folder}", "cat-file", "--batch"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._cache: OrderedDict[str, Mapping[str, str]] = OrderedDict()

    def __enter__(self) -> Self:
        """Enter the context and return self."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the process."""
        self._process.communicate()

    def functions(self, blob: str) -> Mapping[str, str]:
        """Return the documented functions of a blob by their qualified names."""
        if blob in self._cache:
            self._cache.move_to_end(blob)
            return self._cache[blob]
        found = functions_of(self._read(blob))
        self._cache[blob] = found
        if len(self._cache) > CACHED:
            self._cache.popitem(last=False)
        return found

    def _read(self, blob: str) -> bytes:
        ask, answer = self._process.stdin, self._process.stdout
        if ask is None or answer is None:
            raise TypeError("the process has no pipes")
        ask.write(f"{blob}\n".encode())
        ask.flush()
        header = answer.readline().split()
        content = answer.read(int(header[2]))
        answer.read(1)
        return content

    def commits(self) -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
        """Yield the commits, the oldest first, each with (path, old blob, new blob) of its files.

        Merges are left out, and so are files that a commit creates, deletes or renames.
        """
        command = ["git", f"--git-dir={self.folder}", "log", "--reverse", "--no-merges", "--raw"]
        command += ["--no-abbrev", "--find-renames", "--format=%H", "HEAD", "--", "*.py"]
        text = subprocess.run(command, check=True, capture_output=True).stdout.decode(
            errors="replace"
        )
        commit, files = "", []
        for line in text.splitlines():
            if line.startswith(":"):
                facts, _, path = line.partition("\t")
                _, _, old, new, status = facts.split(" ")
                if status == "M" and not TESTS.search(path):
                    files.append((path, old, new))
            elif line:
                if files:
                    yield commit, files
                commit, files = line, []
        if files:
            yield commit, files


def mine(package: str, folder: Path) -> Iterator[Pair]:
    """Yield the pairs of a repository, each change once."""
    seen = set()
    with Repository(folder) as repository:
        for commit, files in repository.commits():
            if len(files) > MOST_FILES:
                continue
            touched = [
                (path, name, old, new)
                for path, before, after in files
                for name, old, new in _touched(repository, before, after)
            ]
            if len(touched) > MOST_FUNCTIONS:
                continue
            for path, name, old, new in touched:
                if (old, new) in seen:
                    continue
                seen.add((old, new))
                verdict = compare(old, new)
                if verdict is not None:
                    lines, changed = verdict
                    yield Pair(
                        package=package,
                        commit=commit,
                        path=path,
                        qualname=name,
                        old=old,
                        new=new,
                        lines=lines,
                        changed=changed,
                    )


def _touched(repository: Repository, before: str, after: str) -> Iterator[tuple[str, str, str]]:
    old, new = repository.functions(before), repository.functions(after)
    for name, text in new.items():
        if name in old and old[name] != text:
            yield name, old[name], text


def functions_of(source: bytes) -> Mapping[str, str]:
    """Return the documented functions of a file, each as the text of a file of its own.

    Functions that share a name (overloads, the parts of a property) are left out, and so are inner
    ones; a file that cannot be parsed has none.
    """
    if b'"""' not in source and b"'''" not in source:
        return {}
    try:
        text = source.decode().replace("\r\n", "\n")
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return {}
    lines = text.split("\n")
    found: dict[str, list[str]] = defaultdict(list)
    for node, owner in _definitions(tree.body, ""):
        if ast.get_docstring(node, clean=False) is not None:
            found[f"{owner}{node.name}"].append(_isolate(lines, node, owner))
        else:
            found[f"{owner}{node.name}"].append("")
    return {name: texts[0] for name, texts in found.items() if len(texts) == 1 and texts[0]}


def _definitions(body: list[ast.stmt], owner: str) -> Iterator[tuple[FunctionNode, str]]:
    for node in body:
        if isinstance(node, FunctionNode):
            yield node, owner
        elif isinstance(node, ast.ClassDef):
            yield from _definitions(node.body, f"{owner}{node.name}.")
        elif isinstance(node, (ast.If, ast.Try)):
            yield from _definitions([*node.body, *node.orelse], owner)


def _isolate(lines: list[str], node: FunctionNode, owner: str) -> str:
    """Return a function's text, dedented; a method's with the header of its class."""
    first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
    body = textwrap.dedent("\n".join(lines[first - 1 : node.end_lineno])) + "\n"
    if not owner:
        return body
    return f"class {owner.split('.')[-2]}:\n" + textwrap.indent(body, "    ")


def compare(old: str, new: str) -> tuple[int, bool] | None:
    """Return how many lines of code changed, and whether the summary did; None for no pair."""
    try:
        former, node = (ast.parse(text) for text in (old, new))
    except (SyntaxError, ValueError):  # a string over several lines may not survive the dedenting
        return None
    docs = [docstring_of(tree) for tree in (former, node)]
    bare = [_bare(tree) for tree in (former, node)]
    if bare[0] == bare[1]:
        return None
    changes = difflib.ndiff(bare[0].split("\n"), bare[1].split("\n")) if _is_small(*bare) else ()
    lines = sum(line[0] in "+-" for line in changes)
    if not 0 < lines <= MOST_LINES:
        return None
    if docs[0] == docs[1]:
        return lines, False
    return (
        (lines, True) if other_meaning(first_sentence(docs[0]), first_sentence(docs[1])) else None
    )


def _is_small(old: str, new: str) -> bool:
    """Check quickly that two texts may differ in few lines only."""
    a, b = old.split("\n"), new.split("\n")
    return abs(len(a) - len(b)) <= MOST_LINES and len(set(a) ^ set(b)) <= MOST_LINES


def docstring_of(tree: ast.Module) -> str:
    """Return the docstring of the one function of a file."""
    return ast.get_docstring(function_node(tree), clean=False) or ""


def function_node(tree: ast.Module) -> FunctionNode:
    """Return the one function of a file."""
    node = tree.body[0]
    found = node.body[0] if isinstance(node, ast.ClassDef) else node
    if not isinstance(found, FunctionNode):
        raise TypeError(ast.dump(found))
    return found


def _bare(tree: ast.Module) -> str:
    """Return the code without docstrings, comments and formatting."""
    for node in ast.walk(tree):
        if isinstance(node, FunctionNode | ast.ClassDef) and node.body:
            first = node.body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(tree)


def first_sentence(docstring: str) -> str:
    """Return a docstring's first sentence, on one line."""
    paragraph = _BLANK_LINE.split(docstring.strip())[0]
    return _SENTENCE_END.split(" ".join(paragraph.split()))[0]


def other_meaning(old: str, new: str) -> bool:
    """Check whether two sentences differ in a meaning word that is no corrected misspelling."""
    before, after = _meaning(old), _meaning(new)
    gone, come = before - after, after - before
    typos = {
        frozenset((a, b))
        for a in gone
        for b in come
        if difflib.SequenceMatcher(None, a, b).ratio() >= TYPO
    }
    return bool((gone | come) - frozenset().union(*typos))


def _meaning(sentence: str) -> set[str]:
    words = {word.lower() for word in _WORD.findall(sentence)}
    return {_STEMMER.stemWord(word) for word in words - EMPTY}
