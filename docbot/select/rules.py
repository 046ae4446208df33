"""Sort definitions into Targets and Skips.

`RULES` is the whole policy of what counts. A rule looks at one definition and returns the reason to
skip it, in words for people, or "". The option `skip` switches on the rules that are off by
default; `include` switches off any other. What docbot cannot write counts all the same: see
`obstacles`.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from docbot.scan.definition import Definition, Kind, Shape
from docbot.scan.markers import FileMarkers, markers_of
from docbot.scan.outline import Outline
from docbot.scan.parse import is_dunder
from docbot.select.filenames import is_test_file
from docbot.select.opt_outs import settings_opt_out
from docbot.select.runtime_docs import owner_of, runtime_reader
from docbot.select.skip import NEVER_INCLUDED, OFF_BY_DEFAULT, Skip, SkipReason, Target

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from pathlib import PurePosixPath

    from docbot.config import Config
    from docbot.scan.outline import ClassEntry

    _Rule = tuple["SkipReason", Callable[[Definition, "Place", Config], str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """The place of a definition in its repository.

    Attributes:
        path: The file's path from the repository's root.
        outline: The file's outline.
        parent: A function that returns, for a class and a method name, the documented method of a
            parent class in the same repository that it overrides; "" for none.
        private_module: A function that returns, for a top-level name, the private module that it
            is hidden in, as no public module offers it; "" for none.
        reader: A function that returns how another file reads a definition's docstring, or hands it
            over to be described by it; "" for not at all.

    """

    path: PurePosixPath
    outline: Outline = field(default_factory=Outline)
    parent: Callable[[str, str], str] = lambda _owner, _name: ""
    private_module: Callable[[str], str] = lambda _name: ""
    reader: Callable[[Definition], str] = lambda _definition: ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """The targets and skips among one file's definitions.

    Attributes:
        targets: The definitions that lack a docstring, in source order.
        skips: The undocumented definitions that a rule leaves out.
        documented: The number of documented definitions that no rule leaves out.

    """

    targets: tuple[Target, ...] = ()
    skips: tuple[Skip, ...] = ()
    documented: int = 0


def choose(
    definitions: Iterable[Definition],
    place: Place,
    config: Config,
    changed: Sequence[tuple[int, int]] | None = None,
    counted: Collection[str] | None = None,
) -> Choice:
    """Sort a file's definitions into targets and skips.

    Args:
        definitions: All definitions of the file.
        place: The file's place in the repository.
        config: The configuration.
        changed: Line ranges, 1-based and inclusive; other definitions are ignored. None takes all.
            A class is touched where its header is, a module where all of it is: in a new file.
        counted: The kinds whose documented definitions are counted; None for all.

    """
    targets, skips, documented = [], [], 0
    for definition in in_question(definitions, config, changed):
        skip = find_skip(definition, place, config)
        if definition.docstring is not None:
            documented += skip is None and (counted is None or definition.kind.value in counted)
        elif skip is not None:
            skips.append(skip)
        else:
            targets.append(Target(definition=definition))
    return Choice(targets=tuple(targets), skips=tuple(skips), documented=documented)


def in_question(
    definitions: Iterable[Definition],
    config: Config,
    changed: Sequence[tuple[int, int]] | None,
) -> Iterator[Definition]:
    """Yield the definitions of the configured kinds that `changed` touches, as in `choose`."""
    for definition in definitions:
        if definition.kind.value in config.kinds and (
            changed is None or _changed(definition, changed)
        ):
            yield definition


def overlaps(changed: Iterable[tuple[int, int]], lines: tuple[int, int]) -> bool:
    """Check whether any of the inclusive line ranges overlaps with `lines`."""
    return any(first <= lines[1] and last >= lines[0] for first, last in changed)


def _changed(definition: Definition, changed: Sequence[tuple[int, int]]) -> bool:
    """Check for a change of the definition itself: a method's is not its class's or module's."""
    first, last = definition.lines
    if definition.kind is Kind.MODULE:
        return any(start <= first and end >= last for start, end in changed)
    return overlaps(changed, (first, definition.line if definition.kind is Kind.CLASS else last))


