"""Import llama.cpp's binding, and nothing else of the package that it is in.

`import llama_cpp` also imports a chat client with jinja2, numpy and diskcache. The last keeps
pickles in a folder and runs what it reads there (CVE-2025-69872, without a fix), and all of them
take three times as long to import as the binding. docbot needs the C functions alone, which are in
modules of their own.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_PACKAGE = "llama_cpp"


def load_llama() -> Any:
    """Return the module with the functions of llama.h.

    Raises:
        ImportError: it is not installed.
        OSError: its library cannot be loaded; RuntimeError, too.

    """
    with _bare_package():
        from llama_cpp import llama_cpp
    return llama_cpp


def load_ggml() -> Any:
    """Return the library below llama.cpp, ggml; errors are those of `load_llama`."""
    with _bare_package():
        from llama_cpp._ggml import libggml
    return libggml


@contextmanager
def _bare_package() -> Iterator[None]:
    """Let modules of the package be imported without its `__init__.py`.

    Afterwards the package counts as not imported: whoever imports it later gets all of it.
    """
    if _PACKAGE in sys.modules:  # the program that runs docbot uses it
        yield
        return
    spec = find_spec(_PACKAGE)
    if spec is None or spec.submodule_search_locations is None:
        raise ModuleNotFoundError(f"No module named '{_PACKAGE}'", name=_PACKAGE)
    package = ModuleType(_PACKAGE)
    package.__path__ = spec.submodule_search_locations
    package.__spec__ = spec
    sys.modules[_PACKAGE] = package
    try:
        yield
    finally:
        for name in [n for n in sys.modules if n.partition(".")[0] == _PACKAGE]:
            del sys.modules[name]
