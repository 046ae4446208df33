"""Compare docstrings with signatures and bodies: a definition in, findings and their mends out.

`parse.py` cuts a docstring into sections and entries with their places, `rules.py` compares these
with the code, and `mend.py` says which characters would change. It may import `scan` alone.
"""
