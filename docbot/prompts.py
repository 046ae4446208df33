"""Context to prompt, and reply to words: one named format per family of models.

A format belongs to a model, not to a code path: `weights.py` names the format of each known model,
and a GGUF's own chat template is never run (CVE-2024-34359 was one that was).
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from docbot.errors import ConfigError, SourceError
from docbot.outline import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from docbot.context import Context


@dataclass(frozen=True, kw_only=True, slots=True)
class Prompt:
    """What a backend tokenises: special tokens are read in `head` and `tail`, never in `body`.

    At most `keep` tokens of the body are sent: its last ones when `keep_end`, else its first.
    `stop` lists texts that end the answer besides the model's own end-of-generation tokens.
    """

    head: str
    body: str
    tail: str
    keep: int
    keep_end: bool = False
    stop: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Format:
    """How a family of models is asked, and how its answer is read."""

    prompt: Callable[[Context], Prompt]
    reply: Callable[[str], str]


def words_prompt(context: Context) -> Prompt:
    """The embedded model's format: a function told as plain words, its name last.

    Small models copy words, so the words are given to them; measured in models/LOG.md.
    """
    return Prompt(
        head="<|code|>",
        body=told(context.owner, context.target.definition.code),
        tail="<|sum|>",
        keep=150,
        keep_end=True,
    )


def chatml_prompt(context: Context) -> Prompt:
    """ChatML (Qwen and kin), the instruction first so that all prompts share it as a prefix."""
    surroundings = [context.enclosing, context.module]
    surroundings += [f"Documented nearby: {example}" for example in context.examples]
    surroundings += [f"It calls {callee}" for callee in context.callees]
    facts = "".join(f"# {line}\n" for line in surroundings if line)
    return Prompt(
        head=(
            "<|im_start|>system\nYou write the first line of Python docstrings. Answer with one "
            "plain sentence in the imperative mood, at most fifteen words, no markup. Say what the "
            "function does, not how, and nothing the code does not show.<|im_end|>\n"
            "<|im_start|>user\n"
        ),
        body=facts + context.target.definition.code,
        tail="<|im_end|>\n<|im_start|>assistant\n",
        keep=1500,
        stop=("<|im_end|>", "\n"),
    )


def first_line(text: str) -> str:
    """The reply's first line that holds anything; what else it holds is for the gate to judge."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


FORMATS: Mapping[str, Format] = {
    "words": Format(prompt=words_prompt, reply=first_line),
    "chatml": Format(prompt=chatml_prompt, reply=str.strip),
}


def format_named(name: str) -> Format:
    """The format that a model or the user names.

    Raises:
        ConfigError: there is no such format.

    """
    if name not in FORMATS:
        raise ConfigError(f"'prompt-format' must be one of {', '.join(FORMATS)}, got '{name}'")
    return FORMATS[name]


# The words format. Every detail below is what docbot-tiny was trained on: changing one changes
# the model's input, so it changes together with the model.

BODY_WORDS, TAIL_WORDS, PARAMETER_WORDS, LONG_TEXT = 64, 22, 24, 60
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_OPERATORS = {ast.Add: "+", ast.Sub: "-", ast.Div: "/", ast.Mod: "%"}  # every other one: "*"
_COMPARISONS = {ast.NotIn: "not in", ast.In: "in", ast.Is: "is", ast.Eq: "=="}  # every other: "<"
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def split_words(name: str) -> list[str]:
    """An identifier's words in lower case: `HTTPServer_name2` is http, server, name, 2."""
    return [word.lower() for word in _WORD.findall(name)]


def told(owner: str, code: str) -> str:
    """A function as words: body | decorators | parameters | return type | owner | name.

    Raises:
        SourceError: `code` is not one function's source.

    """
    function = next((n for n in parse(code).body if isinstance(n, _Function)), None)
    if function is None:
        raise SourceError("it is no function")
    body: list[str] = []
    _tell_all(function.body, body)
    given = function.args
    params = (*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg)
    names = [p.arg for p in params if p is not None and p.arg not in ("self", "cls")]
    parameters = [word for name in names for word in (*split_words(name), ",")]
    decorators = [w for d in function.decorator_list for w in split_words(ast.unparse(d))[:4]]
    returns = split_words(ast.unparse(function.returns))[:6] if function.returns else []
    name = " ".join(split_words(function.name)) or function.name
    if isinstance(function, ast.AsyncFunctionDef):
        name = "async " + name
    told = [*_shorten(body), "|", *decorators, "|", *parameters[:PARAMETER_WORDS]]
    return " " + " ".join([*told, "|", *returns, "|", *split_words(owner), "|", name])


