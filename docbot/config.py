"""Read the configuration; flags, `[tool.docbot]` keys and the documented table share its names.

A key in TOML and a flag on the command line are the field's name with hyphens. The command line
takes precedence over `[tool.docbot]`, and that over the defaults.
"""

from __future__ import annotations

import dataclasses
import difflib
import functools
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from docbot.errors import ConfigError
from docbot.per_path import PathRule, PathRules, pattern_problem

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path, PurePosixPath

AUTO = "auto"
"""The value of a key that leaves the choice to docbot."""

STYLES = ("auto", "google", "numpy", "sphinx")
LANGUAGES = ("auto", "en")
KINDS = ("module", "class", "function", "method")
SECTIONS = ("auto", "always", "never")
SECTION_KINDS = ("parameters", "returns", "yields", "raises")
STALE = ("report", "fix", "off")
SKIPPABLE = ("dunder",)
"""The skip rules that are off by default."""
INCLUDABLE = (
    "private",
    "overload",
    "override",
    "trivial",
    "test",
    "accessor",
    "constructor",
    "stub",
    "ignored",
    "too-long",
    "runtime-docstring",
    "generated",
    "vendored",
)
"""The skip rules that are on by default and can be switched off."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """The user's settings; the type of a default is the type of its key.

    Attributes:
        exclude: Paths left alone, as gitignore patterns relative to the folder of the settings.
        kinds: Kinds of definition that count; when empty, `check` counts functions and methods,
            and `fix` writes besides them what the model can be asked about.
        include: Skip rules switched off: such definitions are documented after all.
        skip: Skip rules switched on that are off by default.
        style: Docstring style; `auto` follows the repository.
        language: Language of docstrings; `auto` leaves code alone whose docstrings are not English,
            `en` writes English ones all the same.
        sections: Whether parameter sections are written; `auto` follows the repository.
        line_length: Longest line written; 0 follows the formatter's configuration.
        model: A known model's name, a reference to the hub, or the path of a GGUF file; `auto` is
            docbot-small where it was pulled, else docbot-tiny, which is inside the package.
        prompt_format: How a GGUF of your own is prompted; the embedded model knows its own.
        candidates: Completions asked for per prompt, the first greedy; the most probable that
            passes the gate is taken.
        max_tokens: Longest completion of the model, in tokens.
        max_lines: Longer functions are left alone: the model would not see enough of them.
        stale: What becomes of a docstring that disagrees with its function: `report` it, `fix` what
            is certain, or `off`.
        min_confidence: Least probability that a reader would accept a text, where a score was
            fitted to the model, else least geometric mean of the token probabilities; -1 takes the
            model's own default.
        threads: Threads for llama.cpp; 0 takes the cores that are free.
        gpu_layers: Layers of the model put on a GPU, if llama.cpp was built for one; -1: all that
            fit.
        fail_under: `check` exits with 1 where the coverage is below this, in percent, instead of
            where anything is missing; -1: not set.
        ratchet: The file of the gaps that `check` knows and does not fail for, relative to the
            folder of the settings; "": none.
        per_path: Settings for the files that a pattern matches.
        linters_want: The kinds of sections that the repository's linters want in every docstring;
            no key, but read from their own settings.
        opt_outs: Per-file ignores of missing docstrings, as from `opt_outs_of_settings`; no key.

    """

    exclude: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    style: str = "auto"
    language: str = "auto"
    sections: str = "auto"
    line_length: int = 0
    model: str = AUTO
    prompt_format: str = "chatml"
    candidates: int = 1
    max_tokens: int = 48
    max_lines: int = 120
    stale: str = "report"
    min_confidence: float = -1.0
    threads: int = 0
    gpu_layers: int = -1
    fail_under: float = field(default=-1.0, metadata={"flag": False})
    ratchet: str = field(default="", metadata={"flag": False})
    per_path: PathRules = field(default=PathRules(), metadata={"flag": False})
    linters_want: tuple[str, ...] = field(default=(), metadata={"key": False})
    opt_outs: tuple[tuple[str, str, str, tuple[str, ...]], ...] = field(
        default=(), metadata={"key": False}
    )

    def of(self, path: PurePosixPath) -> Config:
        """Return the configuration of one file, by its path from the root."""
        if not self.per_path.rules:
            return self
        return _merge(self, tuple(self.per_path.matching(str(path))))

    @property
    def required_sections(self) -> frozenset[str]:
        """Return the kinds of sections without which a docstring is not complete."""
        if self.sections == "auto":
            return frozenset(self.linters_want)
        return frozenset(SECTION_KINDS) if self.sections == "always" else frozenset()


@functools.lru_cache(maxsize=64)
def _merge(config: Config, rules: tuple[PathRule, ...]) -> Config:
    """Return the configuration with those rules in force; it has none for other files."""
    skip: tuple[str, ...] = ()
    for rule in rules:
        config = dataclasses.replace(
            config,
            kinds=config.kinds if rule.kinds is None else rule.kinds,
            style=config.style if rule.style is None else rule.style,
        )
        skip = skip if rule.skip is None else rule.skip
    return dataclasses.replace(config, skip=(*config.skip, *skip), per_path=PathRules())


KEYS = tuple(each for each in dataclasses.fields(Config) if each.metadata.get("key", True))
"""The fields that are keys of `[tool.docbot]`."""


FLAGS = tuple(each for each in KEYS if each.metadata.get("flag", True))
"""The keys that are flags of every command that reads files."""


CHOICES: Mapping[str, tuple[str, ...]] = {
    "style": STYLES,
    "language": LANGUAGES,
    "kinds": KINDS,
    "sections": SECTIONS,
    "stale": STALE,
    "include": INCLUDABLE,
    "skip": SKIPPABLE,
}

RENAMED = {"select": "include", "ignore": "skip"}
"""Keys of earlier versions: in ruff's configuration these two mean the opposite."""


