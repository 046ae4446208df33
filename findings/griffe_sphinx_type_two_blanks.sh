#!/usr/bin/env bash
# griffelib 2.4.1 drops the type of a Sphinx parameter when two blanks stand between `:type` and the
# name, as people write to align it with `:param`. The parameter itself keeps its text; there is no
# warning. docstring_parser 0.18.0 reads the type either way.
#
# Output seen (2026-11-28):
#   one blank: {'griffe': 'list', 'docstring_parser': 'list'}
#   two blanks: {'griffe': None, 'docstring_parser': 'list'}
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet griffelib==2.4.1 docstring_parser==0.18.0
"$folder/venv/bin/python" - <<'PYTHON'
import logging
import sys

from docstring_parser import DocstringStyle, parse
from griffe import Docstring, Function, Parser

logging.disable(logging.CRITICAL)


def types(text):
    """Return the type of the parameter that each library reads."""
    sections = Docstring(text, parent=Function("f")).parse(Parser.sphinx)
    (param,) = [p for s in sections if s.kind.value == "parameters" for p in s.value]
    (other,) = parse(text, DocstringStyle.REST).params
    return {
        "griffe": None if param.annotation is None else str(param.annotation),
        "docstring_parser": other.type_name,
    }


one = types("Join the words.\n\n:param words: What to join.\n:type words: list\n")
two = types("Join the words.\n\n:param words: What to join.\n:type  words: list\n")
print("one blank:", one)
print("two blanks:", two)
both = {"griffe": "list", "docstring_parser": "list"}
sys.exit(not (one == both and two == {"griffe": None, "docstring_parser": "list"}))
PYTHON