def find_skip(definition: Definition, place: Place, config: Config) -> Skip | None:
    """Apply the rules to one definition.

    Returns:
        The skip of the first rule that applies, None for a target.

    """
    for reason, rule in _rules_in_force(config):
        if detail := rule(definition, place, config):
            return Skip(
                reason=reason,
                detail=detail,
                qualname=definition.qualname,
                line=definition.line,
            )
    return None


@functools.lru_cache(maxsize=64)
def _rules_in_force(config: Config) -> tuple[_Rule, ...]:
    return tuple((reason, rule) for reason, rule in RULES if is_enabled(reason, config))


def is_enabled(reason: SkipReason, config: Config) -> bool:
    """Check whether the configuration leaves a rule switched on."""
    if reason in OFF_BY_DEFAULT:
        return reason.value in config.skip
    return reason in NEVER_INCLUDED or reason.value not in config.include


def file_skip(path: PurePosixPath, source: bytes, config: Config) -> Skip | None:
    """Check a file's path and comments for a reason to skip all of it.

    Returns:
        The skip, None for a file that may be documented.

    """
    return file_skip_from_markers(path, markers_of(source), config)


def file_skip_from_markers(path: PurePosixPath, text: FileMarkers, config: Config) -> Skip | None:
    """Check a file's path and its markers for a reason to skip all of it.

    Returns:
        The skip, None for a file that may be documented.

    """
    skip_file = "marked `# docbot: skip-file`" if text.skip_file else ""
    for reason, detail in (
        (SkipReason.GENERATED, _generated(path, text)),
        (SkipReason.TEST, test_reason(path)),
        (SkipReason.IGNORED, skip_file),
    ):
        if detail and is_enabled(reason, config):
            return Skip(reason=reason, detail=detail)
    return None


"""The files that pytest looks into, and those that it loads."""


_TEST_FOLDERS = frozenset({"tests", "testing_data", "testdata"})


_GENERATED_NAME = re.compile(r"_pb2(_grpc)?\.pyi?$")


def _generated(path: PurePosixPath, text: FileMarkers) -> str:
    if _GENERATED_NAME.search(path.name):
        return "a protocol buffer module"
    return "its header says that it is generated" if text.generated else ""


def test_reason(path: PurePosixPath) -> str:
    """Return the reason to take a path for test code, "" for none.

    A folder called `test` may be a package for those who write tests, as `django.test` is: what it
    holds decides (`repo.folders`).
    """
    if is_test_file(path.name) or _TEST_FOLDERS & set(path.parts[:-1]):
        return "a test file"
    return ""


def _ignored(definition: Definition, place: Place, config: Config) -> str:
    comment = "# docbot: skip" if definition.marked_skip else definition.opt_out
    if comment:
        return f"marked `{comment}`"
    return settings_opt_out(definition, place.path, config.opt_outs) if config.opt_outs else ""


def _private(definition: Definition, place: Place, _config: Config) -> str:
    if definition.local:
        return "local to another function"
    names = definition.qualname.split(".")
    top = names[0]
    if definition.kind is Kind.MODULE:
        names = [*place.path.parts[:-1], place.path.stem]
    elif (exports := place.outline.exports) is not None:
        if top not in exports:
            return f"__all__ does not list {top}"
        names = names[1:]
    for part in names:
        if part.startswith("_") and not is_dunder(part):
            return f"{part} starts with an underscore"
    if definition.kind is Kind.MODULE or not (module := place.private_module(top)):
        return ""
    return hidden_in(module, top)


def hidden_in(module: str, name: str) -> str:
    """Return, for people, that a private module hides a name."""
    return f"{module} is a private module, and no public one imports {name}"


def _overload(definition: Definition, place: Place, _config: Config) -> str:
    for decorator in definition.decorator_names:
        last = decorator.rpartition(".")[2]
        if last == "overload":
            return "an @overload of a function that is documented at its implementation"
        if last == "register" and _is_dispatched(definition, decorator, place.outline):
            return f"registered with @{decorator}"
    return ""


def _is_dispatched(definition: Definition, decorator: str, outline: Outline) -> bool:
    """Check for singledispatch's `@generic.register`, not `atexit.register` or a registry's."""
    generic = decorator.rpartition(".")[0].rpartition(".")[2]
    functions = {entry.name for entry in outline.entries if not entry.is_class}
    return generic != "" and (set(definition.name) == {"_"} or generic in functions)