PYPROJECT = "pyproject.toml"


def holds_settings(content: bytes) -> bool:
    """Check whether the bytes of a TOML file have a `[tool.docbot]`, or cannot be read as TOML."""
    try:
        tool = _read_toml(content, PYPROJECT).get("tool", {})
    except ConfigError:
        return b"tool.docbot" in content
    return isinstance(tool, dict) and "docbot" in tool


def load_config(root: Path, file: Path | None = None) -> Config:
    """Read `[tool.docbot]` from `file`, or from the `pyproject.toml` in `root` when there is one.

    Raises:
        ConfigError: the file is missing or no TOML; a key is unknown, of the wrong type or value.

    """
    path = file or root / PYPROJECT
    if file is None and not path.is_file():
        return Config()
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error
    return parse_config(content, source=str(path))


def parse_config(content: bytes, *, source: str) -> Config:
    """Read the configuration of a TOML file's `[tool.docbot]`.

    Raises:
        ConfigError: naming `source`; as `load_config`.

    """
    tool = _read_toml(content, source).get("tool", {})
    settings = tool.get("docbot", {}) if isinstance(tool, dict) else tool
    return replace(Config(), settings, source=source)


def _read_toml(content: bytes, source: str) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        return tomllib.loads(content.decode("utf-8"))
    except RecursionError as error:
        raise ConfigError(f"{source}: is not valid TOML (it nests too deep)") from error
    except ValueError as error:  # TOML's and UTF-8's errors, a number of thousands of digits
        raise ConfigError(f"{source}: is not valid TOML ({error})") from error


def replace(config: Config, settings: Mapping[str, object], *, source: str) -> Config:
    """Return the configuration with `settings` (kebab-case keys) in place of its own.

    Raises:
        ConfigError: naming `source`, the key, and what would have been right.

    """
    if not isinstance(settings, dict):
        raise ConfigError(f"{source}: [tool.docbot] must be a table")
    keys = {key.name.replace("_", "-"): key for key in KEYS}
    changes = {}
    for key, value in settings.items():
        if key in RENAMED:
            raise ConfigError(f"{source}: '{key}' is now called '{RENAMED[key]}'; rename it")
        if key not in keys:
            close = difflib.get_close_matches(key, keys, n=1, cutoff=0.4)
            hint = f"; did you mean '{close[0]}'?" if close else f"; known keys: {', '.join(keys)}"
            raise ConfigError(f"{source}: unknown key '{key}' in [tool.docbot]{hint}")
        changes[keys[key].name] = _convert(key, value, type(keys[key].default), source)
    per_path = changes.pop("per_path", config.per_path.without(settings))
    return dataclasses.replace(config, per_path=per_path, **changes)


