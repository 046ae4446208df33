"""Strip real packages of their docstrings, run `docbot fix` on them, and count the harm.

    python benchmarks/safety.py                        # all of packages.txt
    python benchmarks/safety.py flask httpx            # some
    python benchmarks/safety.py --min-confidence 0     # everything the gate lets through at all

The packages are pinned and hashed in packages.txt, and held out of the model's training. Each is
unpacked, its functions' docstrings are removed, and it is committed to a fresh git repository, so
that docbot works as in a user's repository. The checks here are independent: nothing of
`docbot.docstring.verify` is used. Needs the `test` extra (ruff, black, pydoclint).

Prints a Markdown table; exits 1 when a file was harmed or a linter found something new.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import io
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
import tokenize
import zipfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HERE = Path(__file__).parent
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
DEFINED = (*FUNCTIONS, ast.ClassDef, ast.Module)


@dataclass(kw_only=True)
class Row:
    """The figures of one package.

    Attributes:
        package: Its name and version.
        files: Python files.
        offered: Definitions written or skipped.
        written: Docstrings written.
        skipped: Number of skips by reason.
        harmed: Harmed files, each with its harm.
        second_run: Docstrings that a second run wrote.
        added: New findings of the linters, by rule.
        seconds: Wall-clock time of the first run.
        peak_mib: Its peak memory, in MiB.

    """

    package: str
    files: int = 0
    offered: int = 0
    written: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    harmed: list[str] = field(default_factory=list)
    second_run: int = 0
    added: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    peak_mib: float = 0.0


def fetch(names: Sequence[str], wheels: Path, listed: str = "packages.txt") -> list[Path]:
    """Download the wheels that a list pins, unless they are there; pip checks the hashes."""
    pins = [line for line in (HERE / listed).read_text().splitlines() if line]
    if unknown := set(names) - {pin.partition("==")[0] for pin in pins}:
        sys.exit(f"not in {listed}: {', '.join(sorted(unknown))}")
    pins = [pin for pin in pins if not names or pin.partition("==")[0] in names]
    wheels.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as requirements:
        requirements.write("\n".join(pins))
        requirements.flush()
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--require-hashes", "--only-binary", ":all:"]
        command += ["--dest", str(wheels), "--requirement", requirements.name]
        subprocess.run(command, check=True)
    versions = [pin.partition(" ")[0].split("==") for pin in pins]
    return [next(wheels.glob(f"{name}-{version}-*.whl")) for name, version in versions]


def strip(source: bytes) -> bytes:
    """Remove the docstrings of a file's functions; a body without other code becomes `pass`."""
    tree = ast.parse(source)
    lines = source.splitlines(keepends=True)
    nodes = [n for n in ast.walk(tree) if isinstance(n, FUNCTIONS) and docstring(n) is not None]
    for node in sorted(nodes, key=lambda n: n.lineno, reverse=True):
        first = node.body[0]
        start, end = first.lineno - 1, first.end_lineno or first.lineno
        before = lines[start][: first.col_offset]
        after = lines[end - 1][first.end_col_offset :]
        if before.strip() or after.strip(b" \t\r\n"):
            continue  # shares its line with code
        only = len(node.body) == 1
        lines[start:end] = [before + b"pass" + after] if only else []
    return b"".join(lines)


def docstring(node: ast.AST) -> str | None:
    """Return a definition's docstring unchanged; None without one."""
    return ast.get_docstring(node, clean=False) if isinstance(node, DEFINED) else None


def prepare(wheel: Path, repository: Path) -> None:
    """Make a git repository with the stripped package committed."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(repository)
    for file in repository.rglob("*.py"):
        source = file.read_bytes()
        try:
            file.write_bytes(strip(source))
        except SyntaxError:
            print(f"not stripped: {file.name}", file=sys.stderr)
    commit(repository, new=True)


def git(repository: Path, *arguments: str) -> None:
    """Run git without the user's configuration."""
    identity = ["-c", "user.name=safety", "-c", "user.email=safety@localhost"]
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    subprocess.run(["git", *identity, *arguments], cwd=repository, check=True, env=environment)


def commit(repository: Path, *, new: bool = False) -> None:
    """Commit all files; with `new`, make the repository first."""
    if new:
        git(repository, "init", "--quiet")
    git(repository, "add", "--all", "--force")
    git(repository, "commit", "--quiet", "--allow-empty", "--message", "state")


