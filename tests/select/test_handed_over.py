"""Functions that a file hands over as tools, or whose docstrings it reads off a table."""

from __future__ import annotations

from textwrap import dedent

import pytest

from docbot.scan.facts import read_definitions
from docbot.scan.outline import outline
from docbot.scan.source import read
from docbot.select.runtime_docs import runtime_reader

FUNCTIONS = """
def area(side: float) -> float:
    return side * side

def volume(side: float) -> float:
    return side * area(side)

class Toolbox:
    def weigh(self, side):
        return side * self.density

    def paint(self, side):
        return [side, self.colour]

def unrelated(x):
    return x + 1
"""


def protected(code: str) -> set[str]:
    """The functions and methods of `FUNCTIONS` that are left alone where this code is below."""
    source = (FUNCTIONS + dedent(code)).encode()
    file_outline = outline(source)
    names = {d.qualname for d in read_definitions(read(source)) if runtime_reader(d, file_outline)}
    return names & {"area", "volume", "Toolbox.weigh", "Toolbox.paint", "unrelated"}


HANDED_OVER = [
    ("client.chat(model, tools=[area])", {"area"}),
    ("client.chat(model, tools=(area, volume))", {"area", "volume"}),
    ("client.chat(model, tools={area})", {"area"}),
    ("Agent(name='x', functions=[volume])", {"volume"}),
    ("models.generate_content(model=m, config={'tools': [area]})", {"area"}),
    ("models.generate_content(config=types.Config(tools=[area]))", {"area"}),
    ("Agent(tools=[Tool(area, takes_ctx=False), volume])", {"area", "volume"}),
    ("tool = FunctionTool(area)", {"area"}),
    ("tool = FunctionTool(func=area, name='x')", {"area"}),
    ("tokenizer.apply_chat_template(chat, tools=[area])", {"area"}),
    ("from langgraph import tools\ncreate_react_agent(model, [area])", {"area"}),
    ("graph = create_react_agent(model, tools=[area])", {"area"}),
    ("llm.bind_tools([area, volume])", {"area", "volume"}),
    ("ChatModel().bind_tools([area])", {"area"}),
    ("server.register_function(area)", {"area"}),
    ("server.register_function(volume, 'v')", {"volume"}),
    ("mcp.add_tool(area)", {"area"}),
    ("ToolNode([area])", {"area"}),
    ("convert_function_to_tool(area)", {"area"}),
    ("FunctionDeclaration.from_callable(callable=area, client=client)", {"area"}),
    ("gr.Interface(area, 'number', 'number').launch(mcp_server=True)", {"area"}),
    ("gr.Interface(fn=area, inputs=[]).launch(share=True, mcp_server=True)", {"area"}),
    ("TOOLS = [area, volume]\nAgent(tools=TOOLS)", {"area", "volume"}),
    ("TOOLS = [area]\nTOOLS.append(volume)\nAgent(tools=TOOLS)", {"area", "volume"}),
    ("TOOLS = [area]\nTOOLS += [volume]\nAgent(tools=TOOLS)", {"area", "volume"}),
    ("TOOLS = {'a': area}\nAgent(tools=list(TOOLS.values()))", {"area"}),
    ("def run():\n    mine = [area]\n    return Agent(tools=mine + [volume])", {"area", "volume"}),
    ("Agent(tools=[*(area, volume)])", {"area", "volume"}),
    ("Agent(tools=[area] if fast else [volume])", {"area", "volume"}),
    ("Agent(tools=[functools.partial(area, side=1)])", {"area"}),
    ("box = Toolbox()\nAgent(tools=[box.weigh])", {"Toolbox.weigh"}),
    ("class A(Toolbox):\n    def go(self):\n        Agent(tools=[self.paint])", {"Toolbox.paint"}),
    ("class A(Agent):\n    tools = [area]", {"area"}),
    ("agent.tools = [area]", {"area"}),
    ("def make(functions):\n    return Agent(tools=functions)\nmake([area])", {"area"}),
]


@pytest.mark.parametrize(("code", "names"), HANDED_OVER)
def test_a_function_that_is_handed_over_is_left_alone(code: str, names: set[str]) -> None:
    assert protected(code) == names


NOT_HANDED_OVER = [
    "gr.Interface(area, 'number', 'number').launch()",
    "Agent(tools=[area(2)])",
    "Agent(tools=['area'])",
    "Agent(tool_choice=area)",
    "run(callbacks=[area])",
    "atexit.register(area)",
    "sorted(sides, key=area)",
    "from elsewhere import tools\nAgent(tools=tools)",
    "print(itertools=area)",
    "x = {'toolset': [area]}",
]


@pytest.mark.parametrize("code", NOT_HANDED_OVER)
def test_other_uses_hand_nothing_over(code: str) -> None:
    assert protected(code) == set()


