"""Ask git about a repository: tracked and dirty files, changed lines, the files of commits.

Of the variables that git sets for a hook (see `git_command`) only GIT_INDEX_FILE counts, and only
when that index is this repository's: `git commit FILE` commits a temporary index, and the hook is
run for the files staged there.

Paths are passed and returned as `os.fsdecode` names them. Git never quotes them, except in patches,
where quoting keeps a name with a newline on one line.
"""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from docbot.errors import GitError
from docbot.repo import git_command
from docbot.repo.diff import changed_lines, common_lines
from docbot.repo.git_objects import Blob, Contents

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    Lines = tuple[tuple[int, int], ...]

SUFFIXES = (".py", ".pyi")

_ENDINGS = tuple(suffix.encode() for suffix in SUFFIXES)

_DIFF = (
    "diff", "--patch", "--inter-hunk-context=0", "--find-renames",
    "--diff-filter=AMR", "--text", "--no-color", "--no-ext-diff", "--no-textconv",
    "--src-prefix=a/", "--dst-prefix=b/", "--ignore-submodules=all",
)  # fmt: skip

# --modified compares what the index says about the file, and the content where the index is too
# recent to be sure (racy git); -v marks the files that git does not look at.
_LISTING = ("ls-files", "-z", "-v", "--stage", "--modified", "--deleted")

_LACKS = re.compile("promisor|unable to read|missing|not allowed|bad object")

_ARGUMENTS = 200  # paths on one command line; Windows allows 32 kB


