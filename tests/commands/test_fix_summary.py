"""What a `fix` run says at its end: numbers that add up, reasons, and one next step."""

from __future__ import annotations

import json
import re
from pathlib import PurePosixPath

import pytest

from docbot.commands import exit_codes
from docbot.commands.fix_summary import (
    FixCount,
    Outcome,
    coverage_change,
    hook_line,
    next_step,
    print_table,
)
from docbot.commands.report import Tally
from docbot.docstring.edit import Edit
from docbot.scan.definition import Definition, Kind
from docbot.scanned import Result
from docbot.select.skip import Skip, SkipReason, Target


def target(name, line):
    place = {"line": line, "lines": (line, line + 1)}
    return Target(definition=Definition(qualname=name, name=name, kind=Kind.FUNCTION, **place))


def skip(name, line, reason):
    return Skip(reason=reason, detail="why", qualname=name, line=line)


WRITTEN = Result(
    path=PurePosixPath("pkg/a.py"),
    before=b"a",
    after=b"b",
    edits=(Edit(start=0, end=0, text=b'    """Go."""\n', qualname="go", line=2),),
    gained=(target("go", 2),),
    missing=(target("f", 7), target("g", 9), target("h", 11), target("k", 13)),
    skips=(
        skip("f", 7, SkipReason.UNSURE),
        skip("g", 9, SkipReason.REJECTED),
        skip("h", 11, SkipReason.TOO_LONG),
        skip("k", 13, SkipReason.UNWRITABLE),
        skip("_p", 15, SkipReason.PRIVATE),
        skip("<module>", 1, SkipReason.UNSURE),  # a kind that does not count
    ),
    documented=3,
)
FAILED = Result(path=PurePosixPath("b.py"), missing=(target("x", 1),), error="the tree changed")
LATE = Result(
    path=PurePosixPath("c.py"),
    missing=(target("y", 4),),
    skips=(Skip(reason=SkipReason.UNPARSABLE, detail="libcst cannot"),),
)

SMALL = "docbot-small (98 MB)"
VERBOSE = "docbot fix -v lists what has no docstring, each with the reason"
REST = "docbot does not write these ("


def counted(*results):
    tally, count = Tally(), FixCount()
    for result in results:
        tally.add(result)
        count.add(result)
    return tally, count


def test_the_groups_add_up_to_what_is_missing():
    tally, count = counted(WRITTEN, FAILED, LATE)
    assert count.groups() == [
        (1, "the model was unsure"),
        (1, "its sentence failed a check against the code"),
        (
            4,
            f"{REST}1 too-long, 1 unwritable, 1 unparsable, 1 failed docbot's own check)",
        ),
    ]
    assert sum(number for number, _ in count.groups()) == tally.missing == count.unwritten


def test_the_table_in_a_pipe(capsys):
    tally, count = counted(WRITTEN, FAILED)
    print_table(tally, count, dry=False)
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.splitlines() == [
        "1  documented in 1 of 2 files",
        "1  without a docstring: the model was unsure",
        "1  without a docstring: its sentence failed a check against the code",
        f"3  without a docstring: {REST}1 too-long, 1 unwritable, 1 failed docbot's own check)",
        "1  left out by a skip rule: 1 private",
        "1  without a docstring, of a kind that does not count: 1 unsure",
        "1  file failed docbot's own check; left as they were",
    ]


def test_the_coverage_before_and_after():
    tally, count = counted(WRITTEN, FAILED)
    assert coverage_change(tally, count, dry=False, since=None) == (
        "coverage: 25.0 % before, 37.5 % now: 3 of 8 definitions that count"
    )
    assert coverage_change(tally, count, dry=True, since="main").endswith(
        "37.5 % with this patch: 3 of 8 definitions that count among what changed since main"
    )
    nothing = FixCount()
    assert coverage_change(Tally(), nothing, dry=False, since=None) == ""
    almost = Tally(documented=1999, missing=1)
    assert "99.9 % before, 99.9 % now" in coverage_change(almost, nothing, dry=False, since=None)


