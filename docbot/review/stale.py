"""Say what is stale in a docstring, in one sentence with the names in it marked.

The message of a finding may be anybody's. So only the sentences that docbot itself writes are said,
with anything in the places of their names; of any other message, no more than that the docstring is
stale.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from docbot.drift.drift import DriftRule
from docbot.review.markdown import code, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from docbot.review.findings import Finding

FORMS: Mapping[str, tuple[str, ...]] = {
    "param-unknown": (
        "documents the parameter {}, which the signature lacks",
        "documents the field {}, which the class lacks",
    ),
    "param-missing": ("does not document the parameter {}", "does not document the field {}"),
    "param-renamed": (
        "documents the parameter {}, which is now called {}",
        "documents the parameter {}, where the signature has {}",
        "documents the field {}, which is now called {}",
        "documents the field {}, where the class has {}",
    ),
    "param-order": (
        "documents the parameters in another order than the signature: {}",
        "documents the fields in another order than the class: {}",
    ),
    "param-twice": ("documents the parameter {} twice", "documents the field {} twice"),
    "param-default": ("states the default {} of {}, which is {}",),
    "param-type": ("states the type {} of {}, which is annotated as {}",),
    "returns-unknown": (
        "documents what is returned, but the function returns nothing",
        "documents what is returned, but the function yields",
    ),
    "returns-missing": ("does not document what is returned",),
    "yields-unknown": ("documents what is yielded, but the function yields nothing",),
    "yields-missing": ("does not document what is yielded",),
    "raises-unknown": ("documents the exception {}, which is no longer raised",),
    "raises-missing": ("does not document the exception {}, which is raised",),
    "summary-stale": (
        "has a summary that may be stale: it speaks of {}, which the change raises no more",
        "has a summary that may be stale: it speaks of {}, which the change replaced",
        "has a summary that may be stale: it promises a {}, and the change returns none",
        "has a summary that may be stale: it speaks of {}, which the change removed",
        (
            "has a summary that may be stale: it says that something is returned, and the change"
            " returns nothing"
        ),
    ),
    "sections-missing": ("lacks sections: {}",),
}
"""The messages of each rule, with `{}` for a name or a value."""

_PATTERNS = {
    rule: [re.compile("(.+?)".join(map(re.escape, form.split("{}")))) for form in forms]
    for rule, forms in FORMS.items()
}
_LONGEST_MESSAGE = 500


def say(finding: Finding, mark: Callable[[str], str] = one_line) -> str:
    """Return what a stale docstring does, without a subject and a full stop.

    Args:
        finding: A finding with a rule.
        mark: What each name and value goes through.

    """
    message = one_line(finding.message, _LONGEST_MESSAGE)
    for pattern in _PATTERNS.get(finding.rule, ()):
        if match := pattern.fullmatch(message):
            return _mark_groups(match, mark) + _proposal(finding, mark)
    return "has a stale docstring"


def _proposal(finding: Finding, mark: Callable[[str], str]) -> str:
    if finding.rule != DriftRule.SUMMARY_STALE.value or not finding.detail:
        return ""
    return f"; docbot would write {mark(one_line(finding.detail))}"


def say_in_markdown(finding: Finding) -> str:
    """Return the sentence for a comment: the function's name, what is stale, and the rule."""
    return f"{code(finding.qualname)} {say(finding, code)}. ({code(finding.rule)})"


def describe(rule: str) -> str:
    """Return in a sentence what a rule finds."""
    return f"A docstring {FORMS[rule][0].replace('{}', '...')}."


def _mark_groups(match: re.Match[str], mark: Callable[[str], str]) -> str:
    parts: list[str] = []
    at = 0
    for group in range(1, len(match.groups()) + 1):
        parts += [match.string[at : match.start(group)], mark(match[group])]
        at = match.end(group)
    return "".join([*parts, match.string[at:]])
