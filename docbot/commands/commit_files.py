"""Select the Python files of a commit that count, as a run selects those of the work tree."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from docbot.repo.attributes import linguist_skips_at
from docbot.repo.discover import compile_patterns
from docbot.repo.folders import Folders, has_doubtful_name
from docbot.repo.git import SUFFIXES
from docbot.select.rules import test_reason
from docbot.select.skip import SkipReason

if TYPE_CHECKING:
    from docbot.repo.blob_facts import BlobFacts
    from docbot.repo.git import Repository
    from docbot.repo.history import Commit, Listing
    from docbot.repo.worktree import WorkTree


class CommitFiles:
    """What selects the files of one configuration, commit by commit."""

    def __init__(self, tree: WorkTree, repository: Repository, facts: BlobFacts) -> None:
        self._tree = tree
        self._repository = repository
        self._facts = facts
        self._exclude = compile_patterns(tree.config.exclude)
        self._in_question: dict[str, bool] = {}
        self._no_tests: dict[str, bool] = {}
        self._doubtful: dict[str, bool] = {}
        self._linguist: dict[str, bool] = {}

    def may_count(self, path: str) -> bool:
        """Check what a path alone says of a file."""
        if path not in self._in_question:
            self._in_question[path] = self._is_in_question(path)
        return self._in_question[path]

    def is_no_test(self, path: str) -> bool:
        """Check for a Python file that is no test by its name."""
        if path not in self._no_tests:
            is_python = path.endswith(SUFFIXES)
            self._no_tests[path] = is_python and not test_reason(PurePosixPath(path))
        return self._no_tests[path]

    def select(self, commit: Commit, listing: Listing) -> list[str]:
        """Return the files that count, unless what they hold says otherwise."""
        folders = self._folders(listing)
        include = self._tree.config.include
        paths = []
        for path in listing:
            if not self.may_count(path) or (
                self._doubtful[path]
                and (
                    (SkipReason.VENDORED.value not in include and folders.others(path))
                    or (SkipReason.TEST.value not in include and folders.tests(path))
                )
            ):
                continue
            paths.append(path)
        if self._speaks_of_linguist(listing):
            named = [PurePosixPath(path) for path in paths]
            skips = linguist_skips_at(self._repository, commit.id, named, self._tree.config)
            left_out = set(map(str, skips))
            paths = [path for path in paths if path not in left_out]
        return paths

    def _folders(self, listing: Listing) -> Folders:
        """Return what judges the folders of a commit by what they hold."""
        names: dict[str, dict[str, None]] = {}
        for path in listing:
            if path not in self._doubtful:
                self._doubtful[path] = has_doubtful_name(path)
            if self._doubtful[path]:
                below = path
                while below:
                    above, _, name = below.rpartition("/")
                    names.setdefault(above, {})[name] = None
                    below = above
        return Folders(lambda folder: tuple(names.get(folder, ())))

    def _speaks_of_linguist(self, listing: Listing) -> bool:
        """Check whether the attributes of a commit may call a file generated or vendored."""
        for path, blob in listing.items():
            if path.endswith(".gitattributes"):
                if blob not in self._linguist:
                    self._linguist[blob] = b"linguist" in (self._facts.source(blob) or b"")
                if self._linguist[blob]:
                    return True
        return False

    def _is_in_question(self, path: str) -> bool:
        tree = self._tree
        place = tree.root / path
        if not any(place.is_relative_to(each) for each in tree.arguments):
            return False
        if not path.endswith(SUFFIXES) and place not in tree.arguments:
            return False
        if not place.is_relative_to(tree.scope):
            return False
        if any(place.is_relative_to(folder) for folder in tree.inner):
            return False
        is_test = SkipReason.TEST.value not in tree.config.include and test_reason(
            PurePosixPath(path)
        )
        if is_test or tree.config.per_path.leaves_out(path):
            return False
        home = tree.home if place.is_relative_to(tree.home) else tree.root
        below = place.relative_to(home)
        return self._exclude is None or not self._exclude.match_file(below.as_posix())
