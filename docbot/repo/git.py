"""The only door to git: what is tracked, what is dirty, which lines changed, what commits hold.

The environment decides nothing here by accident. Git hands a hook its own GIT_DIR, GIT_INDEX_FILE
and more, and those must not redirect a question about another repository. So every command runs
without them, and with the repository spelled out; of what a hook hands down, only the index is
taken, and only when it is this repository's: `git commit FILE` commits a temporary index, and what
is staged there is what the hook is asked about.

Paths go in and out as bytes that `os.fsdecode` names, and never quoted by git, except in patches,
where quoting is what keeps a name with a newline on one line.

Nothing is fetched: in a partial clone, an object that is not here is an error and no download.
"""

from __future__ import annotations

import os
import re
import subprocess
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any

from docbot.errors import GitError
from docbot.repo.diff import changed_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    Lines = tuple[tuple[int, int], ...]


SUFFIXES = (".py", ".pyi")


_ENDINGS = tuple(suffix.encode() for suffix in SUFFIXES)


_KEPT = frozenset({"GIT_EXEC_PATH", "GIT_CEILING_DIRECTORIES", "GIT_DISCOVERY_ACROSS_FILESYSTEM"})


_KEPT_PREFIXES = ("GIT_CONFIG", "GIT_PYTHON_")  # the user's configuration, and GitPython's own


_ALWAYS = {
    "GIT_OPTIONAL_LOCKS": "0",  # read only
    "GIT_TERMINAL_PROMPT": "0",  # never ask
    "GIT_NO_LAZY_FETCH": "1",  # never fetch what a partial clone left out
    "GIT_ALLOW_PROTOCOL": "none",  # the same, for a git that knows no such variable
}


_OPTIONS = (
    "--no-pager",
    "-c", "core.fsmonitor=false",  # its daemon keeps our pipe open (pre-commit/pre-commit#2046)
    "-c", "core.safecrlf=false",
    "-c", "diff.suppressBlankEmpty=false",  # else an empty context line has no space before it
)  # fmt: skip


_DIFF = (
    "diff", "--patch", "--inter-hunk-context=0", "--find-renames",
    "--diff-filter=AMR", "--text", "--no-color", "--no-ext-diff", "--no-textconv",
    "--src-prefix=a/", "--dst-prefix=b/", "--ignore-submodules=all",
)  # fmt: skip


_NO_GIT = "this is a git repository, but git cannot be run: install git, or add it to PATH"


_LACKS = re.compile("promisor|unable to read|missing|not allowed|bad object")


_ARGUMENTS = 200  # paths on one command line; Windows allows 32 kB


