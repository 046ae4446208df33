#!/usr/bin/env bash
# CPython's ast: a function ends behind the semicolon of its last line, its last statement before it.
#
# For `x = 1;` at the end of a body, the assignment's end_col_offset leaves the semicolon out and the
# function's own counts it (so does that of `if` and `with`); libcst 1.9.0 leaves it out of both.
# So a function's text from ast and from libcst differ, and its end is not its last statement's end.
#
# Output seen (2026-11-28, Python 3.11):
#   ast: statement 9, function 10
#   libcst: statement 9, function 9
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet libcst==1.9.0
"$folder/bin/python" - <<'PYTHON'
import ast
import sys
import libcst
from libcst.metadata import MetadataWrapper, PositionProvider

source = "def f():\n    x = 1;\n"
function = ast.parse(source).body[0]
by_ast = (function.body[-1].end_col_offset, function.end_col_offset)
wrapper = MetadataWrapper(libcst.parse_module(source))
places = wrapper.resolve(PositionProvider)
node = wrapper.module.body[0]
by_libcst = tuple(places[each].end.column for each in (node.body.body[0].body[0], node))
print("ast: statement %d, function %d" % by_ast)
print("libcst: statement %d, function %d" % by_libcst)
sys.exit(0 if (by_ast, by_libcst) == ((9, 10), (9, 9)) else 1)
PYTHON
