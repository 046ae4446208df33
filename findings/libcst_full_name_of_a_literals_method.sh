#!/usr/bin/env bash
# libcst 1.9.0: get_full_name_for_node(", ".join) is the text "None.join", not None.
#
# The helper's documentation says that it returns a name or None. For an attribute of something that
# has no name it formats that None into the text, so a check for None does not catch it, and code
# that counts the names of calls finds functions of a module called "None".
#
# Output seen (2026-11-28):
#   ', '.join -> 'None.join'
#   (a + b).c.d -> 'None.c.d'
#   [x] -> None
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet libcst==1.9.0
"$folder/bin/python" - <<'PYTHON'
import sys
import libcst
from libcst.helpers import get_full_name_for_node

seen = {"', '.join": "None.join", "(a + b).c.d": "None.c.d", "[x]": None}
names = {code: get_full_name_for_node(libcst.parse_expression(code)) for code in seen}
for code, name in names.items():
    print(code, "->", repr(name))
sys.exit(0 if names == seen else 1)
PYTHON