def _convert(key: str, value: object, expected_type: type, source: str) -> Any:
    if expected_type is PathRules:
        return _path_rules(value, source)
    if expected_type is tuple:
        if not isinstance(value, (list, tuple)) or not all(isinstance(v, str) for v in value):
            raise ConfigError(f"{source}: '{key}' must be a list of strings, got {value!r}")
        for item in value:
            _check_choice(key, item, source)
        return tuple(value)
    if expected_type is float and type(value) is int:
        value = float(value)
    if type(value) is not expected_type:
        raise ConfigError(f"{source}: '{key}' must be {_NAMES[expected_type]}, got {value!r}")
    _check_choice(key, value, source)
    _check_range(key, value, source)
    return value


def _path_rules(value: object, source: str) -> PathRules:
    form = 'per-path = { "tests/**" = { fail-under = 50 } }'
    if not isinstance(value, dict):
        raise ConfigError(f"{source}: 'per-path' must be a table of patterns, as {form}")
    rules = []
    for pattern, settings in value.items():
        if problem := pattern_problem(pattern):
            raise ConfigError(f"{source}: per-path: {pattern!r} is no gitignore pattern: {problem}")
        place = f"{source}: per-path {pattern!r}"
        if not isinstance(settings, dict):
            raise ConfigError(f"{place} must be a table of settings, as {form}")
        rules.append(_path_rule(pattern, settings, place))
    return PathRules(rules=tuple(rules))


def _path_rule(pattern: str, settings: Mapping[str, object], place: str) -> PathRule:
    changes: dict[str, Any] = {}
    for key, value in settings.items():
        if key not in _PER_PATH:
            close = difflib.get_close_matches(key, _PER_PATH, n=1, cutoff=0.4)
            hint = f"did you mean '{close[0]}'?" if close else f"known: {', '.join(_PER_PATH)}"
            raise ConfigError(f"{place}: unknown key '{key}'; {hint}")
        if key == "skip" and isinstance(value, bool):
            changes["leaves_out"] = value
            continue
        if key == "skip" and not isinstance(value, list):
            raise ConfigError(
                f"{place}: 'skip' must be true, false or a list of skip rules, got {value!r}"
            )
        changes[key.replace("-", "_")] = _convert(key, value, _PER_PATH[key], place)
    if changes.get("kinds") == ():
        raise ConfigError(f"{place}: 'kinds' names none; skip = true leaves files out")
    if changes.get("fail_under", 0) < 0:
        raise ConfigError(f"{place}: 'fail-under' is a percentage, 0 to 100")
    return PathRule(pattern=pattern, **changes)


_PER_PATH = {"fail-under": float, "kinds": tuple, "style": str, "skip": tuple}
"""The keys of a pattern in `per-path`, with their types."""


def _check_choice(key: str, value: object, source: str) -> None:
    choices = CHOICES.get(key)
    if choices and value not in choices:
        close = difflib.get_close_matches(str(value), choices, n=1)
        hint = f"; did you mean '{close[0]}'?" if close else ""
        raise ConfigError(
            f"{source}: '{key}' must be one of {', '.join(choices)}, got {value!r}{hint}"
        )


def _check_range(key: str, value: object, source: str) -> None:
    if key in ("gpu-layers", "min-confidence", "fail-under") and value == -1:
        return
    if isinstance(value, (int, float)) and value < 0:
        raise ConfigError(f"{source}: '{key}' must not be negative, got {value!r}")
    if key == "min-confidence" and isinstance(value, float) and not value <= 1:
        raise ConfigError(f"{source}: 'min-confidence' is a probability, 0 to 1, got {value!r}")
    if key == "fail-under" and isinstance(value, float) and not value <= 100:  # noqa: PLR2004
        raise ConfigError(f"{source}: 'fail-under' is a percentage, 0 to 100, got {value!r}")


_NAMES = {str: "a string", int: "a whole number", float: "a number", bool: "true or false"}
