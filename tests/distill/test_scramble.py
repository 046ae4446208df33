"""Scrambled names: the same program, saying less."""

from __future__ import annotations

import pytest

from docbot.distill.corpus.scramble import scramble
from docbot.errors import SourceError


def test_own_names_go_and_others_stay() -> None:
    code = (
        "def total_price(cart, *, tax_rate=0.2):\n"
        "    prices = [item.price for item in cart.items]\n"
        "    try:\n        return apply(sum(prices), rate=tax_rate)\n"
        "    except ValueError as error:\n        raise CartError('no price') from error\n"
    )
    assert scramble(code) == (
        "def f(a, *, b=0.2):\n"
        "    c = [e.price for e in a.items]\n"
        "    try:\n        return apply(sum(c), rate=b)\n"
        "    except ValueError as d:\n        raise CartError('no price') from d\n"
    )


def test_it_computes_the_same() -> None:
    code = (
        "def climb(stairs, memo=None):\n    memo = {} if memo is None else memo\n"
        "    def inner(stairs):\n        return climb(stairs, memo)\n"
        "    if stairs < 2:\n        return 1\n"
        "    if stairs not in memo:\n"
        "        memo[stairs] = inner(stairs - 1) + inner(stairs - 2)\n    return memo[stairs]\n"
    )
    plain: dict = {}
    scrambled: dict = {}
    exec(code, plain)
    exec(scramble(code), scrambled)
    assert [scrambled["f"](n) for n in range(12)] == [plain["climb"](n) for n in range(12)]


def test_globals_and_receivers_stay() -> None:
    code = "def set_it(self, value):\n    global TABLE\n    TABLE = value\n    return self\n"
    assert scramble(code) == "def f(self, a):\n    global TABLE\n    TABLE = a\n    return self\n"


def test_new_names_are_free() -> None:
    assert scramble("def g(x):\n    return a(x, b)\n") == "def f(c):\n    return a(c, b)\n"


def test_no_python() -> None:
    with pytest.raises(SourceError):
        scramble("def f(:\n")
