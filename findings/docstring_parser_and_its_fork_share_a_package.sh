#!/usr/bin/env bash
# pydoclint 0.12.0 depends on docstring_parser_fork, cyclopts 5.5.2 on docstring_parser. These are
# two distributions, and both install the import package `docstring_parser`: whichever pip writes
# last overwrites files of the other. pip says nothing, `pip check` finds no broken requirement, and
# pydoclint ends with an ImportError wherever the original came last. A tool that brings the
# original therefore breaks the linter only by being installed beside it.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
pip() { "$folder/venv/bin/python" -m pip --quiet --disable-pip-version-check "$@"; }
pip install --no-warn-conflicts pydoclint==0.12.0 docstring_parser_fork==0.0.16
printf '"""A module."""\n' > "$folder/module.py"
"$folder/venv/bin/pydoclint" --quiet "$folder/module.py"
echo "pydoclint alone: exit 0"

pip install cyclopts==5.5.2 docstring_parser==0.18.0
checked=$(pip check && echo "nothing broken")
printed=$("$folder/venv/bin/pydoclint" --quiet "$folder/module.py" 2>&1 || true)
last=$(tail -n 1 <<< "$printed" | cut -d'(' -f1)
echo "pip check: ${checked##*$'\n'}"
echo "pydoclint beside cyclopts: $last"

# Output seen:
#   pydoclint alone: exit 0
#   pip check: nothing broken
#   pydoclint beside cyclopts: ImportError: cannot import name 'DocstringYields' from 'docstring_parser.common' 
[[ $checked == *"nothing broken" && $last == "ImportError: cannot import name 'DocstringYields'"* ]]