@pytest.mark.parametrize(
    ("counts", "bigger", "verbose", "words"),
    [
        ((3, 0, 3), SMALL, False, "docbot models pull brings docbot-small (98 MB)"),
        ((3, 0, 3), SMALL, True, "docbot models pull"),
        ((2, 2, 4), SMALL, False, "docbot models pull"),
        ((1, 2, 3), SMALL, True, "the docstrings that are there are not English"),
        ((3, 0, 3), "", False, f"{VERBOSE} and the sentence that was withheld"),
        ((0, 0, 2), SMALL, False, VERBOSE),
        ((0, 0, 2), "", True, None),
        ((0, 0, 0), SMALL, False, None),
    ],
)
def test_the_next_step(counts, bigger, verbose, words):
    names = ("refused", "foreign", "unwritten")
    outcome = Outcome(**dict(zip(names, counts, strict=True)), bigger=bigger, verbose=verbose)
    assert next_step(outcome).startswith(words) if words else next_step(outcome) == ""


def test_the_hooks_line():
    tally, count = counted(WRITTEN)
    assert hook_line(count, tally) == (
        "wrote 1 docstring, left 4 without (pkg/a.py:7 f, pkg/a.py:9 g, pkg/a.py:11 h and 1 more):"
        " look at the changes, git add the files, and commit again"
    )
    tally, count = counted(LATE)
    assert hook_line(count, tally) == "left 1 definition without a docstring (c.py:4 y)"
    tally, count = counted(Result(path=PurePosixPath("d.py"), documented=5))
    assert hook_line(count, tally) == ""


PLAIN = "def total(prices, tax):\n    value = sum(prices)\n    return value * tax\n"
SIZED = "class Box:\n    def __len__(self):\n        return len(self.items)\n\n\n" + PLAIN


def figures(text):
    """The numbers of the closing table that are without a docstring, and the sentence below it."""
    groups = re.findall(r"^ *(\d+)  without a docstring: ", text, re.MULTILINE)
    (coverage,) = re.findall(r"coverage: (.*)", text)
    return sum(map(int, groups)), coverage


def test_a_patch_has_the_summary_of_the_run_and_says_nothing_of_undo(docbot, repo):
    repo.commit("box.py", SIZED)
    dry = docbot("fix", "--diff", "-v", "--min-confidence=1", repo.root)
    assert dry.code == exit_codes.CHANGES
    assert dry.out.startswith("--- a/box.py")
    (line,) = [line for line in dry.err.splitlines() if line.startswith("box.py:6: total skipped")]
    assert re.fullmatch(
        r".*, unsure: the model's confidence was 0\.\d\d, .*; withheld: \"\w.+\"", line
    )
    assert "undo" not in dry.err
    left, coverage = figures(dry.err)
    assert coverage == "0.0 % before, 33.3 % with this patch: 1 of 3 definitions that count"
    ran = docbot("fix", "--format=json", "--min-confidence=1", repo.root)
    assert left == json.loads(ran.out)["summary"]["missing"] == 2
    assert figures(ran.err) == (2, "0.0 % before, 33.3 % now: 1 of 3 definitions that count")
    assert "undo this run" in ran.err


def test_what_could_not_be_written_is_missing_still(docbot, repo):
    file = repo.commit("box.py", SIZED)
    file.chmod(0o444)
    ran = docbot("fix", "--format=json", "--min-confidence=1", repo.root)
    summary = json.loads(ran.out)["summary"]
    assert (summary["documented"], summary["missing"], summary["written"]) == (0, 3, 0)
    assert figures(ran.err) == (3, "0.0 % before, 0.0 % now: 0 of 3 definitions that count")
    assert "docbot does not write these (1 left-alone" in ran.err
