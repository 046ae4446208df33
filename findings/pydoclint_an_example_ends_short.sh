#!/usr/bin/env bash
# pydoclint 0.12.0 passes over "short" docstrings by default. Length has nothing to do with it: a
# docstring of any number of paragraphs is short, and so is one with a section Note, See Also,
# References, Todo or Warning. A section Examples ends that: with a single doctest below the summary,
# all parameters and the result have to be documented (DOC101, DOC103, DOC201).
#
# Output seen (2026-11-28):
#   three paragraphs: none
#   summary and Note: none
#   summary and Examples: DOC101 DOC103 DOC201 DOC203
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pydoclint==0.12.0
cd "$folder"

codes() { # of a function with this docstring below its summary
    { printf 'def plus(a: int) -> int:\n    """Add one.\n'
      sed 's/^/    /; s/^ *$//'
      printf '    """\n    return a + 1\n'; } > one.py
    venv/bin/pydoclint --quiet --style=google one.py 2>&1 | grep -o 'DOC[0-9]*' | sort -u | xargs
}

paragraphs=$(printf '\nThe sum is exact, however long.\n\nNegative numbers are added, too.\n' | codes || true)
note=$(printf '\nNote:\n    Numbers are what int takes.\n' | codes || true)
examples=$(printf '\nExamples:\n    >>> plus(1)\n    2\n' | codes || true)
echo "three paragraphs: ${paragraphs:-none}"
echo "summary and Note: ${note:-none}"
echo "summary and Examples: ${examples:-none}"
[[ -z $paragraphs && -z $note && $examples == "DOC101 DOC103 DOC201 DOC203" ]]