@dataclass(frozen=True, kw_only=True, slots=True)
class Repository:
    """A work tree; `root` is absolute and resolved, and so is every path that is returned.

    Each question is one git process or a few; nothing is cached. Every method raises GitError when
    git is missing or refuses, in one sentence. For the length of a call GIT_* variables are taken
    out of `os.environ` (GitPython can add to it only), so call from one thread.
    """

    root: Path
    git_dir: Path = field(repr=False)
    index: Path = field(repr=False)

    @classmethod
    def discover(cls, path: Path) -> Repository | None:
        """The repository whose work tree holds `path`, or None for a plain folder.

        Without a `.git` above `path` git is not even started. A repository that is only named by
        the environment (GIT_DIR, GIT_WORK_TREE) counts when its work tree holds `path`.
        """
        start = Path(os.path.realpath(path if path.is_dir() else path.parent))
        if any(os.path.lexists(folder / ".git") for folder in (start, *start.parents)):
            found = _locate(start, {})
            if found:
                return found
        named = os.environ.get("GIT_DIR")
        tree = os.path.realpath(os.environ.get("GIT_WORK_TREE") or ".")
        if not named or not start.is_relative_to(tree):
            return None
        return _locate(start, {"GIT_DIR": os.path.realpath(named), "GIT_WORK_TREE": tree})

    def tracked(self, paths: Iterable[Path]) -> list[Path]:
        """Python files (by suffix) that git tracks at or below `paths`, in git's order.

        Symbolic links and submodules are left out; a file may be deleted from disk all the same.
        """
        return list(self.blobs(paths))

    def blobs(self, paths: Iterable[Path], *, suffixes: bool = True) -> dict[Path, str]:
        """As `tracked`, each with the id of its blob where git finds the file on disk unmodified.

        The id is "" for a file that is modified, unmerged or gone, and for one that git was told
        not to look at (assume-unchanged, skip-worktree). It is the id of what git would store: with
        a filter or converted line endings, the file's bytes are others. Without `suffixes`, files
        of any name.
        """
        found: dict[Path, str] = {}
        changed = set()
        # --modified compares what the index knows of the file, and the content where that is too
        # young to tell (racy git); -v tells the files that it does not look at.
        command = ["ls-files", "-z", "-v", "--stage", "--modified", "--deleted"]
        for output in self._per_batch(command, paths):
            for entry in output.split(b"\0"):
                facts, _, name = entry.partition(b"\t")
                if facts[2:5] != b"100" or (suffixes and not name.endswith(_ENDINGS)):
                    continue
                tag, _mode, blob, _stage = facts.split(b" ")
                path = self._path(name)
                found[path] = blob.decode("ascii")
                if tag != b"H":
                    changed.add(path)
        found.update(dict.fromkeys(changed, ""))
        return found

    def dirty(self, paths: Iterable[Path]) -> frozenset[Path]:
        """Files at or below `paths` whose content no commit holds: changed, staged, or new.

        An untracked file counts when `paths` names it; below a folder only tracked files do.
        """
        folders: list[Path] = []
        files: list[Path] = []
        for path in paths:
            (folders if path.is_dir() else files).append(path)
        return frozenset(
            path
            for untracked, batch in (("no", folders), ("all", files))
            for _, path in self._status(untracked, batch)
        )

    def partially_staged(self) -> frozenset[Path]:
        """Files with staged changes and, on top of them, unstaged ones; unmerged files count."""
        return frozenset(path for code, path in self._status("no", [self.root]) if b" " not in code)

    def staged_lines(self, also: Iterable[Path] = ()) -> dict[Path, Lines]:
        """Lines of each staged Python file that the commit would add or change.

        Lines are 1-based inclusive ranges in the staged file, which is not the one on disk when it
        is partially staged. A pure deletion gives the lines on either side of it. A renamed file
        has only the lines that changed besides; a file without such lines is absent. In a merge,
        only lines that are new to every parent count. Files named `also` count without a suffix.
        """
        scope = self._python(also)
        changed = self._changed(["--cached"], scope)
        for parent in self._merging():
            changed = _common(changed, self._changed(["--cached", parent], scope))
        return changed

    def lines_since(self, revision: str, also: Iterable[Path] = ()) -> dict[Path, Lines]:
        """Lines of each Python file on disk that are new since HEAD and `revision` parted.

        Committed or not, but tracked; otherwise as `staged_lines`.

        Raises:
            GitError: `revision` is unknown, or has no history in common with HEAD.

        """
        return self._changed([self.merge_base(revision, "HEAD")], self._python(also))

    def merge_base(self, base: str, head: str) -> str:
        """The commit at which two revisions parted; the best one where there are several.

        Raises:
            GitError: one of them is unknown, or this clone does not reach back so far.

        """
        status, found, _ = self._try("merge-base", self.commit(base), self.commit(head))
        if status:
            raise GitError(f"'{base}' and '{head}' have no commit in common{self._shallow_hint()}")
        return found.decode().strip()

    def lines_between(
        self, base: str, head: str, without: Collection[PurePosixPath] = ()
    ) -> dict[PurePosixPath, Lines]:
        """Lines of each Python file in commit `head` that are not in commit `base`.

        Lines are as in `staged_lines`, paths as git has them, from the root. The files `without`
        are not compared.

        Raises:
            GitError: a revision is unknown, or there are too many files to leave out.

        """
        patch = self._compare(base, head, without)
        return {PurePosixPath(os.fsdecode(n)): ls for n, ls in changed_lines(patch).items()}

    def files_at(self, revision: str, also: Collection[str] = ()) -> dict[PurePosixPath, Blob]:
        """The Python files of a commit by their path from the root, and files named `also` there.

        Symbolic links and submodules are left out: what they stand for is no part of the commit.

        Raises:
            GitError: the revision is unknown, or this clone lacks objects of it.

        """
        listing = self._ask("ls-tree", "-r", "-z", "-l", "--full-tree", self.commit(revision))
        wanted = {os.fsencode(name) for name in also}
        found = {}
        for entry in filter(None, listing.split(b"\0")):
            facts, _, name = entry.partition(b"\t")
            mode, kind, blob, size = facts.split()
            if mode[:3] != b"100" or kind != b"blob":
                continue
            if name.endswith(_ENDINGS) or name in wanted:
                if not size.isdigit():
                    raise GitError(f"an object of '{revision}' is not here{self._partial_hint()}")
                path = PurePosixPath(os.fsdecode(name))
                found[path] = Blob(id=blob.decode("ascii"), size=int(size))
        return found

    @contextmanager
    def contents(self) -> Iterator[Contents]:
        """What blobs hold, for as long as the context lasts."""
        contents = Contents(
            lambda: _start(self.root, self._places(), ("cat-file", "--batch")), self._partial_hint
        )
        try:
            yield contents
        finally:
            contents.close()

    def origin(self) -> str:
        """The address of the remote called origin, "" where there is none."""
        status, address, _ = self._try("remote", "get-url", "origin")
        return "" if status else os.fsdecode(address).strip()

    def undo_file(self) -> Path:
        """Where patches of what docbot wrote are kept; each linked work tree has its own."""
        return self.git_dir / "docbot" / "undo.patch"

    def commit(self, revision: str) -> str:
        """The id of the commit that a revision names.

        Raises:
            GitError: git does not know it.

        """
        status, output = 1, b""
        if not revision.startswith("-"):  # an option, not a revision
            status, output, _ = self._try(
                "rev-parse", "--verify", "--quiet", revision + "^{commit}"
            )
        if status:
            raise GitError(f"'{revision}' is not a revision git knows{self._shallow_hint()}")
        return output.decode().strip()

    def _shallow_hint(self) -> str:
        if self._ask("rev-parse", "--is-shallow-repository").strip() != b"true":
            return ""
        return (
            "; this clone is shallow: run `git fetch --unshallow`"
            " (for actions/checkout, set `fetch-depth: 0`)"
        )

    def _partial_hint(self) -> str:
        """For an object that is not here: a partial clone has most of them elsewhere."""
        asked = r"^(extensions\.partialclone|remote\..*\.promisor)$"
        status, _, _ = self._try("config", "--get-regexp", asked)
        if status:
            return ""
        return (
            "; this clone is partial, and docbot downloads nothing: clone without `--filter`"
            " (for actions/checkout, set neither `filter` nor `sparse-checkout`)"
        )

    def _merging(self) -> list[str]:
        try:
            return (self.git_dir / "MERGE_HEAD").read_text(encoding="ascii").split()
        except OSError:
            return []

    def _status(self, untracked: str, paths: Sequence[Path]) -> Iterator[tuple[bytes, Path]]:
        command = ["status", "--porcelain=v1", "-z", "--no-renames", "--ignore-submodules=all"]
        for output in self._per_batch([*command, f"--untracked-files={untracked}"], paths):
            for entry in filter(None, output.split(b"\0")):
                yield entry[:2], self._path(entry[3:])

    def _changed(self, sides: Sequence[str], scope: Sequence[str]) -> dict[Path, Lines]:
        names = changed_lines(self._ask(*_DIFF, "--unified=0", *sides, "--", *scope))
        return {self._path(name): lines for name, lines in names.items()}

    def _compare(self, base: str, head: str, without: Collection[PurePosixPath]) -> bytes:
        if len(without) > _ARGUMENTS:
            raise GitError(f"{len(without)} files are too large to be compared")
        left_out = [f":(top,exclude,literal){path}" for path in without]
        sides = (self.commit(base), self.commit(head))
        return self._ask(*_DIFF, "--unified=0", *sides, "--", *self._python(()), *left_out)

    def _python(self, also: Iterable[Path]) -> list[str]:
        """Pathspecs for Python files: a staged data file of a gigabyte is not worth a diff."""
        scope = [f":(top,glob)**/*{suffix}" for suffix in SUFFIXES]
        named = (self._pathspec(path) for path in also if not path.name.endswith(SUFFIXES))
        return scope + [f":(top,literal){name}" for name in named]

    def _path(self, name: bytes) -> Path:
        return self.root / os.fsdecode(name)

    def _pathspec(self, path: Path) -> str:
        if path.is_dir():
            real = Path(os.path.realpath(path))
        else:  # a link to a file is itself a file to git
            real = Path(os.path.realpath(path.parent), path.name)
        try:
            return real.relative_to(self.root).as_posix()
        except ValueError:
            raise GitError(f"{path}: lies outside the repository {self.root}") from None

    def _per_batch(self, command: Sequence[str], paths: Iterable[Path]) -> Iterator[bytes]:
        names = list(dict.fromkeys(self._pathspec(path) for path in paths))
        for at in range(0, len(names), _ARGUMENTS):
            yield self._ask("--literal-pathspecs", *command, "--", *names[at : at + _ARGUMENTS])

    def _ask(self, *arguments: str) -> bytes:
        status, output, complaint = self._try(*arguments)
        if status:
            hint = self._partial_hint() if _LACKS.search(complaint) else ""
            cause = f"{_cause(complaint)}{hint}"
            raise GitError(f"{self.root}: git {_command(arguments)} failed: {cause}")
        return output

    def _try(self, *arguments: str) -> tuple[int, bytes, str]:
        return _run(self.root, self._places(), arguments)

    def _places(self) -> dict[str, str]:
        places = {"GIT_DIR": self.git_dir, "GIT_WORK_TREE": self.root, "GIT_INDEX_FILE": self.index}
        return {key: str(path) for key, path in places.items()}


