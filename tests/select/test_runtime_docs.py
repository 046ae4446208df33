"""Docstrings that a running program reads: first those that it does not."""

from __future__ import annotations

from textwrap import dedent

import pytest

from docbot.scan.definition import Kind
from docbot.scan.facts import read_definitions
from docbot.scan.outline import outline
from docbot.scan.source import read
from docbot.select.reader_tables import API, COMPONENT, HELP, LISTING, LLM, PROMPT
from docbot.select.runtime_docs import runtime_reader


def read_by(code: str) -> dict[str, str]:
    """Who reads the docstring of each definition of a file, those that nobody reads left out."""
    source = dedent(code).encode()
    file_outline = outline(source)
    readers = {d.qualname: runtime_reader(d, file_outline) for d in read_definitions(read(source))}
    return {qualname: who for qualname, who in readers.items() if who}


def decorated(imports: str, decorator: str) -> str:
    return f"{imports}\n\n@{decorator}\ndef f(x):\n    return g(x)\n"


# What nobody reads.

UNREAD_DECORATORS = [
    ("from flask import Flask", "app.route('/x')"),
    ("from flask import Flask", "app.get('/x')"),
    ("import flask", "bp.post('/x', strict_slashes=False)"),
    ("from flask.blueprints import Blueprint", "bp.delete('/x')"),
    ("from quart import Quart", "app.get('/x')"),
    ("from aiohttp import web", "routes.get('/x')"),
    ("from bottle import Bottle", "app.get('/x')"),
    ("from celery import Celery", "app.task"),
    ("from celery import shared_task", "shared_task(bind=True)"),
    ("import celery\nimport invoke", "celery.task"),
    ("import huey", "huey.task()"),
    ("import registry", "registry.get('json')"),
    ("import registry", "registry.put('json', priority=1)"),
    ("import registry", "handlers.update('x')"),
    ("import registry", "handlers.list('/x')"),
    ("import registry", "signals.post"),
    ("import responses", "cache.get"),
    ("import responses", "options.get(path)"),
    ("from .fastapi import app", "registry.get('json')"),
    ("import fastapi", "cache.get"),  # not called: no route
    ("import fastapi", "functools.cache"),
    ("import functools", "functools.wraps(f)"),
    ("import functools", "functools.lru_cache(maxsize=None)"),
    ("import contextlib", "contextlib.contextmanager"),
    ("import django", "login_required"),
    ("import django.dispatch", "receiver(post_save, sender=User)"),
    ("import tensorflow as tf", "tf.function"),
    ("import numba", "numba.njit(cache=True)"),
    ("import pydantic", "validator('x')"),
    ("import pydantic", "pydantic.field_validator('x')"),
    ("import attr", "attr.s"),
    ("import sqlalchemy", "event.listens_for(Engine, 'connect')"),
    ("import hypothesis", "given(x=st.text())"),
    ("import pytest", "pytest.mark.parametrize('x', [1])"),
    ("", "session('x')"),  # nobody's, without nox
    ("", "task"),
    ("", "action(detail=True)"),
    ("", "callback()"),
    ("", "step"),
    ("", "component"),
    ("", "simple"),
    ("import behave", "step('a number')"),
    ("from angular import component", "component"),
    ("", "http_get('/x')"),
    ("", "option('--x')"),
    ("", "resource('x')"),
    ("", "prompt"),
    ("", "default"),
    ("", "route('/x')"),
    # relative imports are of this repository, not of the package of that name
    ("from .nox import session", "session"),
    ("from . import invoke", "invoke.task"),
    ("from .prefect import flow", "flow"),
    ("from ..click import option", "option('--x')"),
]


@pytest.mark.parametrize(("imports", "decorator"), UNREAD_DECORATORS)
def test_nobody_reads_it_for_this_decorator(imports: str, decorator: str) -> None:
    assert read_by(decorated(imports, decorator)) == {}