def _shorten(body: Iterable[str]) -> list[str]:
    """Repeats, empty calls and closing brackets dropped; of a long body, both ends."""
    out: list[str] = []
    for word in body:
        if out and out[-1] == word:
            continue
        if word != ")":
            out.append(word)
        elif out and out[-1] == "(":
            out.pop()
    if len(out) <= BODY_WORDS:
        return out
    return [*out[: BODY_WORDS - TAIL_WORDS], "...", *out[1 - TAIL_WORDS :]]


def _tell_all(nodes: Iterable[ast.AST], out: list[str]) -> None:
    for node in nodes:
        _tell(node, out)


def _tell(node: ast.AST, out: list[str]) -> None:  # noqa: C901, PLR0912, PLR0915 - one case a node
    """Append the node's words in source order."""
    match node:
        case ast.Name(id=name):
            out.extend(split_words(name) if name not in ("self", "cls") else [])
        case ast.Attribute(value=value, attr=attr):
            _tell(value, out)
            out.extend(split_words(attr))
        case ast.Constant(value=str() as text):
            out.extend(
                w.lower() for w in re.findall(r"[A-Za-z]+", text)[:6] if len(text) < LONG_TEXT
            )
        case ast.Constant(value=value):
            if value in (True, False, None):  # 1 and 0 too, which equal True and False
                out.append(str(value).lower())
        case ast.Call():
            _tell(node.func, out)
            out.append("(")
            _tell_all(node.args, out)
            for keyword in node.keywords:
                out.extend(split_words(keyword.arg or ""))
                _tell(keyword.value, out)
            out.append(")")
        case ast.Return(value=inner) | ast.Raise(exc=inner):
            out.append(type(node).__name__.lower())
            _tell_all([inner] if inner is not None else [], out)
            out.append(";")
        case ast.Yield(value=inner) | ast.YieldFrom(value=inner):
            out.append("yield")
            _tell_all([inner] if inner is not None else [], out)
        case ast.If():
            out.append("if")
            _tell(node.test, out)
            out.append(":")
            _tell_all(node.body, out)
            if node.orelse:
                out.append("else")
                _tell_all(node.orelse, out)
        case ast.For() | ast.AsyncFor():
            out.append("for")
            _tell(node.target, out)
            out.append("in")
            _tell(node.iter, out)
            out.append(":")
            _tell_all(node.body, out)
        case ast.While():
            out.append("while")
            _tell(node.test, out)
            _tell_all(node.body, out)
        case ast.With() | ast.AsyncWith():
            out.append("with")
            _tell_all([*(item.context_expr for item in node.items), *node.body], out)
        case ast.Try():
            out.append("try")
            _tell_all(node.body, out)
            for handler in node.handlers:
                out.append("except")
                _tell_all([*filter(None, [handler.type]), *handler.body], out)
            _tell_all(node.finalbody, out)
        case ast.Assign():
            _tell_all(node.targets, out)
            out.append("=")
            _tell(node.value, out)
            out.append(";")
        case ast.UnaryOp(op=ast.Not()):
            out.append("not")
            _tell(node.operand, out)
        case ast.Compare():
            _tell(node.left, out)
            out.append(_COMPARISONS.get(type(node.ops[0]), "<"))
            _tell_all(node.comparators, out)
        case ast.BinOp():
            _tell(node.left, out)
            out.append(_OPERATORS.get(type(node.op), "*"))
            _tell(node.right, out)
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            inner_doc = ast.get_docstring(node, clean=False) is not None
            node.body = node.body[inner_doc:] or [ast.Pass()]
            _tell_all(ast.iter_child_nodes(node), out)
        case _:
            _tell_all(ast.iter_child_nodes(node), out)