def docbot(repository: Path, options: Sequence[str]) -> tuple[dict, float, float]:
    """Run `docbot fix` and return its JSON, wall-clock seconds and peak memory in MiB."""
    command = [sys.executable, "-m", "docbot", "fix", str(repository), "--format", "json"]
    command += ["--no-cache", *options]
    started = time.perf_counter()
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(command, stdout=out)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - started
        if process.returncode not in (0, 1):
            sys.exit(f"docbot exited with {process.returncode}")
        out.seek(0)
        report = json.loads(out.read())
    unit = 1024 if platform.system() == "Linux" else 1024 * 1024
    return report, seconds, usage.ru_maxrss / unit


def harm(before: bytes, after: bytes) -> str:  # noqa: PLR0911 - one line for each kind of harm
    """Return the first harm done to an edited file, or "".

    Blank lines between a header and its body may go (pydocstyle's D202); nothing else may.
    """
    try:
        old = parse(before)
        new = ast.parse(after, type_comments=True) if old[1] else ast.parse(after)
    except SyntaxError as error:
        return f"does not parse: {error}"
    tree = old[0]
    had = [docstring(n) for n in ast.walk(tree) if isinstance(n, DEFINED)]
    has = [docstring(n) for n in ast.walk(new) if isinstance(n, DEFINED)]
    if any(doc is not None and doc != now for doc, now in zip(had, has, strict=True)):
        return "a docstring that was there changed"
    if ast.dump(without_docstrings(tree)) != ast.dump(without_docstrings(new)):
        return "the syntax tree changed"
    if tokens(before) != tokens(after):
        return "the tokens changed"
    for line in difflib.ndiff(
        before.decode("latin-1").splitlines(), after.decode("latin-1").splitlines()
    ):
        if line.startswith("- ") and line[2:].strip():
            return f"a line is gone: {line[2:]!r}"
    if {end(line) for line in after.splitlines(keepends=True)} - {
        end(line) for line in before.splitlines(keepends=True)
    }:
        return "a new kind of line ending"
    return ""


def parse(source: bytes) -> tuple[ast.Module, bool]:
    """Parse a file, and return whether that worked with the type comments of PEP 484."""
    try:
        return ast.parse(source, type_comments=True), True
    except SyntaxError:
        return ast.parse(source), False


def end(line: bytes) -> bytes:
    """Return a line's ending."""
    return line[len(line.rstrip(b"\r\n")) :]


def without_docstrings(tree: ast.Module) -> ast.Module:
    """Drop every docstring of a tree, and the line numbers of `# type: ignore`."""
    tree.type_ignores = []
    for node in ast.walk(tree):
        if isinstance(node, DEFINED) and docstring(node) is not None:
            del node.body[0]
    return tree


def tokens(source: bytes) -> list[tuple[int, str]]:
    """Return all tokens except layout and docstrings."""
    rows = {
        row
        for node in ast.walk(ast.parse(source))
        if isinstance(node, DEFINED) and docstring(node) is not None
        for row in range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1)
    }
    layout = {tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.NEWLINE, tokenize.ENCODING}
    all_tokens = tokenize.tokenize(io.BytesIO(source).readline)
    return [
        (t.type, t.string) for t in all_tokens if t.type not in layout and t.start[0] not in rows
    ]


def findings(repository: Path, files: Sequence[str]) -> Counter[str]:
    """Count the findings of ruff D, pydoclint and the formatters.

    ruff's convention is pep257, without D1 (missing docstrings).
    """
    if not files:
        return Counter()
    counts: Counter[str] = Counter()
    ruff = [sys.executable, "-m", "ruff"]
    rules = ["--select", "D", "--ignore", "D1", "--config", "lint.pydocstyle.convention='pep257'"]
    report = output(
        repository, [*ruff, "check", "--isolated", *rules, "--output-format", "json", *files]
    )
    counts.update(f"ruff {item['code']}" for item in json.loads(report))
    report = output(repository, [*pydoclint(), "--quiet", "--style=google", *files])
    counts.update(word for line in report.splitlines() for word in line.split() if is_doc(word))
    report = output(repository, [*ruff, "format", "--isolated", "--check", *files])
    counts.update("ruff format" for line in report.splitlines() if line.startswith("Would"))
    black = [sys.executable, "-m", "black", "--config", os.devnull, "--check", *files]
    report = output(repository, black)
    counts.update("black" for line in report.splitlines() if line.startswith("would reformat"))
    return counts