TABLE = "COMMANDS = {'area': area, 'volume': volume}\n"
READ = [
    (TABLE + "for name, function in COMMANDS.items(): add(name, help=function.__doc__)", "av"),
    (TABLE + "for name in COMMANDS: add(name, help=COMMANDS[name].__doc__)", "av"),
    (TABLE + "def show(name): print(COMMANDS.get(name).__doc__)", "av"),
    (TABLE + "print({f.__name__: f.__doc__ for f in COMMANDS.values()})", "av"),
    (TABLE + "print([inspect.getdoc(f) for f in sorted(COMMANDS.values(), key=str)])", "av"),
    (TABLE + "print([pydoc.getdoc(f) for f in reversed(list(COMMANDS.values()))])", "av"),
    (TABLE + "for f in COMMANDS.values(): print(inspect.cleandoc(f.__doc__))", "av"),
    (TABLE + "for f in COMMANDS.values(): print(getattr(f, '__doc__', None) or '')", "av"),
    (TABLE + "print(''.join(map(lambda f: f.__doc__, COMMANDS.values())))", "av"),
    (TABLE + "def doc(f): return f.__doc__\nprint(list(map(doc, COMMANDS.values())))", "av"),
    ("COMMANDS = {}\nCOMMANDS['a'] = area\nfor f in COMMANDS.values(): print(f.__doc__)", "a"),
    ("COMMANDS = [('a', area, 1), ('v', volume, 2)]\nfor _, f, n in COMMANDS: f.__doc__", "av"),
    ("def describe(function): return function.__doc__\nprint(describe(area))", "a"),
    ("def table(functions): return [f.__doc__ for f in functions]\ntable([area, volume])", "av"),
    ("def table(*functions): return [f.__doc__ for f in functions]\ntable(area)", "a"),
    (
        ("def add(parsers, function):\n    parsers.add_parser('x', help=function.__doc__)\n"
        "def main(parsers):\n    for f in (area, volume):\n        add(parsers, f)"),
        "av",
    ),
    (
        ("class Command:\n    def __init__(self, function): self.function = function\n"
        "    def help(self): return self.function.__doc__\nALL = [Command(area)]"),
        "a",
    ),
    (
        ("Command = namedtuple('Command', 'name callback')\nALL = [Command('v', volume)]\n"
        "for command in ALL: print(command.callback.__doc__)"),
        "v",
    ),
    ("f = area if fast else volume\nprint(f.__doc__)", "av"),
    ("def all_of(): return [area, volume]\nfor f in all_of(): print(f.__doc__)", "av"),
    ("def all_of():\n    yield area\nfor f in all_of(): print(f.__doc__)", "a"),
    ("for f in list(globals().values()): print(f.__doc__)", "avu"),
    (("for name in dir(sys.modules[__name__]): "
     "print(getattr(sys.modules[__name__], name).__doc__)"), "avu"),
    ("for f in load_plugins(): print(f.__doc__)", "avu"),
    ("for f in TABLE_FROM_ELSEWHERE: f.__doc__ = 'x'", ""),
    ("def copy(f, g):\n    f.__doc__ = g.__doc__\ncopy(area, volume)", ""),
    ("for f in (area, volume):\n    if not f.__doc__:\n        f.__doc__ = 'x'", ""),
    (("def fill(f):\n    text = f.__doc__\n    if not text: return f\n"
     "    f.__doc__ = text % PARTS\nfill(area)"), ""),
    ("for f in (area, volume): assert f.__doc__, f", ""),
    ("def describe(function): return function.__doc__", ""),
]  # fmt: skip
SHORT = {"a": "area", "v": "volume", "u": "unrelated"}


@pytest.mark.parametrize(("code", "letters"), READ)
def test_a_docstring_that_is_read_off_a_table_is_left_alone(code: str, letters: str) -> None:
    assert protected(code) == {SHORT[letter] for letter in letters}


METHODS = {"Toolbox.weigh", "Toolbox.paint"}
READ_METHODS = [
    (("class Shop(Toolbox):\n    def help(self):\n"
     "        return [getattr(self, name).__doc__ for name in dir(self)]"), set()),
    ("box = Toolbox()\nfor name in dir(box): print(getattr(box, name).__doc__)", METHODS),
    ("for name, method in inspect.getmembers(Toolbox): print(inspect.getdoc(method))", METHODS),
    ("for name, method in vars(Toolbox).items(): print(method.__doc__)", METHODS),
    ("for method in Toolbox.__dict__.values(): print(method.__doc__)", METHODS),
    (("def usage(thing):\n    for name in dir(thing): print(getattr(thing, name).__doc__)\n"
     "usage(Toolbox())"), METHODS),
    ("for m in (Toolbox.weigh,): print(m.__doc__)", {"Toolbox.weigh"}),
]  # fmt: skip


@pytest.mark.parametrize(("code", "names"), READ_METHODS)
def test_methods_that_are_looked_up_by_name_are_left_alone(code: str, names: set[str]) -> None:
    assert protected(code) == names


def test_a_class_that_describes_its_own_methods_describes_those_of_classes_below_it() -> None:
    code = """
    class Cli:
        def do_help(self):
            for name in dir(self):
                print(getattr(self, name).__doc__)

    class Mine(Cli):
        def do_list(self):
            return [self.rows]
    """
    source = dedent(code).encode()
    file_outline = outline(source)
    definitions = read_definitions(read(source))
    names = {d.qualname for d in definitions if runtime_reader(d, file_outline)}
    assert {"Cli.do_help", "Mine.do_list"} <= names


def test_the_detail_says_what_reads_it() -> None:
    source = (FUNCTIONS + "chat(tools=[area])\nfor f in [volume]: print(f.__doc__)\n").encode()
    file_outline = outline(source)
    details = {d.name: runtime_reader(d, file_outline) for d in read_definitions(read(source))}
    assert details["area"] == (
        "this file hands it over by tools=, where its docstring describes it"
    )
    assert details["volume"] == "this file reads its __doc__"
