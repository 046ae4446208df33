"""Read Python source: the bytes of a file go in, plain facts about its definitions come out.

`facts` reads a file's definitions with `ast`; `anchors` finds where docstrings go, with libcst.
It may import `errors` alone. This file imports nothing: `quick` must load in a moment.
"""
