"""What docbot-tiny is told: to the letter what it was trained on."""

from __future__ import annotations

from pathlib import PurePosixPath
from textwrap import dedent

import pytest

from docbot.errors import SourceError
from docbot.prompt import linearize as telling
from docbot.prompt.context import Context, build_context
from docbot.scan.definition import Definition, Kind
from docbot.scan.facts import read_definitions
from docbot.scan.identifiers import split_words
from docbot.scan.source import read
from docbot.select.skip import Target


def line_of(owner: str, code: str) -> str:
    """One function's words."""
    definition = Definition(
        qualname="f", name="f", kind=Kind.FUNCTION, line=1, lines=(1, 1), code=code, owner=owner
    )
    return telling.function(Context(target=Target(definition=definition), owner=owner))


def context(code: str, name: str, path: str = "shop/cart.py") -> Context:
    """The context of the definition with this qualname."""
    definitions = read_definitions(read(code.encode()))
    (definition,) = (d for d in definitions if d.qualname == name)
    return build_context(Target(definition=definition), definitions, PurePosixPath(path))


# Made once by the reference implementation that the training corpus was written with.
GOLDENS = [
    pytest.param(
        "Queue",
        """\
        def push_item(self, item):
            if not isinstance(item, Item):
                raise TypeError('not an item')
            self._items.append(item)
            return len(self._items)
        """,
        " if not isinstance ( item : raise type error ( not an item ; items append ( item return "
        "len ( items ; | | item , | | queue | push item",
        id="method",
    ),
    pytest.param(
        "",
        "def add(a, b):\n    return a + b * 2 - 1 / a % b ** 2\n",
        " return a + b * - 1 / a % b * ; | | a , b , | | | add",
        id="operators",
    ),
    pytest.param(
        "HTTPServer2",
        """\
        async def handleRequest(
            self, request: web.Request, *, timeout: float = 1.0
        ) -> Optional[web.Response]:
            async with self.session.get(request.url, timeout=timeout) as response:
                async for chunk in response.content:
                    await self.write(chunk)
            return None
        """,
        " with session get ( request url timeout for chunk in response content : write ( chunk "
        "return none ; | | request , timeout , | optional web response | http server 2 | "
        "async handle request",
        id="async",
    ),
    pytest.param(
        "",
        """\
        @contextlib.contextmanager
        @deprecated('use other', version=2)
        def open_file(path, mode='r', *args, encoding=None, **kwargs):
            handle = open(path, mode, *args, **kwargs)
            try:
                yield handle
            except (OSError, ValueError):
                raise
            except Exception as error:
                raise RuntimeError(f'cannot {path}') from error
            else:
                log('ok')
            finally:
                handle.close()
        """,
        " handle = open ( path mode args kwargs ; try yield handle except os error value error "
        "raise ; except exception raise runtime error ( cannot path ; handle close | contextlib "
        "contextmanager deprecated use other version | path , mode , encoding , args , kwargs , "
        "| | | open file",
        id="try, decorators, all kinds of parameter",
    ),
    pytest.param(
        "Tree",
        """\
        def walk(self, /, depth=0):
            yield self
            for index, child in enumerate(self.children):
                if depth > 3 and child is not None or index in (0, 1):
                    continue
                elif child == self:
                    break
                else:
                    yield from child.walk(depth + 1)
        """,
        " yield for index child in enumerate ( children : if depth < child < none index in 0 1 : "
        "else if child == : else yield child walk ( depth + 1 | | depth , | | tree | walk",
        id="generator",
    ),
    pytest.param(
        "",
        r"""
        def parse(text):
            pattern = r'^(\d+)-(?P<name>\w+)$'
            x = 'longer than sixty characters, and so the model never sees a word of this'
            return re.compile(pattern).match(text) is None, True, False, 0, 1, 2, 1.0, b'b', ...
        """,
        " pattern = d p name w ; x = ; return re compile ( pattern match ( text is none true false "
        "0 1 1.0 ; | | text , | | | parse",
        id="constants",
    ),
    pytest.param(
        "",
        """\
        def outer(xs):
            def inner(x):
                return x * 2
            class Local(Base):
                attr: int = 3
            return [inner(x) for x in xs if x not in skip], {k: v for k, v in xs}, lambda y: y
        """,
        " return x * ; base attr int return inner ( x xs x not in skip k v k v xs y ; | | xs , | | "
        "| outer",
        id="inner scopes",
    ),
    pytest.param(
        "Cls",
        """\
        @property
        def is_ready(self) -> bool:
            return not self.busy and self.state != 'done' and self.count >= 3
        """,
        " return not busy state < done count < ; | property | | bool | cls | is ready",
        id="property",
    ),
    pytest.param(
        "",
        """\
        def _(x):
            while True:
                x += 1
                x: int = 2
                a, b = b, a
                a = b = c
                del x[1:2]
                assert x, 'message'
                global g
                pass
        """,
        " while true x 1 x int a b = b a ; a b = c ; x 1 x message | | x , | | | _",
        id="statements, and a name without words",
    ),
    pytest.param(
        "",
        """\
        def match_it(command):
            match command.split():
                case ['go', direction]:
                    return direction
                case Point(x=0, y=0) | None:
                    return 'origin'
                case _:
                    raise ValueError(command)
        """,
        " command split go return direction ; point 0 return origin ; raise value error ( command "
        "; | | command , | | | match it",
        id="match",
    ),
    pytest.param(
        "Shop",
        """\
        def total(
            self, items=(), tax_rate=0.2, currency='EUR', discount_code=None, shipping=True,
            gift_wrap=False, customer_name='', country_code='DE', language_tag='de', when=None
        ):
            return sum(item.price for item in items) * (1 + tax_rate)
        """,
        " return sum ( item price item items * 1 + tax rate ; | | items , tax rate , currency , "
        "discount code , shipping , gift wrap , customer name , country code , language tag , | | "
        "shop | total",
        id="no more than 24 words of parameters",
    ),
    pytest.param(
        "",
        "def long(a):\n"
        + "".join(f"    value_{i} = compute_{c}(a.field_{c}, key_{i}={i})\n"
                  for i, c in enumerate("abcdefghijkl"))
        + "    return value_3\n",
        " value 0 = compute a ( a field a key 0 ; value 1 = compute b ( a field b key 1 ; value 2 "
        "= compute c ( a field c key 2 ; value 3 = compute d ( ... field k key 10 ; value 11 = "
        "compute l ( a field l key 11 ; return value 3 ; | | a , | | | long",
        id="both ends of a long body",
    ),
    pytest.param(
        "A",
        "def __getitem__(self, key):\n    return self._data[key][-1]\n",
        " return data key 1 ; | | key , | | a | getitem",
        id="special method",
    ),
    pytest.param(
        "",
        "def x1y2Z3ABCdef_GHI(aB, c_d):\n    return aB @ c_d // 2 << 1 | ~aB\n",
        " return a b * c d * 1 * a b ; | | a b , c d , | | | x 1 y 2 z 3 ab cdef ghi",
        id="odd names",
    ),
    pytest.param(
        "",
        "def nothing():\n    f()()\n    g(h(i()))\n    return\n",
        " f g ( h ( i return ; | | | | | nothing",
        id="empty calls",
    ),
    pytest.param(
        "Naïve",
        "def größe(self, été):\n    return été.größe\n",
        " return t gr e ; | | t , | | na ve | gr e",
        id="only ASCII letters make words",
    ),
    pytest.param(
        "",
        """\
        def with_two(a, b):
            with open(a) as f, lock:
                f.write(b if a else -b)
            print(*a, **b, sep='')
            raise NotImplementedError
        """,
        " with open ( a lock f write ( a b print ( a b sep raise not implemented error ; | | a , "
        "b , | | | with two",
        id="with",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("owner", "code", "words"), GOLDENS)
def test_words(owner: str, code: str, words: str) -> None:
    assert line_of(owner, dedent(code)) == words


def test_inner_docstrings_are_not_told() -> None:
    with_doc = (
        "def f():\n    def g():\n        '''Secret.'''\n    class A:\n        '''Secret.'''\n"
    )
    without = "def f():\n    def g():\n        pass\n    class A:\n        pass\n"
    assert line_of("", with_doc) == line_of("", without)


def test_layout_comments_and_quotes_are_not_told() -> None:
    plain = "def f(a):\n    return g('x', a)\n"
    dressed = 'def f(  # why\n    a,\n):\n\n    # how\n    return g(\n        "x",  a)\n'
    assert line_of("A", dressed) == line_of("A", plain)


@pytest.mark.parametrize("code", ["class A: pass\n", "x = 1\n", "", "def f(:\n", "# only\n"])
def test_what_is_no_function_cannot_be_told(code: str) -> None:
    with pytest.raises(SourceError):
        line_of("", code)


def test_invalid_escapes_are_not_our_warning() -> None:
    assert line_of("", "def f():\n    return '\\d'\n") == " return d ; | | | | | f"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("HTTPServer_name2", ["http", "server", "name", "2"]),
        ("snake_case", ["snake", "case"]),
        ("camelCase", ["camel", "case"]),
        ("__init__", ["init"]),
        ("ABC", ["abc"]),
        ("x", ["x"]),
        ("_", []),
        ("日本", []),
    ],
)
def test_split_words(name: str, words: list[str]) -> None:
    assert split_words(name) == words


