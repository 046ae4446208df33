from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from docbot.docstring import special_methods as sentences
from docbot.docstring.special_methods import fixed_sentence, fixed_summary
from docbot.scan.facts import read_definitions
from docbot.scan.only_raises import only_raises
from docbot.scan.source import read

if TYPE_CHECKING:
    from pathlib import Path


def fixed_text(method: str) -> str | None:
    lines = "".join(f"    {line}\n" for line in method.strip().splitlines())
    definitions = read_definitions(read(f"class Thing:\n{lines}".encode()))
    return fixed_sentence(next(d for d in definitions if d.owner == "Thing"))


NONE = {
    "what a class is built or called for is its own": """
def __init__(self, a):
    self.a = a
""",
    "new": """
def __new__(cls):
    return super().__new__(cls)
""",
    "call": """
def __call__(self, x):
    return x
""",
    "a plain method": """
def run(self):
    return 1
""",
    "unhashable": """
def __hash__(self):
    raise TypeError(f"unhashable type: {type(self)}")
""",
    "raises after a message": """
def __bool__(self):
    message = "ambiguous"
    raise ValueError(message)
""",
    "immutable": """
def __setattr__(self, name, value):
    raise AttributeError(name)
""",
    "no iterator": """
def __iter__(self):
    raise TypeError
""",
    "only refuses": """
def __eq__(self, other):
    return NotImplemented
""",
    "abstract": """
def __len__(self):
    raise NotImplementedError
""",
    "stub": """
def __len__(self) -> int: ...
""",
    "empty": """
def __set__(self, instance, value):
    pass
""",
    "returns nothing": """
def __repr__(self):
    print("hm")
""",
    "the inner function returns": """
def __len__(self):
    def inner():
        return 1
    inner()
""",
    "asynchronous where it must not be": """
async def __len__(self):
    return 1
""",
    "a generator where it must not be": """
def __len__(self):
    yield 1
""",
    "synchronous where it must not be": """
def __aenter__(self):
    return self
""",
    "a copy that is none": """
def __copy__(self):
    return self
""",
    "decorated beyond recognition": """
@contextmanager
def __enter__(self):
    yield self
""",
    "the parameter is missing": """
def __add__(self):
    return 1
""",
}


@pytest.mark.parametrize("method", NONE.values(), ids=NONE.keys())
def test_must_stay_silent(method: str) -> None:
    assert fixed_text(method) is None


def test_a_function_of_that_name_is_no_method() -> None:
    function = read_definitions(read(b"def __getattr__(name):\n    return globals()[name]\n"))[-1]
    assert fixed_sentence(function) is None
    assert fixed_summary(function) is None


BECOMES = {
    "def __len__(self):\n    return len(self.items)": "Return the number of items.",
    "def __repr__(self):\n    return 'Thing()'": "Return a string representation for debugging.",
    "@typing.override\ndef __str__(self):\n    return self.name": (
        "Return a readable string representation."
    ),
    "def __eq__(self, that):\n    return self.a == that.a": "Return self == that.",
    "def __lt__(self, other):\n    if other is None:\n        return NotImplemented\n"
    "    return self.a < other.a": "Return self < other.",
    "def __add__(self, other):\n    return Thing(self.a + other.a)": "Return self + other.",
    "def __rsub__(self, x):\n    return x - self.a": "Return x - self.",
    "def __imod__(self, x):\n    self.a %= x\n    return self": "Implement self %= x.",
    "def __neg__(self):\n    return Thing(-self.a)": "Return -self.",
    "def __pow__(self, n):\n    return self.a ** n": "Return self ** n.",
    "def __pow__(self, n, mod=None):\n    return pow(self.a, n, mod)": "Return pow(self, n, mod).",
    "def __contains__(self, key):\n    return key in self.d": (
        "Return whether the key is contained."
    ),
    "def __contains__(self, x):\n    return x in self.d": "Return whether the item is contained.",
    "def __getitem__(self, key):\n    return self.d[key]": "Return the item with the given key.",
    "def __getitem__(self, i):\n    return self.d[i]": "Return the item at the given index.",
    "def __getitem__(self, where):\n    return self.d[where]": "Return self[where].",
    "def __setitem__(self, key, value):\n    self.d[key] = value": (
        "Set the item with the given key."
    ),
    "def __delitem__(self, what):\n    del self.d[what]": "Delete self[what].",
    "def __iter__(self):\n    return iter(self.items)": "Return an iterator over the elements.",
    "def __iter__(self):\n    yield from self.items": "Yield each element in turn.",
    "def __next__(self):\n    if not self.a:\n        raise StopIteration\n    return self.pop()": (
        "Return the next element."
    ),
    "def __aiter__(self):\n    return self": "Return an asynchronous iterator over the elements.",
    "async def __aiter__(self):\n    yield 1": "Yield each element in turn, asynchronously.",
    "async def __anext__(self):\n    return await self.get()": "Return the next element.",
    "def __enter__(self):\n    self.open()\n    return self": "Enter the context and return self.",
    "def __enter__(self):\n    return self.open()": "Enter the context.",
    "def __exit__(self, *exc):\n    self.close()": "Leave the context.",
    "async def __aexit__(self, *exc):\n    await self.close()": ("Leave the asynchronous context."),
    "def __getattr__(self, name):\n    if name == 'a':\n        return 1\n"
    "    raise AttributeError(name)": "Return an attribute that the normal lookup did not find.",
    "def __setattr__(self, name, value):\n    self.d[name] = value": (
        "Set the attribute of the given name."
    ),
    "def __init_subclass__(cls, **kw):\n    super().__init_subclass__(**kw)\n    seen.add(cls)": (
        "Run whenever a subclass is defined."
    ),
    "def __deepcopy__(self, memo):\n    return Thing(copy(self.a))": "Return a deep copy.",
    "def __post_init__(self):\n    self.a = 1": "Finish initialization once the fields are set.",
    "def __del__(self):\n    self.close()": "Clean up before the object is destroyed.",
}