def is_doc(word: str) -> bool:
    """Check whether this is one of pydoclint's codes, such as `DOC101:`."""
    return word.startswith("DOC") and word.rstrip(":")[3:].isdigit()


def pydoclint() -> list[str]:
    """Return the command of pydoclint, installed beside this interpreter."""
    command = shutil.which("pydoclint", path=str(Path(sys.executable).parent))
    if command is None:
        sys.exit("pydoclint is not installed: pip install -e '.[test]'")
    return [command]


def output(folder: Path, command: Sequence[str]) -> str:
    """Return what a linter prints, of both streams unless it is JSON.

    Its exit code is ignored: it only says whether the linter found anything.
    """
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return result.stdout if "json" in command else result.stdout + result.stderr


def measure(wheel: Path, repository: Path, options: Sequence[str]) -> Row:
    """Compare one package before and after `docbot fix`."""
    row = Row(package="-".join(wheel.name.split("-")[:2]))
    prepare(wheel, repository)
    before = {path: path.read_bytes() for path in python_files(repository)}
    row.files = len(before)
    shutil.copytree(repository, pristine := repository.with_suffix(".before"))
    report, row.seconds, row.peak_mib = docbot(repository, options)
    row.written = report["summary"]["written"]
    row.skipped = Counter(report["summary"]["skipped"])
    row.offered = row.written + sum(row.skipped.values())
    edited = [file["path"] for file in report["files"] if file["written"]]
    for path, source in before.items():
        after = path.read_bytes()
        name = str(path.relative_to(repository))
        if after != source and name not in edited:
            row.harmed.append(f"{name}: changed without a word")
        elif after != source and (problem := harm(source, after)):
            row.harmed.append(f"{name}: {problem}")
    row.added = findings(repository, edited) - findings(pristine, edited)
    commit(repository)
    again, _, _ = docbot(repository, options)
    row.second_run = again["summary"]["written"]
    return row


def python_files(repository: Path) -> Iterator[Path]:
    """Return the repository's Python files, sorted."""
    return iter(sorted(repository.rglob("*.py")))


HEADER = (
    "package", "files", "offered", "documented", "unsure", "rejected", "skipped by a rule",
    "files harmed", "second run", "findings added", "offered/s", "peak MiB",
)  # fmt: skip


def cells(row: Row) -> list[str]:
    """Return the cells of one row of the table."""
    unsure, rejected = row.skipped["unsure"], row.skipped["rejected"]
    ruled = sum(row.skipped.values()) - unsure - rejected
    answer_count = row.written + unsure + rejected
    numbers = [row.files, answer_count, row.written, unsure, rejected, ruled, len(row.harmed)]
    rest = [row.second_run, sum(row.added.values()), f"{answer_count / row.seconds:.0f}"]
    return [row.package, *map(str, [*numbers, *rest]), f"{row.peak_mib:.0f}"]


def main() -> int:
    """Measure the packages, print the table, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("packages", nargs="*")
    parser.add_argument("--wheels", type=Path, default=HERE / "work" / "wheels")
    parser.add_argument("--keep", type=Path, help="leave the documented packages in this folder")
    parser.add_argument("--min-confidence", default=None)
    options = parser.parse_args()
    extra = ["--min-confidence", options.min_confidence] if options.min_confidence else []
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        for wheel in fetch(options.packages, options.wheels):
            repository = folder / wheel.name.partition("-")[0]
            rows.append(measure(wheel, repository, extra))
            print(f"{rows[-1].package}: {rows[-1].written} written", file=sys.stderr)
    print("| " + " | ".join(HEADER) + " |")
    print("|" + " --- |" * len(HEADER))
    for row in rows:
        print("| " + " | ".join(cells(row)) + " |")
    total: Counter[str] = sum((row.skipped for row in rows), Counter())
    print("\nskipped by reason: " + ", ".join(f"{n} {name}" for name, n in total.most_common()))
    print(f"{platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}")
    for row in rows:
        for problem in row.harmed:
            print(f"HARMED {row.package} {problem}")
        for name, count in row.added.items():
            print(f"ADDED {row.package} {name}: {count}")
    return int(any(row.harmed or row.second_run or row.added for row in rows))


if __name__ == "__main__":
    sys.exit(main())