def _accessor(definition: Definition, _place: Place, _config: Config) -> str:
    for decorator in definition.decorator_names:
        root, _, last = decorator.rpartition(".")
        if last in ("setter", "deleter") and root.rpartition(".")[2] == definition.name:
            return f"the {last} of a property"
    return ""


def _override(definition: Definition, place: Place, _config: Config) -> str:
    if any(d.rpartition(".")[2] in ("override", "overrides") for d in definition.decorator_names):
        return "marked @override"
    if definition.kind is not Kind.METHOD or owner_of(definition, place.outline) is None:
        return ""
    parent = place.parent(definition.owner, definition.name)
    return f"{parent} documents it" if parent else ""


def _stub(definition: Definition, place: Place, _config: Config) -> str:
    if place.path.suffix == ".pyi":
        return "a stub file"
    if definition.kind not in (Kind.FUNCTION, Kind.METHOD) or is_abstract(definition):
        return ""
    return "its body is `...`" if definition.shape is Shape.STUB else ""


def is_abstract(definition: Definition) -> bool:
    """Check for a method that subclasses must implement: its docstring tells them what to do."""
    if definition.kind is not Kind.METHOD:
        return False
    return definition.shape is Shape.ABSTRACT or any(
        name.rpartition(".")[2] in _ABSTRACT for name in definition.decorator_names
    )


_ABSTRACT = frozenset(
    ("abstractmethod", "abstractproperty", "abstractclassmethod", "abstractstaticmethod")
)


def _constructor(definition: Definition, _place: Place, _config: Config) -> str:
    return "the class docstring documents it" if definition.name in _CONSTRUCTORS else ""


_CONSTRUCTORS = ("__init__", "__new__")


def _dunder(definition: Definition, _place: Place, _config: Config) -> str:
    return "a special method" if is_dunder(definition.name) else ""


def _test(definition: Definition, place: Place, _config: Config) -> str:
    first = definition.qualname.partition(".")[0]
    owner = place.outline.classes.get(first)
    if owner is not None and _is_test_case(owner):
        return "part of a unittest.TestCase"
    if any(d.rpartition(".")[2] == "fixture" for d in definition.decorator_names):
        return "a pytest fixture"
    return ""


def _is_test_case(owner: ClassEntry) -> bool:
    """Check for a class that unittest runs: one without a test is a base for others to use."""
    return any(base.endswith("TestCase") for base in owner.bases) and any(
        name.startswith("test") for name in owner.methods
    )


def _runtime_docstring(definition: Definition, place: Place, _config: Config) -> str:
    return runtime_reader(definition, place.outline) or place.reader(definition)


def _trivial(definition: Definition, place: Place, _config: Config) -> str:
    if definition.kind is Kind.MODULE:
        if definition.one_line:
            return "it is one expression, which a program may evaluate"
        return "" if place.outline.defines else "the module defines nothing"
    if definition.kind not in (Kind.FUNCTION, Kind.METHOD) or is_dunder(definition.name):
        return ""
    return "" if is_abstract(definition) else emptiness(definition)


def emptiness(definition: Definition) -> str:
    """Return what little a body does, for people; "" where it does more."""
    return "" if definition.shape is Shape.FULL else f"the body only {_SHAPES[definition.shape]}"


_SHAPES = {
    Shape.STUB: "is `...`",
    Shape.EMPTY: "passes",
    Shape.ABSTRACT: "raises NotImplementedError",
    Shape.RETURNS_NAME: "returns a name or a constant",
    Shape.DELEGATES: "calls the parent's method",
}


RULES: tuple[_Rule, ...] = (
    (SkipReason.IGNORED, _ignored),
    (SkipReason.TEST, _test),
    (SkipReason.PRIVATE, _private),
    (SkipReason.OVERLOAD, _overload),
    (SkipReason.ACCESSOR, _accessor),
    (SkipReason.STUB, _stub),
    (SkipReason.CONSTRUCTOR, _constructor),
    (SkipReason.DUNDER, _dunder),
    (SkipReason.OVERRIDE, _override),
    (SkipReason.RUNTIME_DOCSTRING, _runtime_docstring),
    (SkipReason.TRIVIAL, _trivial),
)
