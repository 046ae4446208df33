"""Work out, from the settings of linters and formatters, how docstrings must be laid out."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from docbot.tool_settings import longest_prefix, ruff_codes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docbot.tool_settings import ToolSettings

LINE_LENGTH = 88
"""The default of ruff and black."""

_PEP8_LENGTH = 79
"""The default of flake8, pycodestyle, autopep8 and yapf."""

_PYLINT_LENGTH = 100

# What ruff and pydocstyle leave out for a convention, unless a rule is selected by its whole name.
_WITHOUT = {
    "google": {"D213", "D400", "D401", "D406", "D407", "D413"},
    "numpy": {"D212", "D213", "D413", "D415"},
    "pep257": {"D212", "D213", "D406", "D407", "D413", "D415"},
}


class TextLengths(NamedTuple):
    """Columns, the indent included: of any line, of the summary's line, of lines below it."""

    line: int
    summary: int
    below: int


def text_lengths(tools: ToolSettings, line_length: int = 0) -> TextLengths:
    """Return how long lines may be; `line_length` is the user's own, 0 for none."""
    line = line_length or _line_length(tools)
    summary, below = _wrapping(tools)
    return TextLengths(line, min(line, summary or line), min(line, below or line))


def _line_length(tools: ToolSettings) -> int:
    """Return the least of the formatter's length and of the limits that linters report."""
    limits = list(_linter_limits(tools))
    if formatter := _formatter_limit(tools):
        limits.append(formatter)
    return min([*(limits or [LINE_LENGTH]), *_prose_limits(tools)])


def _linter_limits(tools: ToolSettings) -> Iterator[int]:
    if _ruff_checks(tools, "E501"):
        own = tools.number("ruff.lint.pycodestyle.max-line-length", "ruff.line-length")
        yield own or LINE_LENGTH
    elif own := tools.number("ruff.lint.pycodestyle.max-line-length"):
        yield own
    for linter in ("flake8", "pycodestyle"):
        if tools.get(linter) is not None and _reports(tools, linter, "E501", "B950"):
            yield tools.number(f"{linter}.max-line-length") or _PEP8_LENGTH
    if tools.get("pylint") is not None and not _pylint_is_silent(tools):
        yield tools.number("pylint.max-line-length") or _PYLINT_LENGTH


def _reports(tools: ToolSettings, linter: str, *rules: str) -> bool:
    """Check that flake8 or pycodestyle is not told to pass over all of these rules."""
    left_out = tools.codes(f"{linter}.ignore", f"{linter}.extend-ignore")
    chosen = tools.codes(f"{linter}.select", f"{linter}.extend-select")
    exclusive = tools.get(f"{linter}.select") is not None
    for rule in rules:
        is_default = rule == "E501" and not exclusive
        if longest_prefix(rule, chosen) + is_default > longest_prefix(rule, left_out):
            return True
    return False


def _pylint_is_silent(tools: ToolSettings) -> bool:
    names = {"line-too-long", "c0301", "format", "c", "all"}
    disabled = {name.lower() for name in tools.codes("pylint.disable")}
    enabled = {name.lower() for name in tools.codes("pylint.enable")}
    return bool(names & disabled) and not {"line-too-long", "c0301"} & enabled


def _prose_limits(tools: ToolSettings) -> Iterator[int]:
    """Yield the limits that hold for comments and docstrings alone, rule W505."""
    for linter in ("ruff.lint.pycodestyle", "flake8", "pycodestyle"):
        if limit := tools.number(f"{linter}.max-doc-length"):
            yield limit


def _formatter_limit(tools: ToolSettings) -> int | None:
    length = tools.number("ruff.line-length", "black.line-length")
    if length or tools.get("ruff") is not None or tools.get("black") is not None:
        return length or LINE_LENGTH
    length = tools.number("yapf.column-limit", "autopep8.max-line-length")
    length = length or tools.number("editorconfig.max-line-length")
    other = tools.get("yapf") is not None or tools.get("autopep8") is not None
    return length or (_PEP8_LENGTH if other else None)


def uses_docformatter(tools: ToolSettings) -> bool:
    """Check whether docformatter is configured, or run by pre-commit."""
    return tools.get("docformatter") is not None or tools.get("docformatter-hook") is not None


def _wrapping(tools: ToolSettings) -> tuple[int, int]:
    """Return where docformatter wraps a summary, and the text below it; 0 for nowhere."""
    if not uses_docformatter(tools):
        return 0, 0
    black = any(
        tools.is_on(f"{table}.black", default=False)
        for table in ("docformatter-hook", "docformatter")
    )
    defaults = (88, 88) if black else (79, 72)
    names = ("wrap-summaries", "wrap-descriptions")
    summary, below = (_option(tools, n, d) for n, d in zip(names, defaults, strict=True))
    return summary, below