@dataclass(frozen=True, kw_only=True, slots=True)
class Blob:
    """A file's content in a commit: git's id of it, and its size in bytes."""

    id: str
    size: int


class Contents:
    """What blobs of a repository hold, through one git process for all of them.

    Without a filter and without conversion of line endings: the bytes that the commit has.

    Args:
        start: Starts the process.
        hint: What to add when an object is not here.

    """

    def __init__(self, start: Callable[[], Any], hint: Callable[[], str]) -> None:
        self._start = start
        self._hint = hint
        self._process: Any = None

    def read(self, blob: Blob) -> bytes:
        """The bytes of a blob; the caller has looked at its size.

        Raises:
            GitError: it is not here, or git gave up.

        """
        if self._process is None:
            self._process = self._start()
        asked: IO[bytes] = self._process.stdin
        told: IO[bytes] = self._process.stdout
        name = blob.id.encode("ascii")
        try:
            asked.write(name + b"\n")
            asked.flush()
            found = told.readline().split() == [name, b"blob", b"%d" % blob.size]
        except OSError:  # it has ended
            found = False
        content = told.read(blob.size + 1) if found else b""  # a line feed stands after it
        if len(content) != blob.size + 1:
            self.close()
            raise GitError(f"git has no object {blob.id} here{self._hint()}")
        return content[:-1]

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is None:
            return
        for stream in (process.stdin, process.stdout, process.stderr):
            with suppress(OSError):
                stream.close()
        process.proc.wait()


