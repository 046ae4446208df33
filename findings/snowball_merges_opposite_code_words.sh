#!/usr/bin/env bash
# snowballstemmer 3.1.1, English: "validate" and "valid" are one word, and "creation" is not "create".
#
# The stemmer joins words that code keeps apart ("important" and "import", "positive" and
# "position", "valid" and "validate"), and leaves apart the nouns that are made of a verb
# ("creation", "creator" and "parser" have other stems than "create" and "parse").
# A check whether a sentence is supported by a function's names needs a list of exceptions both ways.
#
# Output seen (2026-11-28):
#   one stem: valid validate; important import; positive position
#   two stems: creation create; creator create; parser parse
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet snowballstemmer==3.1.1
"$folder/bin/python" - <<'PYTHON'
import sys
import snowballstemmer

stem = snowballstemmer.stemmer("english").stemWord
one = [("valid", "validate"), ("important", "import"), ("positive", "position")]
two = [("creation", "create"), ("creator", "create"), ("parser", "parse")]
print("one stem:", "; ".join(" ".join(p) for p in one if stem(p[0]) == stem(p[1])))
print("two stems:", "; ".join(" ".join(p) for p in two if stem(p[0]) != stem(p[1])))
as_seen = all(stem(a) == stem(b) for a, b in one) and all(stem(a) != stem(b) for a, b in two)
sys.exit(0 if as_seen else 1)
PYTHON
