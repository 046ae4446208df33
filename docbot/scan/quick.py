"""Check quickly, for the hook, whether all of the named files is documented already.

Most commits are so, and then no more of docbot is loaded. Starting the whole command line takes six
times as long as Python by itself, this less than twice. It knows no rule and no configuration: when
in doubt it answers no, and the command line looks again.
"""

import os
import stat

from docbot.scan.basics import MAX_BYTES, docstring_of

PARSE = 0x400  # ast.PyCF_ONLY_AST, without the time of importing ast
BLOCKS = frozenset(("FunctionDef", "AsyncFunctionDef", "ClassDef"))
QUIET = ("--staged", "--quiet", "-q", "--no-cache")
SECTIONS = (
    b"Args:", b"Arguments:", b"Params:", b"Parameters:", b"Returns:", b"Return:", b"Yields:",
    b"Yield:", b"Raises:", b"Raise:", b"Exceptions:", b":param", b":arg", b":key", b":type",
    b":return", b":rtype", b":raise", b":except", b":yield", b"---", b"===",
)  # fmt: skip
"""Words of which every docstring with sections has one."""
BUDGET = "--time-budget="


def all_documented(arguments: list[str]) -> bool:
    """Check whether these arguments are the hook's and every named file is fully documented."""
    if arguments[:1] != ["fix"]:
        return False
    end = arguments.index("--") if "--" in arguments else len(arguments)
    flags = [word for word in arguments[1:end] if word.startswith("-")]
    paths = [word for word in arguments[1:end] if not word.startswith("-")] + arguments[end + 1 :]
    return (
        bool(paths)
        and "--staged" in flags
        and all(flag in QUIET or _is_budget(flag) for flag in flags)
        and all(_is_documented(path) for path in paths)
    )


def _is_budget(flag: str) -> bool:
    number = flag.removeprefix(BUDGET)
    return flag.startswith(BUDGET) and number.isascii() and number.replace(".", "", 1).isdigit()


def _is_documented(path: str) -> bool:
    """Check whether all of a plain file's definitions have docstrings, without sections.

    An empty file has none to miss; sections have to be compared with the code.
    """
    import warnings

    try:
        status = os.lstat(path)
        if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_BYTES:
            return False
        with open(path, "rb") as file:  # noqa: PTH123 - pathlib takes as long as all of this
            source = file.read()
        if not source.strip():
            return True
        if any(word in source for word in SECTIONS):
            return False
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = compile(source, path, "exec", PARSE, dont_inherit=True)
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    nodes = [tree]
    while nodes:
        node = nodes.pop()
        kind = type(node).__name__
        if (kind == "Module" or kind in BLOCKS) and docstring_of(node) is None:
            return False
        for name in node._fields:
            value = getattr(node, name)
            if isinstance(value, list):
                nodes += [item for item in value if hasattr(item, "_fields")]
            elif hasattr(value, "_fields"):
                nodes.append(value)
    return True