def _locate(start: Path, environment: Mapping[str, str]) -> Repository | None:
    # `true` between the two paths keeps them apart even when a path has a newline.
    question = ("rev-parse", "--show-toplevel", "--is-inside-work-tree", "--absolute-git-dir")
    status, output, complaint = _run(start, environment, question)
    if status:
        # Another "not a git repository" names the place that a broken .git file points to.
        if "not a git repository (or any" in complaint or "run in a work tree" in complaint:
            return None
        if "dubious ownership" in complaint:
            raise GitError(
                f"{start}: git does not trust this repository, because another user owns it;"
                " if you do, run `git config --global --add safe.directory PATH-OF-THE-REPOSITORY`"
            )
        raise GitError(f"{start}: git cannot open this repository: {_cause(complaint)}")
    top, _, git_dir = output.removesuffix(b"\n").partition(b"\ntrue\n")
    root, home = Path(os.path.realpath(os.fsdecode(top))), Path(os.fsdecode(git_dir))
    return Repository(root=root, git_dir=home, index=_index(root, home))


def _index(root: Path, git_dir: Path) -> Path:
    """The index a hook is run for, when it is one of this repository's (`next-index-123.lock`)."""
    inherited = os.environ.get("GIT_INDEX_FILE")
    if inherited and os.path.realpath((root / inherited).parent) == os.path.realpath(git_dir):
        return root / inherited
    return git_dir / "index"


