"""Put docstrings into files: a Summary and a definition in, edited and verified bytes out.

`style.py` detects how a repository writes docstrings, `tool_rules.py` what its linters and
formatters ask for, `render.py` lays one out, `edit.py` inserts it, `line_map.py` follows the lines
through that, and `verify.py` checks the edited file. It may import `gate`, and all packages below.
"""