UNREAD = [
    "def main():\n    '''Doc.'''\n",
    "from .docopt import docopt\ndef main(): pass\n",
    "from .fire import Fire\ndef burn(): pass\n",
    "from .ply import yacc\ndef p_expression(p): pass\n",
    "def p_value(x): pass\n",
    "import argparse\nparser = argparse.ArgumentParser(description='x')\ndef main(): pass\n",
    "import typer\ndef main(): pass\n",
    "import asyncio\ndef main(): pass\nasyncio.run(main())\n",
    "def f(): pass\ndef g(): f.__doc__ = 'x'\n",
    "class A:\n    def do_build(self): pass\n",
    # a wrapper that carries the docstring along shows it to nobody
    "def wrap(f):\n    def g(): f()\n    g.__doc__ = f.__doc__\n@wrap\ndef h(): pass\n",
    "def wrap(f):\n    f.__doc__ = 'x'\n    return f\n@wrap\ndef h(): pass\n",
    "def show(f): print(f.__doc__)\ndef h(): pass\n",
    "class A:\n    def wrap(self, f): self.x = self.__doc__\n    @wrap\n    def h(): pass\n",
    "class A(Builder):\n    def do_build(self): pass\n",
    "class A(Cmd):\n    def help_build(self): pass\n    def build(self): pass\n",
    "class A(dict):\n    def get(self, key): pass\n    def update(self, other): pass\n",
    "class A(APIView):\n    def dispatch(self, request): pass\n",
    "import flask\nclass A(MethodView):\n    def get(self): pass\n",
    "class A(Model):\n    x: int\n    def f(self): pass\n",
    "class A(BaseModel):\n    def f(self): pass\n",
    "import unittest\nclass A:\n    def f(self): pass\n",
    # a sentence without `>>>` adds no example
    "import doctest\ndef f(): pass\nif __name__ == '__main__':\n    doctest.testmod()\n",
]


@pytest.mark.parametrize("code", UNREAD)
def test_nobody_reads_it(code: str) -> None:
    readers = read_by(code)
    readers.pop("A", None)  # a schema's class, which is another row's
    assert readers == {}


# What somebody reads.

READ_DECORATORS = [
    (HELP, "import click", "click.command()"),
    (HELP, "import click", "click.group"),
    (HELP, "from click import command", "command"),
    (HELP, "from .cli import main", "main.command('x', hidden=True)"),
    (HELP, "from .cli import main", "main.group()"),
    (HELP, "import click", "click.option('--x')"),  # it may be a click command built elsewhere
    (HELP, "import click", "click.pass_context"),
    (HELP, "import rich_click as click", "click.command()"),
    (HELP, "import asyncclick", "asyncclick.command()"),
    (HELP, "import typer", "app.command()"),
    (HELP, "import typer", "app.callback(invoke_without_command=True)"),
    (HELP, "import cyclopts", "app.default"),
    (HELP, "import flask", "app.cli.command('x')"),
    (HELP, "from discord.ext import commands", "bot.command()"),
    (HELP, "from discord.ext import commands", "commands.hybrid_command()"),
    (HELP, "from IPython.core.magic import line_magic", "line_magic"),
    (API, "from fastapi import FastAPI", "app.get('/x')"),
    (API, "from fastapi import APIRouter", "router.post('/x', status_code=201)"),
    (API, "from fastapi import APIRouter", "router.api_route('/x')"),
    (API, "from fastapi import APIRouter", "router.get(PATH)"),
    (API, "from fastapi import FastAPI", "app.websocket('/ws')"),
    (API, "from .app import router", "router.get('/x/{y}')"),
    (API, "from .app import router", "router.get('')"),
    (API, "from .app import router", "router.patch(path='/x')"),
    (API, "from .app import router", "router.put(f'/{PREFIX}')"),
    (API, "from litestar import get", "get('/x')"),
    (API, "from ninja import NinjaAPI", "api.get('/x')"),
    (API, "from starlette.routing import Route", "app.route('/x')"),
    (API, "import flask\nimport flasgger", "app.route('/x')"),
    (API, "import flask\nimport flask_smorest", "blp.get('/x')"),
    (API, "from rest_framework.decorators import action", "action(detail=True)"),
    (API, "from rest_framework.decorators import api_view", "api_view(['GET'])"),
    (API, "from drf_spectacular.utils import extend_schema", "extend_schema()"),
    (LLM, "from langchain_core.tools import tool", "tool"),
    (LLM, "from agents import function_tool", "function_tool"),
    (LLM, "from pydantic_ai import Agent", "agent.tool"),
    (LLM, "from pydantic_ai import Agent", "agent.tool_plain"),
    (LLM, "from mcp.server.fastmcp import FastMCP", "mcp.tool()"),
    (LLM, "from mcp.server.fastmcp import FastMCP", "mcp.resource('x://y')"),
    (LLM, "from fastmcp import FastMCP", "mcp.prompt"),
    (LLM, "import llm", "llm_tool"),
    (LLM, "from semantic_kernel.functions import kernel_function", "kernel_function"),
    (PROMPT, "import ell", "ell.simple(model='m')"),
    (PROMPT, "from ell import complex", "complex(model='m', temperature=0)"),
    (PROMPT, "import marvin", "marvin.fn"),
    (PROMPT, "import lmql", "lmql.query(model='m')"),
    (PROMPT, "import outlines", "outlines.prompt"),
    (PROMPT, "from mirascope import llm", "llm.call('openai/m')"),
    (PROMPT, "from mirascope.core import openai", "openai.call('m')"),
    (COMPONENT, "from kfp import dsl", "dsl.component"),
    (COMPONENT, "from kfp.dsl import pipeline", "pipeline(name='x')"),
    (LISTING, "from metaflow import FlowSpec, step", "step"),
    (API, "import bentoml", "bentoml.api"),
    (API, "from ninja_extra import http_get", "http_get('/x')"),
    (HELP, "from discord.ext import commands", "commands.hybrid_group()"),
    (HELP, "from errbot import BotPlugin, botcmd", "botcmd(split_args_with=None)"),
    (HELP, "from async_typer import AsyncTyper", "app.async_command()"),
    (LISTING, "from duty import duty", "duty"),
    (LISTING, "from paver.easy import task", "task"),
    (LISTING, "from invoke import task", "task"),
    (LISTING, "import invoke", "invoke.task(pre=[clean])"),
    (LISTING, "from fabric import task", "task"),
    (LISTING, "from robot.api.deco import keyword", "keyword('Do it')"),
    (LISTING, "import nox", "nox.session(python='3.12')"),
    (LISTING, "from nox import session", "session"),
    (LISTING, "from prefect import flow", "flow(name='x')"),
    (LISTING, "import prefect", "prefect.task"),
    (LISTING, "from airflow.decorators import dag", "dag(schedule=None)"),
    (LISTING, "import dagster as dg", "dg.asset"),
]