@pytest.mark.parametrize(("method", "expected"), BECOMES.items(), ids=BECOMES.values())
def test_must_become(method: str, expected: str) -> None:
    assert fixed_text(method) == expected


def test_a_fixed_summary_is_certain() -> None:
    method = read_definitions(read(b"class A:\n    def __len__(self):\n        return 1\n"))[-1]
    summary = fixed_summary(method)
    assert summary is not None
    assert summary.headline == "Return the number of items."
    assert summary.confidence == 1.0


def test_every_special_method_has_a_short_sentence_that_ruff_accepts(tmp_path: Path) -> None:
    body = '"""Things."""\n\n\nclass Thing:\n    """A thing."""\n'
    count = 0
    for name in sentences._RULES:
        for params in ("self", "self, other", "self, other, third"):
            variants = (
                f"def {name}({params}):\n    x = 1\n    return x",
                f"def {name}({params}):\n    x = 1\n    yield x",
                f"async def {name}({params}):\n    return await x",
            )
            for headline in filter(None, map(fixed_text, variants)):
                assert len(headline) < 70
                assert headline.endswith(".")
                body += f'\n    def {name}({params}):\n        """{headline}"""\n'
                count += 1
    assert count > len(sentences._RULES)
    file = tmp_path / "things.py"
    file.write_text(body)
    for convention in ("google", "numpy", "pep257"):
        command = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache"]
        command += ["--select", "D,E501", "--output-format", "json", str(file)]
        command += ["--config", f'lint.pydocstyle.convention="{convention}"']
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        assert [(row["code"], row["message"]) for row in json.loads(result.stdout)] == []


@pytest.mark.parametrize("value", ["0x" + "f" * 9000, "-" * 120 + "1"])
def test_a_value_that_cannot_be_told_is_no_crash(value: str) -> None:
    assert fixed_text(f"def __hash__(self):\n    return {value}\n") == "Return the hash value."


RAISES = {
    "a message first": (
        'def pop(self, key):\n    message = f"cannot pop {key!r}"\n    raise TypeError(message)',
        "Raise a TypeError.",
    ),
    "a special method": (
        "def __setitem__(self, key, value):\n    del key, value\n    raise AttributeError",
        "Raise an AttributeError.",
    ),
    "a warning first": (
        "def load(self):\n    warnings.warn('gone')\n    raise errors.HTTPError(410) from None",
        "Raise an HTTPError.",
    ),
    "an instance with a name": (
        "def close(self) -> NoReturn:\n    error = UsageError('no')\n    raise error",
        "Raise a UsageError.",
    ),
    "unreachable code behind it": (
        "def rows(self):\n    raise UnicodeError\n    yield",
        "Raise a UnicodeError.",
    ),
    "no error by its name": ("def leave(self):\n    raise SystemExit(2)", "Raise SystemExit."),
    "a helper": ("def clear(self):\n    self._refuse()", "Raise a ReadOnlyError."),
    "a helper of the module": (
        "def __delitem__(self, key) -> NoReturn:\n    _stop(self)",
        "Raise an OSError.",
    ),
}
HELPERS = """
class Base:
    def _refuse(self):
        raise ReadOnlyError

def _stop(thing):
    raise OSError(thing)

"""


@pytest.mark.parametrize(("method", "expected"), RAISES.values(), ids=RAISES.keys())
def test_a_body_that_only_raises_says_so(method: str, expected: str) -> None:
    lines = "".join(f"    {line}\n" for line in method.splitlines())
    source = f"{HELPERS}class Thing:\n{lines}"
    definitions = read_definitions(read(source.encode()))
    definition = next(d for d in definitions if d.owner == "Thing")
    summary = fixed_summary(definition, definitions)
    assert summary is not None
    assert summary.headline == expected


SILENT = {
    "abstract": "def run(self):\n    text = 'later'\n    raise NotImplementedError(text)",
    "declared abstract": "@abc.abstractmethod\ndef run(self):\n    raise TypeError",
    "one of two": "def run(self, x):\n    if x:\n        raise KeyError\n    raise ValueError",
    "no class": "def run(self):\n    raise self.error",
    "again": "def run(self, error):\n    raise error",
}
ACTS = {
    "on a condition": "def run(self, x):\n    if x:\n        raise ValueError(x)",
    "after work": "def run(self):\n    self.close()\n    raise ValueError",
    "where it fails": "def run(self):\n    try:\n        go()\n    except OSError:\n"
    "        raise ValueError from None",
    "after another value": "def run(self, x):\n    if x:\n        return x\n    raise ValueError",
    "in an inner function": "def run(self):\n    def stop():\n        raise ValueError\n"
    "    return stop",
    "where nothing is found": "def run(self, xs):\n    for x in xs:\n        return x\n"
    "    raise LookupError",
}


@pytest.mark.parametrize("method", [*SILENT.values(), *ACTS.values()], ids=[*SILENT, *ACTS])
def test_no_exception_is_promised_where_it_is_not_sure(method: str) -> None:
    lines = "".join(f"    {line}\n" for line in method.splitlines())
    definition = next(
        d for d in read_definitions(read(f"class Thing:\n{lines}".encode())) if d.name == "run"
    )
    assert fixed_summary(definition) is None
    assert bool(only_raises(definition)) is (method in SILENT.values())