def _option(tools: ToolSettings, name: str, default: int) -> int:
    for table in ("docformatter-hook", "docformatter"):
        text = str(tools.get(f"{table}.{name}"))
        if text.isdecimal():
            return int(text)
    return default


def docformatter_style(tools: ToolSettings) -> str | None:
    """Return the style whose field lists docformatter lets stand; None without docformatter."""
    if not uses_docformatter(tools):
        return None
    named = tools.get("docformatter-hook.style") or tools.get("docformatter.style")
    return str(named or "sphinx")


# Rules of ruff and pydocstyle


class LayoutRules(NamedTuple):
    """What rules of ruff or pydocstyle ask of docstrings of several lines.

    Attributes:
        first_line: D212, the summary stands on the line of the quotes.
        next_line: D213, it stands on the line below.
        last_blank: D413, a blank line follows the last section.
        only_numpy: D406 or D407, without a convention: to pydocstyle sections are numpydoc's.

    """

    first_line: bool
    next_line: bool
    last_blank: bool
    only_numpy: bool


def layout_rules(tools: ToolSettings) -> LayoutRules:
    """Return which rules on the layout of docstrings are switched on."""
    first_line, last_blank = (
        _ruff_checks(tools, rule) or _pydocstyle_asks(tools, rule) for rule in ("D212", "D413")
    )
    return LayoutRules(
        first_line=first_line,
        # Of the two opposites ruff takes D212, and says so.
        next_line=_pydocstyle_asks(tools, "D213")
        or (_ruff_checks(tools, "D213") and not _ruff_checks(tools, "D212")),
        last_blank=last_blank,
        only_numpy=_pydocstyle_asks(tools, "D406") or _pydocstyle_asks(tools, "D407"),
    )


def checks_rule(tools: ToolSettings, rule: str) -> bool:
    """Check whether ruff, pydocstyle or flake8-docstrings applies a rule of pydocstyle."""
    return _ruff_checks(tools, rule) or _pydocstyle_asks(tools, rule)


def _pydocstyle_asks(tools: ToolSettings, rule: str) -> bool:
    return any(check(tools, rule) for check in _PYDOCSTYLES)


def _ruff_checks(tools: ToolSettings, rule: str) -> bool:
    if tools.get("ruff") is None:
        return False
    chosen = ruff_codes(tools, "select", "extend-select")
    left_out = ruff_codes(tools, "ignore", "extend-ignore")
    convention = tools.get("ruff.lint.pydocstyle.convention") or tools.get(
        "ruff.pydocstyle.convention"
    )
    if rule in _WITHOUT.get(str(convention), ()) and rule not in chosen:
        return False
    return longest_prefix(rule, chosen) > longest_prefix(rule, left_out)


def _pydocstyle_checks(tools: ToolSettings, rule: str) -> bool:
    """Check for a rule of pydocstyle, whose `select` and `ignore` name all rules or all others."""
    if tools.get("pydocstyle") is None:
        return False
    if tools.get("pydocstyle.select") is not None:
        is_on = longest_prefix(rule, tools.codes("pydocstyle.select")) > 0
    elif tools.get("pydocstyle.ignore") is not None:
        is_on = not longest_prefix(rule, tools.codes("pydocstyle.ignore"))
    else:
        convention = str(tools.get("pydocstyle.convention") or "pep257")
        is_on = rule not in _WITHOUT.get(convention, ())
    added = tools.codes("pydocstyle.add-select")
    removed = tools.codes("pydocstyle.add-ignore")
    return (is_on or longest_prefix(rule, added) > 0) and not longest_prefix(rule, removed)


def _flake8_docstrings_checks(tools: ToolSettings, rule: str) -> bool:
    """Check for a rule of flake8-docstrings, whose convention `all` leaves the choice to flake8."""
    convention = str(tools.get("flake8.docstring-convention"))
    known = convention == "all" or (convention in _WITHOUT and rule not in _WITHOUT[convention])
    return known and _reports_docstrings(tools, rule)


def _reports_docstrings(tools: ToolSettings, rule: str) -> bool:
    chosen = tools.codes("flake8.select", "flake8.extend-select")
    is_default = tools.get("flake8.select") is None
    left_out = tools.codes("flake8.ignore", "flake8.extend-ignore")
    return longest_prefix(rule, chosen) + is_default > longest_prefix(rule, left_out)


_PYDOCSTYLES = (_pydocstyle_checks, _flake8_docstrings_checks)
