"""Collect docstrings, and read them with docbot and the libraries people use into one form.

Started with a folder of modules, `python parsers_readers.py FOLDER`, it reads JSON lines of
(style, text) and writes what pydoclint reads of each, since its parser cannot be imported beside
docstring_parser: both have the same name. The last line it writes is its CPU time.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import logging
import re
import subprocess
import sys
import time
import warnings
import zipfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

READERS = ("docstring_parser==0.18.0", "griffelib==2.4.1", "numpydoc==1.11.0")
FORK = ("pydoclint==0.12.0",)
_DP_STYLES = {"google": "GOOGLE", "numpy": "NUMPYDOC", "sphinx": "REST"}
_DP_NAMES = {"REST": "sphinx", "GOOGLE": "google", "NUMPYDOC": "numpy", "EPYDOC": "epydoc"}
# Attributes are no parameters, although docstring_parser lists them together.
_DP_PARAMETERS = {"param", "parameter", "arg", "argument", "key", "keyword", "other_param"}
_BLANKS = re.compile(r"\s+")

HERE = Path(__file__).parent
WORK = HERE / "work" / "parsers"
PINS = {
    "apache_libcloud==3.9.1": "362806efe3602a781afa0b0c8ad2e8963a708c8d5957fb999735c1cc1e0762d2",
    "discord_py==2.7.1": "849dca2c63b171146f3a7f3f8acc04248098e9e6203412ce3cf2745f284f7439",
    "keras==3.15.1": "836460e480930acbd19bb7a17e62f9ecad40e8a9af9a651fc8d0586a96d27e20",
    "mne==1.13.2": "36bbdd9fdc68431309a75e9dc6331b9de085cb6836688ac50b7b89f141a83cc3",
    "openstacksdk==4.22.0": "e5aafe38e4c338bcb3844f1f446d7761c68477db8cec0e4bb91f4de9d35877c1",
    "python_telegram_bot==22.8": "42373918097f1b837cc4e717d588c19ea79651497ec712bb5b0c76e5e63c50e1",
    "pyvista==0.49.1": "e4bd78c829051207e885281c45d03280dcde25445e1885c0824518ea7849b1c8",
    "sympy==1.14.0": "e091cc3e99d2141a0ba2847328f5479b05d94a6635cb96148ccb3f34671bd8f5",
}
_WORDS = (
    "args|arguments|params|parameters|(?:keyword|other) (?:args|arguments|params|parameters)"
    "|returns?|yields?|raises?"
)
# Looked for before a file or a docstring is parsed at all, and independent of any parser.
SIGNS = {
    "sphinx": re.compile(
        r"^[ \t]*:(?:param|parameter|arg|argument|key|keyword|type|returns?|rtype|yields?|raises?"
        r"|except|exception)\b[^:\n]*:",
        re.MULTILINE,
    ),
    "numpy": re.compile(
        rf"^[ \t]*(?:{_WORDS})[ \t]*\n[ \t]*[-=]{{3,}}[ \t]*$", re.MULTILINE | re.IGNORECASE
    ),
    "google": re.compile(rf"^[ \t]*(?:{_WORDS}):[ \t]*$", re.MULTILINE | re.IGNORECASE),
}


class Text(NamedTuple):
    """A docstring: its package, the style of its sections, and the text between the quotes."""

    package: str
    style: str
    text: str


class Reading(NamedTuple):
    """What was read of a docstring.

    Attributes:
        names: The parameters documented, keys of `**kwargs` among them.
        types: Their types, by name; parameters without a type are left out.
        returns: A type for each value returned or yielded, empty where it has none.
        raises: The exceptions.
        error: The error that the reader ended with, if it did.
        style: The style that the reader detected by itself, if it did.

    """

    names: tuple[str, ...] = ()
    types: tuple[tuple[str, str], ...] = ()
    returns: tuple[str, ...] = ()
    raises: tuple[str, ...] = ()
    error: str = ""
    style: str = ""


def wheels() -> list[Path]:
    """Download the wheels."""
    from safety import fetch

    found = fetch([], HERE / "work" / "drift" / "wheels", "drift.txt")
    found += fetch([], HERE / "work" / "scan" / "wheels", "scan.txt")
    found += fetch([], WORK / "wheels", "packages.txt")
    WORK.mkdir(parents=True, exist_ok=True)
    lines = (f"{pin} --hash=sha256:{digest}" for pin, digest in PINS.items())
    (WORK / "pins.txt").write_text("\n".join(lines))
    return found + fetch([], WORK / "wheels", str(WORK / "pins.txt"))


def sources(path: Path) -> Iterator[bytes]:
    """Yield the Python files of a wheel or a folder."""
    if path.is_dir():
        for file in sorted(path.rglob("*.py")):
            yield file.read_bytes()
        return
    with zipfile.ZipFile(path) as archive:
        for name in sorted(archive.namelist()):
            if name.endswith(".py"):
                yield archive.read(name)


def docstrings(path: Path) -> Iterator[Text]:
    """Yield the docstrings with sections of a package, each text once."""
    from docbot.drift.parse import parse_docstring

    package = path.name.split("-")[0]
    seen = set()
    for source in sources(path):
        if not any(sign.search(source.decode("utf-8", "replace")) for sign in SIGNS.values()):
            continue
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError):
            continue
        for node in ast.walk(tree):
            if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                continue
            text = ast.get_docstring(node, clean=False)
            if not text or text in seen:
                continue
            seen.add(text)
            style = next((name for name, sign in SIGNS.items() if sign.search(text)), None)
            if style:
                convention = parse_docstring(text).convention
                yield Text(package, convention.value if convention else style, text)


def reading(
    parameters: Iterable[tuple[str | None, object]],
    returns: Iterable[object],
    raises: Iterable[object],
    style: str = "",
) -> Reading:
    """Bring what a library says to the common form: one blank for many, no stars."""
    named = [(_bare(name or ""), _words(kind)) for name, kind in parameters]
    return Reading(
        names=tuple(name for name, _ in named),
        types=tuple((name, kind) for name, kind in named if kind),
        returns=tuple(map(_words, returns)),
        raises=tuple(map(_words, raises)),
        style=style,
    )


def _bare(name: str) -> str:
    return name.replace("\\", "").strip().lstrip("*")


def _words(found: object) -> str:
    return "" if found is None else _BLANKS.sub(" ", str(found)).replace(", ", ",").strip()


def install(folder: Path) -> None:
    """Install the libraries into `folder`/readers, and pydoclint into `folder`/fork."""
    marker, pins = folder / "installed.txt", "\n".join([*READERS, *FORK])
    if marker.exists() and marker.read_text() == pins:
        return
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--upgrade", "--target"]
    subprocess.run([*pip, str(folder / "readers"), "--no-deps", *READERS], check=True)
    subprocess.run([*pip, str(folder / "fork"), *FORK], check=True)
    marker.write_text(pins)


def readers(folder: Path) -> dict[str, Callable[[Text], Reading]]:
    """Return the readers that run in this process, by name."""
    sys.path.insert(0, str(folder / "readers"))
    logging.getLogger("griffe").setLevel(logging.CRITICAL)
    warnings.simplefilter("ignore")
    griffe: Any = importlib.import_module("griffe")
    parser: Any = importlib.import_module("docstring_parser")
    return {
        "docbot": read_docbot,
        "docstring_parser": lambda item: _caught(_docstring_parser, parser, item, item.style),
        "griffe": lambda item: _caught(_griffe, griffe, item, item.style),
        "numpydoc": lambda item: _caught(_numpydoc, item),
        "docstring_parser, auto": lambda item: _caught(_docstring_parser, parser, item, "auto"),
        "griffe, auto": lambda item: _caught(_griffe, griffe, item, "auto"),
    }


def _caught(read: Callable[..., Reading], *arguments: object) -> Reading:
    try:
        return read(*arguments)
    except Exception as error:  # noqa: BLE001 - a reader may fail in any way
        return Reading(error=f"{type(error).__name__}: {error}")


def read_docbot(item: Text) -> Reading:
    """Read with docbot; in Sphinx style, names and types meet as the libraries have them."""
    from docbot.drift.docstring import SectionKind
    from docbot.drift.parse import parse_docstring

    parsed = parse_docstring(item.text)
    parameters: dict[str, str] = {}
    repeated: list[tuple[str, str]] = []
    merge = item.style == "sphinx"
    for section in parsed.of_kind(SectionKind.PARAMETERS, SectionKind.OTHER_PARAMETERS):
        for entry in section.entries:
            kind = entry.type.of(item.text) if entry.type else ""
            names = [name.of(item.text) for name in entry.names]
            repeated += [(name, kind) for name in names]
            parameters.update({name: kind or parameters.get(name, "") for name in names})
    results, raised = [], []
    for section in parsed.of_kind(SectionKind.RETURNS, SectionKind.YIELDS):
        results += [entry.type.of(item.text) if entry.type else "" for entry in section.entries]
    if merge and results:
        results = [next(filter(None, results), "")]
    for section in parsed.of_kind(SectionKind.RAISES):
        raised += [name.of(item.text) for entry in section.entries for name in entry.names]
    pairs = parameters.items() if merge else repeated
    return reading(pairs, results, raised, parsed.convention.value if parsed.convention else "")


def _docstring_parser(parser: Any, item: Text, style: str) -> Reading:
    name = _DP_STYLES.get(style, "AUTO")
    found = parser.parse(inspect.cleandoc(item.text), style=parser.DocstringStyle[name])
    parameters = [
        (param.arg_name, param.type_name)
        for param in found.params
        if param.args[0] in _DP_PARAMETERS
    ]
    returned = [result.type_name for result in found.many_returns]
    if not returned and found.returns is not None:
        returned = [found.returns.type_name]
    raised = [error.type_name for error in found.raises if error.args[0] != "warns"]
    detected = _DP_NAMES[found.style.name] if style == "auto" and found.style else ""
    return reading(parameters, returned, raised, detected)


def _griffe(griffe: Any, item: Text, style: str) -> Reading:
    docstring = griffe.Docstring(item.text)
    options = {"google": {"returns_named_value": False}}
    detected = ""
    if style == "auto":
        parser, _ = griffe.infer_docstring_style(docstring)
        detected = parser.value if parser else ""
        sections = docstring.parse("auto", per_style_options=options)
    else:
        sections = docstring.parse(style, **options.get(style, {}))
    found: dict[str, list[Any]] = {}
    for section in sections:
        found.setdefault(section.kind.value, []).extend(
            section.value if isinstance(section.value, list) else ()
        )
    parameters = [*found.get("parameters", ()), *found.get("other parameters", ())]
    returned = [*found.get("returns", ()), *found.get("yields", ())]
    return reading(
        [(param.name, param.annotation) for param in parameters],
        [result.annotation for result in returned],
        [error.annotation for error in found.get("raises", ())],
        detected,
    )


def _numpydoc(item: Text) -> Reading:
    docscrape: Any = _docscrape()
    found = docscrape.NumpyDocString(inspect.cleandoc(item.text))
    parameters = [*found["Parameters"], *found["Other Parameters"]]
    return reading(
        [(param.name, param.type) for param in parameters],
        [result.type for result in (*found["Returns"], *found["Yields"])],
        [error.type or error.name for error in found["Raises"]],
    )


def _docscrape() -> Any:
    """Import the parser alone: the package imports Sphinx."""
    if found := sys.modules.get("docscrape"):
        return found
    folder = next(path for path in sys.path if path.endswith("readers"))
    sys.path.append(f"{folder}/numpydoc")
    return importlib.import_module("docscrape")


def read_pydoclint(folder: Path, items: Sequence[Text]) -> tuple[list[Reading], float]:
    """Read with pydoclint in a process of its own; return the readings and its CPU seconds."""
    lines = "".join(json.dumps((item.style, item.text)) + "\n" for item in items)
    command = [sys.executable, __file__, str(folder / "fork")]
    output = subprocess.run(command, input=lines, capture_output=True, text=True, check=True)
    *found, seconds = map(json.loads, output.stdout.splitlines())
    readings = []
    for names, types, *rest in found:
        returns, raises, error, style = rest
        kinds = tuple((name, kind) for name, kind in types)
        readings.append(Reading(tuple(names), kinds, tuple(returns), tuple(raises), error, style))
    return readings, float(seconds)


def serve(folder: str) -> None:
    """Answer the JSON lines of `read_pydoclint`."""
    sys.path.insert(0, folder)
    module: Any = importlib.import_module("pydoclint.utils.doc")
    items = [Text("", *json.loads(line)) for line in sys.stdin]
    started = time.process_time()
    found = [_caught(_pydoclint, module.Doc, item) for item in items]
    seconds = time.process_time() - started
    for line in found:
        print(json.dumps(line))
    print(seconds)


def _pydoclint(doc: Any, item: Text) -> Reading:
    found = doc(inspect.cleandoc(item.text), style=item.style)
    return reading(
        [(argument.name, argument.typeHint) for argument in found.argList.infoList],
        [result.argType for result in (*found.returnSection, *found.yieldSection)],
        [error.type_name for error in found.parsed.raises if error.args[0] != "warns"],
    )


class Run(NamedTuple):
    """The readings of all readers, and their CPU seconds by style."""

    readings: dict[str, list[Reading | None]]
    seconds: dict[str, Counter[str]]


def read(items: Sequence[Text]) -> Run:
    """Read all docstrings with all readers; numpydoc has those in NumPy style alone."""
    run = Run({}, {})
    styles = sorted({item.style for item in items})
    for name, reader in readers(WORK).items():
        readings: list[Reading | None] = [None] * len(items)
        run.readings[name], run.seconds[name] = readings, Counter()
        for style in styles if name != "numpydoc" else ["numpy"]:
            chosen = [at for at, item in enumerate(items) if item.style == style]
            for at in chosen[:1]:
                reader(items[at])  # what is imported late
            started = time.process_time()
            for at in chosen:
                readings[at] = reader(items[at])
            run.seconds[name][style] = time.process_time() - started
    found, seconds = read_pydoclint(WORK, items)
    run.readings["pydoclint"], run.seconds["pydoclint"] = [*found], Counter({"all": seconds})
    return run


def parts_differ(texts: Iterable[Text]) -> Iterator[str]:
    """Yield the docstrings whose parts, joined, are not the text."""
    from docbot.drift.parse import parse_docstring

    for item in texts:
        parts = list(parse_docstring(item.text).parts())
        if "".join(span.of(item.text) for span in parts) != item.text:
            yield item.text


if __name__ == "__main__":
    serve(sys.argv[1])