@dataclass(frozen=True, kw_only=True, slots=True)
class Repository:
    """A git repository with a work tree.

    Each method runs one git process or a few; nothing is cached. Every method raises GitError, with
    one sentence, when git is missing or refuses.

    Attributes:
        root: The top of the work tree, absolute and resolved; so is every path that is returned.
        git_dir: The folder of git's own files; each linked work tree has its own.
        index: The index file.

    """

    root: Path
    git_dir: Path = field(repr=False)
    index: Path = field(repr=False)

    @classmethod
    def discover(cls, path: Path) -> Repository | None:
        """Find the repository whose work tree contains `path`; None for a plain folder.

        Without a `.git` above `path` git is not even started. A repository that only the
        environment names (GIT_DIR, GIT_WORK_TREE) counts when its work tree contains `path`.

        Raises:
            GitError: git cannot open the repository, or does not trust it.

        """
        start = Path(os.path.realpath(path if path.is_dir() else path.parent))
        if any(os.path.lexists(folder / ".git") for folder in (start, *start.parents)):
            repository = _locate(start, {})
            if repository:
                return repository
        git_dir = os.environ.get("GIT_DIR")
        tree = os.path.realpath(os.environ.get("GIT_WORK_TREE") or ".")
        if not git_dir or not start.is_relative_to(tree):
            return None
        return _locate(start, {"GIT_DIR": os.path.realpath(git_dir), "GIT_WORK_TREE": tree})

    def blobs(self, paths: Iterable[Path], *, suffixes: bool = True) -> dict[Path, str]:
        """Return the blob ids of tracked files, by path, in git's order.

        Symbolic links and submodules are left out; a file may be deleted from disk all the same.
        The id is that of the content in the index. It is "" for a file that is modified, unmerged
        or gone, and for one that git was told to ignore changes of (assume-unchanged,
        skip-worktree). Where git applies a filter or converts line endings, the blob's bytes are
        not those of the file on disk.

        Args:
            paths: Files and folders.
            suffixes: False to include files that are not Python, too.

        """
        ids: dict[Path, str] = {}
        changed = set()
        for entry in self.index_entries(paths):
            facts, _, name = entry.partition(b"\t")
            if facts[2:5] != b"100" or (suffixes and not name.endswith(_ENDINGS)):
                continue
            tag, _mode, blob, _stage = facts.split(b" ")
            path = self._path(name)
            ids[path] = blob.decode("ascii")
            if tag != b"H":
                changed.add(path)
        ids.update(dict.fromkeys(changed, ""))
        return ids

    def index_entries(self, paths: Iterable[Path]) -> Iterator[bytes]:
        """Yield git's entries of the files it tracks at or below `paths`, in git's order.

        An entry is `TAG MODE BLOB STAGE`, a tab and the path from the root. The tag is `H` for a
        file that is on disk as the index has it; another file is listed again, or with another tag.
        """
        for output in self._per_batch(_LISTING, paths):
            yield from output.split(b"\0")

    def python_entries(self) -> list[bytes]:
        """List git's entries of all Python files that it tracks, as `index_entries` does."""
        return self._ask(*_LISTING, "--", *self._python(())).split(b"\0")

    def folders_with(self, name: str) -> list[str]:
        """List the folders below the root, from there, in which git tracks a file of this name."""
        output = self._ask("ls-files", "-z", "--", f":(top,glob)*/**/{name}")
        return [os.fsdecode(each).rpartition("/")[0] for each in filter(None, output.split(b"\0"))]

    def untracked(self, paths: Iterable[Path]) -> int:
        """Count the Python files at or below `paths` that git neither tracks nor ignores."""
        outputs = self._per_batch(("ls-files", "-z", "--others", "--exclude-standard"), paths)
        return sum(name.endswith(_ENDINGS) for output in outputs for name in output.split(b"\0"))

    def dirty(self, paths: Iterable[Path]) -> frozenset[Path]:
        """List the files at or below `paths` with uncommitted content: changed, staged, or new.

        An untracked file counts when `paths` names it; below a folder only tracked files do.
        """
        named = list(paths)
        folders = [path for path in named if path.is_dir()]
        files = [path for path in named if not path.is_dir()]
        entries = (*self._status("no", folders), *self._status("all", files))
        return frozenset(path for _, path in entries)

    def staged(self) -> frozenset[Path]:
        """List the files of which content, mode or name is staged, as pre-commit names them."""
        return frozenset(p for code, p in self._status("no", [self.root]) if code[:1] not in b" D")

    def partially_staged(self) -> frozenset[Path]:
        """List the files with staged and unstaged changes; unmerged files count."""
        return frozenset(path for code, path in self._status("no", [self.root]) if b" " not in code)

    def staged_lines(self, also: Iterable[Path] = ()) -> dict[Path, Lines]:
        """Return the lines of each staged Python file that the commit would add or change.

        Lines are 1-based inclusive ranges in the staged file, which is not the one on disk when it
        is partially staged. A pure deletion gives the lines on either side of it. A renamed file
        has only the lines that changed besides; a file without such lines is absent. In a merge,
        only lines that are new to every parent count.

        Args:
            also: Files to include whatever their suffix.

        """
        scope = self._python(also)
        changed = self._changed(["--cached"], scope)
        for parent in self._merging():
            changed = common_lines(changed, self._changed(["--cached", parent], scope))
        return changed

    def lines_since(self, revision: str, also: Iterable[Path] = ()) -> dict[Path, Lines]:
        """Return the lines of each Python file that changed since the branch left `revision`.

        That is since the merge base of `revision` and HEAD. The lines are those of the file on
        disk, committed or not; the file must be tracked. Otherwise as `staged_lines`.

        Raises:
            GitError: `revision` is unknown, or has no history in common with HEAD.

        """
        return self._changed([self.merge_base(revision, "HEAD")], self._python(also))

    def merge_base(self, base: str, head: str) -> str:
        """Return the merge base of two revisions, a commit id; git's best one of several.

        Raises:
            GitError: one of them is unknown, or this clone does not reach back so far.

        """
        status, output, _ = self._try("merge-base", self.commit(base), self.commit(head))
        if status:
            raise GitError(f"'{base}' and '{head}' have no commit in common{self._shallow_hint()}")
        return output.decode().strip()

    def lines_between(
        self, base: str, head: str, without: Collection[PurePosixPath] = ()
    ) -> dict[PurePosixPath, Lines]:
        """Return the lines of each Python file in commit `head` that are not in commit `base`.

        Lines are as in `staged_lines`; paths are relative to the root, as git has them.

        Args:
            base: A revision.
            head: A revision.
            without: Files to leave out of the comparison.

        Raises:
            GitError: a revision is unknown, or there are too many files to leave out.

        """
        patch = self._compare(base, head, without)
        files = changed_lines(patch).items()
        return {PurePosixPath(os.fsdecode(name)): lines for name, lines in files}

    def files_at(self, revision: str, also: Collection[str] = ()) -> dict[PurePosixPath, Blob]:
        """Return the Python files of a commit, by their path from the root.

        Symbolic links and submodules are left out: what they point to is not in the commit. `also`
        are files to include whatever their suffix, by a path from the root or a name in any folder.

        Raises:
            GitError: the revision is unknown, or this clone lacks objects of it.

        """
        listing = self._ask("ls-tree", "-r", "-z", "-l", "--full-tree", self.commit(revision))
        extra_names = {os.fsencode(name) for name in also}
        files = {}
        for entry in filter(None, listing.split(b"\0")):
            facts, _, name = entry.partition(b"\t")
            mode, kind, blob, size = facts.split()
            if mode[:3] != b"100" or kind != b"blob":
                continue
            if name.endswith(_ENDINGS) or extra_names & {name, name.rpartition(b"/")[2]}:
                if not size.isdigit():
                    raise GitError(f"an object of '{revision}' is not here{self._partial_hint()}")
                path = PurePosixPath(os.fsdecode(name))
                files[path] = Blob(id=blob.decode("ascii"), size=int(size))
        return files

    def names_in(self, revision: str, folder: str) -> list[str]:
        """Return the names in a folder of a commit; none where it has no such folder."""
        status, names, _ = self._try("ls-tree", "-z", "--name-only", f"{revision}:{folder}")
        return [] if status else os.fsdecode(names).split("\0")[:-1]

    @contextmanager
    def contents(self) -> Iterator[Contents]:
        """Open the contents of blobs, for as long as the context lasts."""
        contents = Contents(
            lambda: git_command.start(self.root, self.places(), ("cat-file", "--batch")),
            self._partial_hint,
        )
        try:
            yield contents
        finally:
            contents.close()

    def origin(self) -> str:
        """Return the address of the remote called origin, or "" without one."""
        status, address, _ = self._try("remote", "get-url", "origin")
        return "" if status else os.fsdecode(address).strip()

    def undo_file(self) -> Path:
        """Return the path of the undo patch; each linked work tree has its own."""
        return self.git_dir / "docbot" / "undo.patch"

    def can_undo(self, patch: Path) -> bool:
        """Check whether all of a patch can be taken back from the work tree."""
        return not self._try("apply", "-R", "--check", "--whitespace=nowarn", str(patch))[0]

    def commit(self, revision: str) -> str:
        """Return the id of the commit that a revision names.

        Raises:
            GitError: git does not know the revision.

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
        """Explain a missing object: a partial clone leaves most of them on the server."""
        keys = r"^(extensions\.partialclone|remote\..*\.promisor)$"
        status, _, _ = self._try("config", "--get-regexp", keys)
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
        exclusions = [f":(top,exclude,literal){path}" for path in without]
        sides = (self.commit(base), self.commit(head))
        return self._ask(*_DIFF, "--unified=0", *sides, "--", *self._python(()), *exclusions)

    def _python(self, also: Iterable[Path]) -> list[str]:
        """Return pathspecs for Python files: a staged data file of a gigabyte needs no diff."""
        scope = [f":(top,glob)**/*{suffix}" for suffix in SUFFIXES]
        extra_names = (self._pathspec(path) for path in also if not path.name.endswith(SUFFIXES))
        return scope + [f":(top,literal){name}" for name in extra_names]

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
            cause = f"{git_command.cause(complaint)}{hint}"
            command = git_command.subcommand(arguments)
            raise GitError(f"{self.root}: git {command} failed: {cause}")
        return output

    def _try(self, *arguments: str) -> tuple[int, bytes, str]:
        return git_command.run(self.root, self.places(), arguments)

    def places(self) -> dict[str, str]:
        """Return the variables that tell git which repository is meant."""
        places = {"GIT_DIR": self.git_dir, "GIT_WORK_TREE": self.root, "GIT_INDEX_FILE": self.index}
        return {key: str(path) for key, path in places.items()}


def _locate(start: Path, environment: Mapping[str, str]) -> Repository | None:
    # `true` between the two paths keeps them apart even when a path has a newline.
    question = ("rev-parse", "--show-toplevel", "--is-inside-work-tree", "--absolute-git-dir")
    status, output, complaint = git_command.run(start, environment, question)
    if status:
        # Another "not a git repository" names the place that a broken .git file points to.
        if "not a git repository (or any" in complaint or "run in a work tree" in complaint:
            return None
        if "dubious ownership" in complaint:
            raise GitError(
                f"{start}: git does not trust this repository, because another user owns it;"
                " if you do, run `git config --global --add safe.directory PATH-OF-THE-REPOSITORY`"
            )
        raise GitError(f"{start}: git cannot open this repository: {git_command.cause(complaint)}")
    top, _, git_dir = output.removesuffix(b"\n").partition(b"\ntrue\n")
    root, home = Path(os.path.realpath(os.fsdecode(top))), Path(os.fsdecode(git_dir))
    return Repository(root=root, git_dir=home, index=_index(root, home))


def _index(root: Path, git_dir: Path) -> Path:
    """Return the index that a hook is run for, if it is this repository's (`next-index-1.lock`)."""
    inherited = os.environ.get("GIT_INDEX_FILE")
    if inherited and os.path.realpath((root / inherited).parent) == os.path.realpath(git_dir):
        return root / inherited
    return git_dir / "index"
