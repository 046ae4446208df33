"""Which documented method of a parent class a method overrides, across files."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import pytest

from docbot.errors import SourceError
from docbot.scan.outline import outline
from docbot.select.inheritance import ParentIndex

if TYPE_CHECKING:
    from docbot.scan.outline import Outline

DOCUMENTED = "class Base:\n    def run(self): 'Doc.'\n    def stop(self): pass\n"


class Files:
    """A repository in memory that counts what is read of it."""

    def __init__(self, **files: str) -> None:
        self.files = {PurePosixPath(path): code for path, code in files.items()}
        self.read: list[str] = []

    def outline_of(self, path: PurePosixPath) -> Outline | None:
        self.read.append(str(path))
        code = self.files.get(path)
        try:
            return outline(code.encode()) if code is not None else None
        except SourceError:
            return None


def parent(files: dict[str, str], owner: str = "A", method: str = "run") -> str:
    """The documented parent of a method in the first of the files."""
    parents = ParentIndex(Files(**files).outline_of)
    return parents.documented_parent(PurePosixPath(next(iter(files))), owner, method)


# No parent documents it.

NONE = [
    pytest.param({"a.py": "class A: pass\n"}, id="no base"),
    pytest.param({"a.py": "class A(object): pass\n"}, id="object"),
    pytest.param({"a.py": "class A(Unknown): pass\n"}, id="unknown name"),
    pytest.param({"a.py": "class A(a.b.C): pass\n"}, id="unknown dotted name"),
    pytest.param({"a.py": "class A(make()): pass\n"}, id="computed base"),
    pytest.param({"a.py": "class A(A): pass\n"}, id="its own base"),
    pytest.param({"a.py": "class A(B): pass\nclass B(A): pass\n"}, id="a cycle"),
    pytest.param(
        {"a.py": "class B(A): pass\nclass A(B, C): pass\nclass C(B, A): pass\n"}, id="cycles"
    ),
    pytest.param(
        {"a.py": "class Base:\n    def run(self): pass\nclass A(Base): pass\n"}, id="undocumented"
    ),
    pytest.param(
        {"a.py": "class Base:\n    def go(self): 'Doc.'\nclass A(Base): pass\n"},
        id="another method",
    ),
    pytest.param(
        {"a.py": "from json import Base\nclass A(Base): pass\n"}, id="not in the repository"
    ),
    pytest.param({"a.py": "from .b import Base\nclass A(Base): pass\n"}, id="missing file"),
    pytest.param(
        {"a.py": "from .b import Base\nclass A(Base): pass\n", "b.py": "def broken(:\n"},
        id="unreadable file",
    ),
    pytest.param(
        {"a.py": "from .b import Base\nclass A(Base): pass\n", "b.py": "x = 1\n"},
        id="no such class",
    ),
    pytest.param(
        {
            "a.py": "from b import Base\nclass A(Base): pass\n",
            "b.py": "from c import Base\n",
            "c.py": "from b import Base\n",
        },
        id="imports that go round in circles",
    ),
    pytest.param(
        {
            "a.py": "from b import *\nclass A(Base): pass\n",
            "b.py": "from c import *\n",
            "c.py": "from b import *\n",
        },
        id="star imports that go round in circles",
    ),
    pytest.param(
        {"p/q/a.py": "from ....b import Base\nclass A(Base): pass\n", "b.py": DOCUMENTED},
        id="above the root",
    ),
    pytest.param(
        {"a.py": "import Base\nclass A(Base): pass\n", "Base.py": DOCUMENTED}, id="a module"
    ),
    pytest.param({"a.py": "x = 1\n"}, id="no such owner"),
]


@pytest.mark.parametrize("files", NONE)
def test_no_documented_parent(files: dict[str, str]) -> None:
    assert parent(files) == ""


# A parent does.

SOME = [
    pytest.param({"a.py": DOCUMENTED + "class A(Base): pass\n"}, id="same file"),
    pytest.param({"a.py": "class A(Base): pass\n" + DOCUMENTED}, id="defined below"),
    pytest.param({"a.py": DOCUMENTED + "class A(Base[T]): pass\n"}, id="generic"),
    pytest.param({"a.py": DOCUMENTED + "class A(Generic[T], Base[int, str]): pass\n"}, id="second"),
    pytest.param(
        {"a.py": DOCUMENTED + "class B(Base): pass\nclass A(B): pass\n"}, id="grandparent"
    ),
    pytest.param(
        {"a.py": DOCUMENTED + "class B(Base):\n    def run(self): pass\nclass A(B): pass\n"},
        id="grandparent behind an undocumented override",
    ),
    pytest.param(
        {"a.py": DOCUMENTED + "class B(Base): pass\nclass C(Base): pass\nclass A(B, C): pass\n"},
        id="diamond",
    ),
    pytest.param(
        {"a.py": DOCUMENTED + "class B(A): pass\nclass A(B, Base): pass\n"}, id="past a cycle"
    ),
    pytest.param(
        {"a.py": "if x:\n  " + DOCUMENTED.replace("\n ", "\n   ") + "class A(Base): pass\n"},
        id="under if",
    ),
    pytest.param(
        {"p/a.py": "from .b import Base\nclass A(Base): pass\n", "p/b.py": DOCUMENTED},
        id="relative",
    ),
    pytest.param(
        {"p/a.py": "from . import b\nclass A(b.Base): pass\n", "p/b.py": DOCUMENTED},
        id="relative module",
    ),
    pytest.param(
        {"p/q/a.py": "from .. import b\nclass A(b.Base): pass\n", "p/b.py": DOCUMENTED},
        id="relative module, one up",
    ),
    pytest.param(
        {"p/a.py": "from . import Base\nclass A(Base): pass\n", "p/__init__.py": DOCUMENTED},
        id="from the package itself",
    ),
    pytest.param(
        {"p/q/a.py": "from .. import Base\nclass A(Base): pass\n", "p/__init__.py": DOCUMENTED},
        id="from the package above",
    ),
    pytest.param(
        {"p/q/a.py": "from ..r.b import Base\nclass A(Base): pass\n", "p/r/b.py": DOCUMENTED},
        id="relative cousin",
    ),
    pytest.param(
        {"p/q/a.py": "from p.b import Base\nclass A(Base): pass\n", "p/b.py": DOCUMENTED},
        id="absolute",
    ),
    pytest.param(
        {"p/q/a.py": "import p.b\nclass A(p.b.Base): pass\n", "p/b.py": DOCUMENTED},
        id="absolute module",
    ),
    pytest.param(
        {"p/q/a.py": "import p.b as c\nclass A(c.Base): pass\n", "p/b.py": DOCUMENTED},
        id="module under an alias",
    ),
    pytest.param(
        {"p/a.py": "from p.b import Base as Other\nclass A(Other): pass\n", "p/b.py": DOCUMENTED},
        id="class under an alias",
    ),
    pytest.param(
        {"src/p/q/a.py": "from p.b import Base\nclass A(Base): pass\n", "src/p/b.py": DOCUMENTED},
        id="src layout",
    ),
    pytest.param(
        {"examples/a.py": "from p.b import Base\nclass A(Base): pass\n", "src/p/b.py": DOCUMENTED},
        id="into src from outside",
    ),
    pytest.param(
        {
            "lib/python/p/a.py": "from p import b\nclass A(b.Base): pass\n",
            "lib/python/p/b.py": DOCUMENTED,
        },
        id="any folder above may be the root",
    ),
    pytest.param(
        {"a.py": "from b import Base\nclass A(Base): pass\n", "b.py": DOCUMENTED},
        id="script beside it",
    ),
    pytest.param(
        {
            "p/a.py": "from q import Base\nclass A(Base): pass\n",
            "q/__init__.py": "from .b import Base\n",
            "q/b.py": DOCUMENTED,
        },
        id="re-exported",
    ),
    pytest.param(
        {
            "p/a.py": "from q import Other\nclass A(Other): pass\n",
            "q/__init__.py": "from q.r import Base as Other\n",
            "q/r/__init__.py": "from ._b import Base\n",
            "q/r/_b.py": DOCUMENTED,
        },
        id="re-exported twice, under an alias",
    ),
    pytest.param(
        {
            "p/a.py": "from q import Base\nclass A(Base): pass\n",
            "q/__init__.py": "from .empty import *\nfrom .b import *\n",
            "q/empty.py": "x = 1\n",
            "q/b.py": DOCUMENTED,
        },
        id="re-exported with all other names",
    ),
    pytest.param(
        {"p/a.py": "from .b import *\nclass A(Base): pass\n", "p/b.py": DOCUMENTED}, id="starred"
    ),
    pytest.param(
        {
            "p/a.py": "from .b import B\nclass A(B): pass\n",
            "p/b.py": "from .c import Base\nclass B(Base[int]): pass\n",
            "p/c.py": DOCUMENTED,
        },
        id="grandparent two files away",
    ),
    pytest.param(
        {
            "p/a.py": "from p.b import Base\nclass A(Base): pass\ndef f(): from x import Base\n",
            "p/b.py": DOCUMENTED,
        },
        id="an inner import does not hide the module's",
    ),
    pytest.param(
        {
            "p/a.py": "try: from .b import Base\nexcept E: Base = 1\nclass A(Base): pass\n",
            "p/b.py": DOCUMENTED,
        },
        id="imported under try",
    ),
]


@pytest.mark.parametrize("files", SOME)
def test_a_parent_documents_it(files: dict[str, str]) -> None:
    assert parent(files).rpartition(".")[2] == "run"
    assert parent(files, method="stop") == ""


def test_names_the_class_that_documents_it() -> None:
    code = DOCUMENTED + "class B(Base): pass\nclass A(x.y, B): pass\n"
    assert parent({"a.py": code}) == "Base.run"
    nearer = {"a.py": "from . import b\nclass A(b.Base): pass\n", "b.py": DOCUMENTED}
    assert parent(nearer) == "Base.run"


def test_a_module_is_not_taken_for_itself() -> None:
    """`json/decoder.py` may import the standard library's `decoder`, from beside itself."""
    files = {"p/json.py": "from json import Base\nclass A(Base): pass\n", "json.py": DOCUMENTED}
    assert parent(files) == "Base.run"


def test_each_file_is_read_once_and_only_where_a_base_leads() -> None:
    files = Files(
        **{
            "p/a.py": "from .b import Base\nimport p.c\nclass A(Base): pass\n",
            "p/b.py": DOCUMENTED,
            "p/c.py": DOCUMENTED,
        }
    )
    parents = ParentIndex(files.outline_of)
    for method in ("run", "stop", "go"):
        parents.documented_parent(PurePosixPath("p/a.py"), "A", method)
    assert files.read == ["p/a.py", "p/b.py"]


def test_a_tangle_of_bases_is_not_walked_twice() -> None:
    """Sixty layers of three that all inherit from each other: 3 ** 60 paths."""
    layers = [
        f"class L{n}_{i}(L{n + 1}_0, L{n + 1}_1, L{n + 1}_2): pass\n"
        for n in range(60)
        for i in range(3)
    ]
    code = "".join(layers) + "class A(L0_0, L0_1, L0_2): pass\n"
    assert parent({"a.py": code}) == ""