def _run(
    folder: Path, environment: Mapping[str, str], arguments: Sequence[str]
) -> tuple[int, bytes, str]:
    """Exit status, standard output and standard error, which is English whatever the locale."""
    done: tuple[int, bytes, str] = _execute(
        folder,
        environment,
        arguments,
        with_extended_output=True,
        with_exceptions=False,
        stdout_as_string=False,
        strip_newline_in_stdout=False,
    )
    return done


def _start(folder: Path, environment: Mapping[str, str], arguments: Sequence[str]) -> Any:
    """A process that is talked to."""
    return _execute(folder, environment, arguments, istream=subprocess.PIPE, as_process=True)


def _execute(
    folder: Path, environment: Mapping[str, str], arguments: Sequence[str], **how: Any
) -> Any:
    with _without_git_variables():
        try:
            import git
        except ImportError as error:  # GitPython runs git once, to see that it is there
            raise GitError(_NO_GIT) from error
        try:
            return git.Git(str(folder)).execute(
                [git.Git.GIT_PYTHON_GIT_EXECUTABLE or "git", *_OPTIONS, *arguments],
                env={**_ALWAYS, **environment},
                **how,
            )
        except (git.GitCommandNotFound, OSError) as error:
            raise GitError(_NO_GIT) from error


@contextmanager
def _without_git_variables() -> Iterator[None]:
    dropped = {
        name: os.environ.pop(name)
        for name in list(os.environ)
        if name.startswith("GIT_") and name not in _KEPT and not name.startswith(_KEPT_PREFIXES)
    }
    try:
        yield
    finally:
        os.environ.update(dropped)


def _command(arguments: Sequence[str]) -> str:
    return next(argument for argument in arguments if not argument.startswith("-"))


def _cause(complaint: str) -> str:
    lines = complaint.strip().splitlines() or ["no reason given"]
    told = [line for line in lines if line.startswith(("fatal: ", "error: "))]
    return (told or lines)[0].partition(": ")[2] or lines[0]


def _common(left: Mapping[Path, Lines], right: Mapping[Path, Lines]) -> dict[Path, Lines]:
    """The lines in both."""
    both = {
        path: tuple(
            (max(first, start), min(last, end))
            for first, last in left[path]
            for start, end in right[path]
            if first <= end and start <= last
        )
        for path in left.keys() & right.keys()
    }
    return {path: lines for path, lines in both.items() if lines}
