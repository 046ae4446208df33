"""Real libraries that read docstrings say the same before and after docbot has been there."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import docbot
from docbot.config import Config
from docbot.select.skip import SkipReason

if TYPE_CHECKING:
    from pathlib import Path

BELOW = """

class Shelf:
    def __len__(self):
        return len(self.books)
"""
"""What nobody reads, so that docbot has something to write."""

COUNT = """
def count_words(text: str) -> int:
    return len(text.split())
"""
METHOD_ONLY = "text: str) -> int:\n    return len(text.split())\n"

PROGRAMS = {
    "argparse": f"""
import argparse
{COUNT}
COMMANDS = {{"count": count_words}}
parser = argparse.ArgumentParser(prog="cli")
commands = parser.add_subparsers()
for name, function in COMMANDS.items():
    commands.add_parser(name, help=function.__doc__)
parser.print_help()
""",
    "xmlrpc": f"""
from xmlrpc.server import SimpleXMLRPCDispatcher, XMLRPCDocGenerator
{COUNT}
class Server(SimpleXMLRPCDispatcher, XMLRPCDocGenerator):
    '''A server without a socket.'''
    def __init__(self):
        SimpleXMLRPCDispatcher.__init__(self)
        XMLRPCDocGenerator.__init__(self)
server = Server()
server.register_function(count_words)
print(server.generate_html_documentation())
""",
    "pydoc": f"""
import pydoc
{COUNT}
def describe(functions):
    '''Describe them.'''
    return [pydoc.getdoc(function) for function in functions]
print(describe([count_words]))
""",
    "click": f"""
import click
from click.testing import CliRunner
@click.group()
def cli():
    '''Group.'''
@cli.command()
@click.argument("text")
def count_words({METHOD_ONLY}
print(CliRunner().invoke(cli, ["--help"]).output)
""",
    "typer": f"""
import typer
from typer.testing import CliRunner
app = typer.Typer()
@app.callback()
def main():
    '''Group.'''
@app.command()
def count_words({METHOD_ONLY}
print(CliRunner().invoke(app, ["--help"]).output)
""",
    "fastapi": f"""
import fastapi
app = fastapi.FastAPI()
@app.get("/words")
def count_words({METHOD_ONLY}
print(app.openapi())
""",
    "invoke": """
from invoke import Collection, Program, task
@task
def count_words(context, text):
    return len(text.split())
Program(namespace=Collection(count_words)).run("inv --list", exit=False)
""",
    "ollama": f"""
import ollama
from ollama._client import _copy_tools
{COUNT}
def main():
    '''Run.'''
    return ollama.chat("llama3.2", messages=[], tools=[count_words])
print([tool.model_dump() for tool in _copy_tools([count_words])])
""",
    "cyclopts": f"""
import cyclopts
app = cyclopts.App()
@app.command
def count_words({METHOD_ONLY}
app.help_print([])
""",
    "duty": """
from duty import duty
@duty
def count_words(context, text):
    return len(text.split())
print(count_words.description)
""",
    "async_typer": f"""
from async_typer import AsyncTyper
from typer.testing import CliRunner
app = AsyncTyper()
@app.callback()
def main():
    '''Group.'''
@app.async_command()
async def count_words({METHOD_ONLY}
print(CliRunner().invoke(app, ["--help"]).output)
""",
    "discord": """
from discord.ext import commands
@commands.hybrid_group(with_app_command=False)
async def count_words(context, text):
    return len(text.split())
print(count_words.help)
""",
    "kfp": f"""
from kfp import dsl
@dsl.component
def count_words({METHOD_ONLY}
print(count_words.component_spec.description)
""",
    "pydantic_ai": f"""
from pydantic_ai import Tool
{COUNT}
print(Tool(count_words).tool_def)
""",
}


def output(source: bytes, folder: Path) -> str:
    """What a program prints; it is run by itself, since its library may read its file."""
    file = folder / "program.py"
    file.write_bytes(source)
    environment = {**os.environ, "COLUMNS": "100", "USERNAME": "somebody", "NO_COLOR": "1"}
    done = subprocess.run(
        [sys.executable, file], capture_output=True, text=True, cwd=folder, env=environment
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("library", PROGRAMS)
def test_what_a_library_says_is_as_before(library: str, tmp_path: Path) -> None:
    if importlib.util.find_spec(library) is None:
        pytest.skip(f"{library} is not installed")
    source = ('"""A program."""\n' + PROGRAMS[library] + BELOW).encode()
    documented = docbot.document(source, config=Config(min_confidence=0.0))
    assert b'"""Return the number of items."""' in documented
    before = output(source, tmp_path)
    assert output(documented, tmp_path) == before


@pytest.mark.parametrize("library", PROGRAMS)
def test_it_would_say_something_else_without_the_rule(library: str, tmp_path: Path) -> None:
    """Else the test above would hold of any program."""
    if importlib.util.find_spec(library) is None:
        pytest.skip(f"{library} is not installed")
    source = ('"""A program."""\n' + PROGRAMS[library] + BELOW).encode()
    include = frozenset({SkipReason.RUNTIME_DOCSTRING.value})
    documented = docbot.document(source, config=Config(min_confidence=0.0, include=include))
    assert output(documented, tmp_path) != output(source, tmp_path)
