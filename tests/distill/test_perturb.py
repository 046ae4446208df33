"""A changed function computes what it computed; what may not be changed stays."""

from __future__ import annotations

import ast
import random
from pathlib import Path

import pytest

from docbot.distill.evaluate.perturb import PERTURBATIONS, rename_locals, reorder_keywords
from docbot.errors import SourceError

# source of a function `f`, and arguments to try it with
CASES = {
    "loops": (
        """
def f(items, limit=3):
    # sum up
    total = 0
    for index, item in enumerate(items):
        if index >= limit:
            break
        total += item
    else:
        total = -total
    return total
""",
        [([1, 2], 3), ([1, 2, 3, 4], 2), ([],)],
    ),
    "closures and shadows": (
        """
def f(n):
    count = 0
    def step(by=n):
        nonlocal count
        count += by
        total = by * 2
        return total
    total = step() + step(by=2)
    out = [total for total in range(count)]
    return total, count, out
""",
        [(1,), (4,)],
    ),
    "a default from outside": (
        """
x = 10
def f(y, z=x):
    x = y + 1
    g = lambda x=x: x
    return [x, z, g(), g(x=3)]
""",
        [(1,), (2, 5)],
    ),
    "a class inside": (
        """
def f(n):
    size = n
    class Box:
        size = 5
        total = n
        def area(self):
            return self.size * size
    box = Box()
    return box.area(), Box.size, box.total
""",
        [(2,), (3,)],
    ),
    "keywords": (
        """
def f(a, b):
    def call(first=0, second=0, third=0, *rest, **more):
        return first, second, third, rest, sorted(more.items())
    value = a.real
    r = call(second=a, first = b, extra=value)
    s = call(1, third=-b, second=(a + b), **{"z": 1})
    ordered = list(dict(b=1, a=2))
    return r, s, ordered
""",
        [(1, 2), (5, 4)],
    ),
    "order of effects": (
        """
def f(n):
    seen = []
    def note(value):
        seen.append(value)
        return value
    def call(**named):
        return len(named)
    call(b=note(1), a=note(2))
    return seen
""",
        [(1,)],
    ),
    "f-strings and handlers": (
        """
def f(text, width=5):
    try:
        number = int(text)
        label = f"{number!r:>{width}} of {text}"
    except ValueError as error:
        label = f"{type(error).__name__}"
    finally:
        done = True
    if (size := len(label)) > 3:
        label += str(size)
    return label, done, {label: size for label in "ab"}
""",
        [("12",), ("no",), ("123", 9)],
    ),
    "a generator": (
        '''
def f(n):
    """Count down.

    Twice.
    """
    left = n
    while left:
        yield left
        left -= 1
    first, *rest = range(n); last = rest[-1:]; text = """
    kept
"""; other = 1
    yield first, rest, last, text, other
''',
        [(2,), (5,)],
    ),
    "its own names": (
        """
def f(a):
    total = a + 1
    unused1 = 2
    return sorted(locals()), total, unused1
""",
        [(1,)],
    ),
    "a match": (
        """
def f(a):
    match a:
        case {"x": x, **rest}:
            out = x, rest
        case [first, *others]:
            out = first, others
        case int() as number:
            out = number
        case _:
            out = None
    return out
""",
        [({"x": 1, "y": 2},), ([1, 2, 3],), (4,), ("s",)],
    ),
}


def outcome(source: str, arguments: tuple) -> object:
    space: dict[str, object] = {}
    exec(compile(source, "case", "exec"), space)  # the cases above
    result = space["f"](*arguments)
    return list(result) if hasattr(result, "__next__") else result


@pytest.mark.parametrize("change", PERTURBATIONS)
@pytest.mark.parametrize("case", CASES)
def test_a_changed_function_does_what_it_did(change, case):
    source, calls = CASES[case]
    for seed in range(8):
        changed = PERTURBATIONS[change](source, random.Random(seed))
        for arguments in calls:
            assert outcome(changed, arguments) == outcome(source, arguments), changed


@pytest.mark.parametrize("change", PERTURBATIONS)
def test_the_seed_decides(change):
    source = CASES["keywords"][0]
    first = PERTURBATIONS[change](source, random.Random(5))
    assert PERTURBATIONS[change](source, random.Random(5)) == first != source
    if change not in ("reformatted", "reordered keyword arguments"):
        results = {PERTURBATIONS[change](source, random.Random(seed)) for seed in range(20)}
        assert len(results) > 1


def test_renaming_touches_variables_and_nothing_else():
    source = "def f(a, key):\n    total = a.total  # total\n    return g(total=total, key=key)\n"
    assert rename_locals(source, random.Random(0)) == (
        "def f(a, key):\n    var1 = a.total  # total\n    return g(total=var1, key=key)\n"
    )


def test_new_names_are_new():
    source = "def f(var1):\n    a = var1\n    return a + self.var2\n"
    assert "var3 = var1" in rename_locals(source, random.Random(0))


def test_keywords_keep_their_commas_and_comments():
    source = "def f(x):\n    return g(\n        x,\n        a=1,  # one\n        b=2,\n    )\n"
    changed = reorder_keywords(source, random.Random(0))
    assert changed == source.replace("a=1", "?").replace("b=2", "a=1").replace("?", "b=2")


def test_dead_code_is_inserted_and_dead():
    source = "def f(x):\n    y = x\n    return y\n"
    for seed in range(10):
        changed = PERTURBATIONS["dead code"](source, random.Random(seed))
        assert len(ast.parse(changed).body[0].body) > 2
        assert [line for line in changed.splitlines() if line in source.splitlines()]


@pytest.mark.parametrize("change", PERTURBATIONS)
def test_what_is_no_function_is_an_error_or_stays(change):
    with pytest.raises(SourceError):
        PERTURBATIONS[change]("def f(:", random.Random(0))
    one_line = "def f(x): return x\n"
    assert PERTURBATIONS[change](one_line, random.Random(0)).split() == one_line.split()


def test_no_change_of_a_real_function_breaks_its_syntax():
    source = Path(ast.__file__).read_text(encoding="utf-8")
    functions = [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.FunctionDef)][:120]
    for number, node in enumerate(functions):
        code = ast.unparse(node) + "\n"
        for change in PERTURBATIONS.values():
            compile(change(code, random.Random(number)), "changed", "exec")