# The other tasks.

SHOP = """\
import json
from decimal import Decimal
from shop.money import Price


@dataclass
class Cart(Base, Generic[T]):
    \"\"\"A cart.\"\"\"

    tax_rate: float = 0.2
    currency = "EUR"

    def __init__(self, owner_name, *items):
        self.items = list(items)
        self._lock = Lock()

    def add_item(self, item: Item, count: int = 1, *, note=None) -> Price:
        if count < 1:
            raise ValueError("count must be positive")
        for _ in range(count):
            self.items.append(item)
        try:
            total = self.prices[item] * count
        except KeyError as error:
            raise shop.UnknownItem(item.name) from error
        return total

    def _drop(self): ...

    async def each_item(self):
        yield self.items

def load_cart(path): ...

def _hidden(): ...
"""


def test_a_class_is_told() -> None:
    assert telling.class_(context(SHOP, "Cart")) == (
        " add item , each item , | tax rate , currency , items , | owner name , items , "
        "| dataclass | base generic t | cart"
    )


def test_a_module_is_told() -> None:
    assert telling.module(context(SHOP, "<module>")) == (
        " json decimal money | load cart , | cart , | shop cart"
    )


def test_a_package_is_told_by_its_folder_and_what_it_exports() -> None:
    code = "from shop.money import Price, TaxRate\n"
    assert telling.module(context(code, "<module>", "lib/shop/__init__.py")) == (
        " money | price , tax rate , | | shop"
    )