@pytest.mark.parametrize(("who", "imports", "decorator"), READ_DECORATORS)
def test_somebody_reads_it_for_this_decorator(who: str, imports: str, decorator: str) -> None:
    assert read_by(decorated(imports, decorator)) == {"f": who}
    under_another = decorated(imports, f"{decorator}\n@other")
    assert read_by(under_another) == {"f": who}


OWN = "this file reads its __doc__"
COMMAND = """\
def command(name):
    def register(function):
        add(name, function.__doc__ or "")
        return function
    return register
"""
REGISTRY = """\
class Registry:
    def add(self, function):
        self.help.append(function.__doc__)
registry = Registry()
"""
REGISTERED = "this file's decorator reads its __doc__"
SCHEMA = "its docstring becomes a schema's description"
READ = [
    ("print(f.__doc__)\ndef f(): pass\n", {"f": OWN}),
    ("def f(): pass\nf.__doc__ += 'x'\n", {"f": OWN}),
    ("class A:\n    def f(self): print(self.g.__doc__)\n    def g(self): pass\n", {"A.g": OWN}),
    ("class A:\n    def f(self): print(self.__doc__)\n", {"A": OWN}),
    ("class A:\n    x = 1\nprint(inspect.getdoc(A))\n", {"A": OWN}),
    ("import argparse\nargparse.ArgumentParser(description=__doc__)\n", {"<module>": OWN}),
    ("from docopt import docopt\ndocopt(__doc__)\n", {"<module>": OWN}),
    ("__doc__ += 'more'\n", {"<module>": OWN}),
    ("def f():\n    assert f.__doc__\n", {"f": OWN}),
    (
        "def add(f):\n    HELP[f] = f.__doc__\n    return f\n@add\ndef g(): pass\n",
        {"g": REGISTERED},
    ),
    (COMMAND + "@command('x')\ndef g(): pass\n", {"g": REGISTERED}),
    (REGISTRY + "@registry.add\ndef g(): pass\n", {"g": REGISTERED}),
    ("import typer\ndef serve(): pass\ntyper.run(serve)\n", {"serve": OWN}),
    ("def search(x): pass\ntool = Tool.from_function(search)\n", {"search": OWN}),
    (
        "from docopt import docopt\ndef main(): pass\ndef other(): pass\n",
        {"main": "docopt may read it as the command line"},
    ),
    (
        "import fire\ndef f(): pass\nclass A:\n    def g(self): pass\n",
        {"f": HELP, "A": HELP, "A.g": HELP},
    ),
    ("import defopt\ndef f(): pass\ndefopt.run([f])\n", {"f": HELP}),
    ("import tyro\ndef f(): pass\ntyro.cli(f)\n", {"f": HELP}),
    ("from jsonargparse import CLI\ndef f(): pass\nCLI()\n", {"f": HELP}),
    (
        "from ply import lex\ndef t_NUMBER(t): pass\ndef p_term(p): pass\ndef f(): pass\n",
        {"t_NUMBER": "ply reads it as grammar", "p_term": "ply reads it as grammar"},
    ),
    ("class A(cmd.Cmd):\n    def do_x(self, a): pass\n    def x(self): pass\n", {"A.do_x": HELP}),
    ("class A(cmd2.Cmd2):\n    def do_x(self, a): pass\n", {"A.do_x": HELP}),
    ("try: x\nexcept E:\n    class A(Cmd):\n        def do_x(self, a): pass\n", {"A.do_x": HELP}),
    ("class A(APIView):\n    def get(self, request): pass\n", {"A.get": API}),
    ("class A(viewsets.ModelViewSet):\n    def list(self, request): pass\n", {"A.list": API}),
    ("class A(generics.GenericAPIView[T]):\n    def post(self): pass\n", {"A.post": API}),
    ("import flask_restx\nclass A(Resource):\n    def get(self): pass\n", {"A.get": API}),
    ("import flask, flasgger\nclass A(MethodView):\n    def get(self): pass\n", {"A.get": API}),
    ("class A(BaseModel):\n    x: int\n", {"A": SCHEMA}),
    ("class A(BaseModel):\n    x: int\nclass B(A):\n    y: int\n", {"A": SCHEMA, "B": SCHEMA}),
    ("class A(B):\n    x: int\nclass B(A):\n    y: int\n", {}),
    ("import pydantic\nclass A(str, Enum):\n    x = 1\n", {"A": SCHEMA}),
    ("from enum import Enum\nclass A(Enum):\n    x = 1\n", {}),
    (
        "from pydantic.dataclasses import dataclass\n@dataclass\nclass A:\n    x: int\n",
        {"A": SCHEMA},
    ),
    ("from dataclasses import dataclass\n@dataclass\nclass A:\n    x: int\n", {}),
    ("import attrs\n@attrs.define\nclass A:\n    x: int\n", {}),
    ("class A(Protocol):\n    def f(self): pass\nclass E(ValueError):\n    pass\n", {}),
    ("class A(ABC):\n    def f(self): print(type(self).__doc__)\n", {"A": OWN, "<module>": OWN}),
    ("import sys\nprint(sys.modules[__name__].__doc__)\n", {"<module>": OWN}),
    ("import __main__\nprint(__main__.__doc__)\n", {"<module>": OWN}),
    ("from discord.ext import commands\nclass A(commands.Cog):\n    x = 1\n", {"A": HELP}),
    ("from spokes import Cog\nclass A(Cog):\n    x = 1\n", {}),
    ("import doit\ndef task_x(): pass\ndef f(): pass\n", {"task_x": LISTING}),
    ("def task_x(): pass\n", {}),
    ("import rest_framework\nclass A(APIView):\n    x = 1\n", {"A": API}),
    ("from cliff.command import Command\nclass A(Command):\n    x = 1\n", {"A": HELP}),
    (
        "class A(dspy.Signature):\n    x: int\n",
        {"A": SCHEMA},
    ),
]


@pytest.mark.parametrize(("code", "expected"), READ)
def test_somebody_reads_it(code: str, expected: dict[str, str]) -> None:
    assert read_by(code) == expected


def test_every_definition_has_an_answer() -> None:
    source = b"class A(B):\n    def f(self):\n        def g(): pass\n"
    file_outline = outline(source)
    kinds = [(d.kind, runtime_reader(d, file_outline)) for d in read_definitions(read(source))]
    assert kinds == [(Kind.MODULE, ""), (Kind.CLASS, ""), (Kind.METHOD, ""), (Kind.FUNCTION, "")]
