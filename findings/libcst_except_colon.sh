#!/usr/bin/env bash
# libcst 1.9.0: a blank before the colon of `except X :` is lost; the printed tree is not the source.
#
# libcst promises that `parse_module(source).code == source`. With a named exception type and a
# blank before the colon it is not: the blank is gone. `if x :`, `for a in b :`, `with a as b :` and
# `def f() :` come back as they were, and so does `except X as e :`. Two files of the standard
# library of Python 3.11 are written so: webbrowser.py and test/test_posix.py.
# Whoever splices by libcst's offsets must compare the printed text with the source first.
#
# Output seen (2026-11-28):
#   'try:\n    pass\nexcept A :\n    pass\n' -> 'try:\n    pass\nexcept A:\n    pass\n'
#   'try:\n    pass\nexcept A as e :\n    pass\n' -> unchanged
#   'if x :\n    pass\n' -> unchanged
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet libcst==1.9.0
"$folder/bin/python" - <<'PYTHON'
import sys
import libcst

lost = "try:\n    pass\nexcept A :\n    pass\n"
kept = ["try:\n    pass\nexcept A as e :\n    pass\n", "if x :\n    pass\n"]
printed = {source: libcst.parse_module(source).code for source in [lost, *kept]}
for source, code in printed.items():
    print(repr(source), "->", repr(code) if code != source else "unchanged")
as_seen = printed[lost] == lost.replace(" :", ":") and all(printed[s] == s for s in kept)
sys.exit(0 if as_seen else 1)
PYTHON
