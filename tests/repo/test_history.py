from __future__ import annotations

import subprocess

import pytest

from docbot.cache import FILE, open_cache
from docbot.errors import GitError
from docbot.repo.blob_facts import BlobFacts
from docbot.repo.git import Repository
from docbot.repo.history import changes, commits_since, listings
from docbot.repo.version import facts_key, version

FUNCTION = "def {}(a):\n    b = a\n    return b\n"


def opened(repo):
    repository = Repository.discover(repo.root)
    assert repository is not None
    return repository


def blob_of(repo, name):
    return repo.git("rev-parse", f"HEAD:{name}").strip()


def test_listings_are_those_of_git(repo):
    repo.commit("a.py")
    repo.commit("pkg/\u05e9 b\tc.py", "x = 1\n")
    repo.commit("data.bin", b"\0\xff")
    (repo.root / "link.py").symlink_to("a.py")
    repo.git("add", "-A")
    repo.git("commit", "-qm", "a link")
    repo.git("mv", "a.py", "z.py")
    repo.git("commit", "-qm", "moved")
    (repo.root / "link.py").unlink()
    repo.commit("link.py", "x = 2\n")  # a file in the place of the link
    (repo.root / "z.py").unlink()
    (repo.root / "z.py").symlink_to("link.py")
    repo.git("add", "-A")
    repo.git("commit", "-qm", "and the other way around")
    repository = opened(repo)
    commits = commits_since(repository, repo.git("rev-list", "--max-parents=0", "HEAD").strip())
    assert len(commits) == 7
    for commit, listing in zip(commits, listings(list(changes(repository, commits))), strict=True):
        entries = repo.git("ls-tree", "-r", "-z", commit.id).split("\0")[:-1]
        rows = [entry.partition("\t") for entry in entries if entry.startswith("100")]
        assert listing == {name: facts.split()[2] for facts, _, name in rows}


def test_of_a_merged_branch_only_the_merge_is_a_point(repo):
    repo.commit("a.py")
    repo.git("checkout", "-qb", "side")
    repo.commit("b.py")
    repo.commit("c.py")
    repo.git("checkout", "-q", "main")
    repo.commit("d.py")
    repo.git("merge", "-q", "--no-ff", "-m", "merge the side", "side")
    subjects = [commit.subject for commit in commits_since(opened(repo), "main~2")]
    assert subjects == ["Add a.py", "Add d.py", "merge the side"]
    assert [commit.subject for commit in commits_since(opened(repo), "side")] == [
        "Add c.py",
        "Add d.py",
        "merge the side",
    ]


def test_blobs_are_read_by_their_id_alone(repo):
    repo.commit("a.py", "x = 1\n")
    repo.commit("large.py", "x" * 5000)
    with opened(repo).contents() as contents:
        assert contents.read_id(blob_of(repo, "large.py"), 4999) is None
        assert contents.read_id(blob_of(repo, "a.py"), 4999) == b"x = 1\n"
        assert contents.read_id(blob_of(repo, "large.py"), 5000) == b"x" * 5000
        for other in ("0" * 40, repo.git("rev-parse", "HEAD").strip()):
            with pytest.raises(GitError, match="git has no object"):
                contents.read_id(other, 10)
        assert contents.read_id(blob_of(repo, "a.py"), 6) == b"x = 1\n"


@pytest.mark.parametrize("workers", [False, True])
def test_facts_are_read_once_and_shared_with_checks(repo, monkeypatch, workers):
    for number in range(40):
        repo.stage(f"{number}.py", FUNCTION.format(f"f{number}") * 3)
    repo.commit("last.py", "def (:\n")
    blobs = {f"f{number}": blob_of(repo, f"{number}.py") for number in range(40)}
    monkeypatch.setattr("docbot.repo.blob_facts.WORTHWHILE", 1)
    monkeypatch.setattr("docbot.repo.blob_facts.CHUNK", 200)
    cache = open_cache()
    with opened(repo).contents() as contents:
        facts = BlobFacts(contents, cache, "", workers=workers)
        facts.load([*blobs.values(), *blobs.values(), blob_of(repo, "last.py")])
        for name, blob in blobs.items():
            assert facts.facts(blob).definitions[1].name == name
        assert facts.outline(blob_of(repo, "last.py")) is None
        monkeypatch.setattr("docbot.repo.blob_facts.scan_chunk", None)
        again = BlobFacts(contents, cache, "")
        again.load(blobs.values())
        assert again.facts(blobs["f7"]) == facts.facts(blobs["f7"])
    cache.close()


def test_stored_facts_that_docbot_did_not_write_are_read_anew(repo):
    repo.commit("a.py", FUNCTION.format("f"))
    blob = blob_of(repo, "a.py")
    cache = open_cache()
    key = facts_key(version(), blob, len(FUNCTION.format("f")), "")
    cache.put_many(FILE, {key: b"[1]\n[]\nnull"})
    with opened(repo).contents() as contents:
        assert BlobFacts(contents, cache, "").facts(blob).definitions[1].name == "f"
        assert BlobFacts(contents, cache, "").outline(blob) is not None
    cache.close()


def test_a_clone_that_lacks_objects_says_so(repo, tmp_path):
    repo.commit("a.py", "x = 1\n")
    repo.commit("a.py", "x = 2\n")
    repo.git("config", "uploadpack.allowFilter", "true")
    there = tmp_path / "partial"
    clone = ["git", "clone", "-q", "--filter=blob:none", repo.root.as_uri(), str(there)]
    subprocess.run(clone, check=True, capture_output=True)
    partial = Repository.discover(there)
    old = repo.git("rev-parse", "HEAD~1:a.py").strip()
    with partial.contents() as contents, pytest.raises(GitError, match="this clone is partial"):
        contents.read_id(old, 100)
    shallow = tmp_path / "shallow"
    clone = ["git", "clone", "-q", "--depth=1", repo.root.as_uri(), str(shallow)]
    subprocess.run(clone, check=True, capture_output=True)
    with pytest.raises(GitError, match="this clone is shallow"):
        commits_since(Repository.discover(shallow), "HEAD~1")