@pytest.mark.parametrize(
    ("name", "words"),
    [
        pytest.param(
            "count",
            " count < 1 range ( count total = prices item * count ; | int | = 1 "
            "| cart add item | count",
        ),
        pytest.param("note", " | | = none | cart add item | note"),
    ],
)
def test_a_parameter_is_told(name: str, words: str) -> None:
    assert telling.parameter(context(SHOP, "Cart.add_item"), name) == words


def test_what_is_returned_is_told() -> None:
    assert telling.returns(context(SHOP, "Cart.add_item")) == (
        " total = prices item * count ; return total ; | | price | cart add item"
    )
    assert telling.returns(context(SHOP, "Cart.each_item")) == (
        " yield items | yield | | cart each item"
    )


def test_what_is_raised_is_told_with_its_condition() -> None:
    added = context(SHOP, "Cart.add_item")
    assert telling.raises(added, "ValueError") == (
        " if count < 1 : raise value error ( count must be positive ; | cart add item | value error"
    )
    assert telling.raises(added, "shop.UnknownItem") == (
        " except key error : raise shop unknown item ( item name ; | cart add item "
        "| shop unknown item"
    )


def test_a_parameter_that_is_not_there() -> None:
    with pytest.raises(SourceError, match="no parameter nothing"):
        telling.parameter(context(SHOP, "Cart.add_item"), "nothing")


@pytest.mark.parametrize("teller", [telling.class_, telling.parameter, telling.returns])
def test_what_is_not_of_its_kind_cannot_be_told(teller) -> None:
    with pytest.raises(SourceError):
        teller(context("x = 1\n", "<module>"), "x")
