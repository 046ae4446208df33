"""llama.cpp's binding, without what else is in its package."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import requires

import pytest

PLAIN = "def total(prices, tax):\n    value = sum(prices)\n    return value * tax\n"


def python(code, cwd, *arguments):
    """What a fresh interpreter prints last, as JSON."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


AFTERWARDS = """
import json, sys
from docbot import cli
codes = [cli.main(["fix", *flags, "a.py"]) for flags in (["--diff", "--no-cache"], ["--no-cache"])]
tops = {name.partition(".")[0] for name in sys.modules}
binding = "docbot.llm.binding" in sys.modules
diskcache = sorted({"diskcache", "jinja2", "llama_cpp"} & tops)
import llama_cpp
whole = [hasattr(llama_cpp, name) for name in ("Llama", "llama_cpp", "llama_decode")]
print(json.dumps([codes, binding, diskcache, whole, "diskcache" in sys.modules]))
"""


def test_a_run_with_the_model_imports_no_diskcache(tmp_path):
    """And whoever imports llama_cpp afterwards, in the same process, gets all of it."""
    assert any(each.startswith("diskcache") for each in requires("llama-cpp-python"))
    (tmp_path / "a.py").write_text(PLAIN)
    codes, is_loaded, unwanted, whole, by_package = python(AFTERWARDS, tmp_path)
    assert codes == [0, 0]
    assert is_loaded
    assert unwanted == []
    assert whole == [True, True, True]
    assert by_package, "llama_cpp no longer brings it: binding.py and SECURITY.md can be shorter"


def test_a_program_that_has_imported_llama_cpp_shares_its_binding(tmp_path):
    code = (
        "import json, llama_cpp, sys\nfrom docbot.llm.binding import load_ggml, load_llama\n"
        "same = load_llama() is llama_cpp.llama_cpp\nggml = load_ggml()\n"
        "print(json.dumps([same, sys.modules['llama_cpp'] is llama_cpp, ggml.ggml_cpu_has_avx()]))"
    )
    same, kept, _ = python(code, tmp_path)
    assert same
    assert kept


MISSING = """
import sys
from importlib.machinery import PathFinder
class Without(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name == "llama_cpp" else PathFinder.find_spec(name, path, target)
sys.meta_path[sys.meta_path.index(PathFinder)] = Without
from docbot import cli
sys.exit(cli.main(["fix", "--no-cache", "a.py"]))
"""

BROKEN = """
import os, sys
os.environ["LLAMA_CPP_LIB_PATH"] = os.getcwd()  # without the library
from docbot import cli
code = cli.main(["fix", "--no-cache", "a.py"])
assert "llama_cpp" not in sys.modules
sys.exit(code)
"""


@pytest.mark.parametrize("code", [MISSING, BROKEN], ids=["missing", "without its library"])
def test_a_package_that_cannot_be_loaded_is_named(tmp_path, code):
    (tmp_path / "a.py").write_text(PLAIN)
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2, done.stderr
    assert "llama-cpp-python cannot be loaded" in done.stderr
    assert "pip install --force-reinstall llama-cpp-python" in done.stderr
    assert (tmp_path / "a.py").read_text() == PLAIN
