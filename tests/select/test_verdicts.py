"""A file judged by itself and settled later is what a check of it with all others says."""

from __future__ import annotations

import pickle
from pathlib import PurePosixPath

import pytest

from docbot.config import Config
from docbot.scan.facts import file_facts
from docbot.scanned import COUNTED, check_file, settle_file, with_kinds
from docbot.select.inheritance import ParentIndex
from docbot.select.verdicts import judge_file

PATH = PurePosixPath("pkg/a.py")
BASE = 'class Base:\n    def run(self):\n        """Run it."""\n        return [1]\n'
SOURCE = """
from pkg.base import Base

class A(Base):
    def run(self):
        return [self]
    def stop(self):
        return [self, self]
    def wait(self):
        '''Wait for it.'''
    def _quiet(self):
        return [3]
    def pause(self): pass

class B(A):
    def run(self):
        '''Run it, too.'''
    def pause(self): pass

def f(x):
    return [x]
"""
SOURCES = {
    "classes": SOURCE,
    "generated": "# @generated\n" + SOURCE,
    "not Python": "x = (\n",
    "nothing": "",
}


def outline_of(path):
    return file_facts(BASE.encode()).outline if path == PurePosixPath("pkg/base.py") else None


@pytest.mark.parametrize("changed", [None, ((5, 6), (16, 16))])
@pytest.mark.parametrize("name", SOURCES)
def test_it_settles_to_what_a_check_says(name, changed):
    facts, config = file_facts(SOURCES[name].encode()), with_kinds(Config(), COUNTED)
    verdict = pickle.loads(pickle.dumps(judge_file(PATH, facts, config, changed)))
    parents = ParentIndex(outline_of)
    parents.add(PATH, facts.outline)
    settled = settle_file(PATH, verdict, parents)
    checked = check_file(PATH, facts, config, ParentIndex(outline_of), changed)
    assert settled.skips == checked.skips
    assert settled.documented == checked.documented
    assert [places(target) for target in settled.missing] == [
        places(target) for target in checked.missing
    ]


def places(target):
    definition = target.definition
    return definition.qualname, definition.name, definition.kind, definition.line


def test_a_documented_parent_is_named():
    facts = file_facts(SOURCE.encode())
    verdict = judge_file(PATH, facts, with_kinds(Config(), COUNTED))
    parents = ParentIndex(outline_of)
    parents.add(PATH, facts.outline)
    skips = {skip.qualname: skip for skip in settle_file(PATH, verdict, parents).skips}
    assert skips["A.run"].detail == "Base.run documents it"
    assert "A.stop" not in skips
