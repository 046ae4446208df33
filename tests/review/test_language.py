"""A house that is not English gets no suggestions on its pull requests."""

from __future__ import annotations

import pytest
from revisions import BOX, findings_in

GERMAN = '''"""Das Lager."""


def anzahl(waren):
    """Gibt die Anzahl der Waren zurueck."""
    return len(waren)


def leeren(waren):
    """Nimmt alle Waren aus dem Lager."""
    waren.clear()
'''


@pytest.mark.parametrize("language", ["auto", "en"])
def test_no_suggestion_unless_the_key_says_so(repo, language):
    repo.commit("lager.py", GERMAN)
    repo.git("switch", "--quiet", "--create", "topic")
    repo.commit("box.py", BOX)
    (finding,) = findings_in(repo, language=language).findings
    assert finding.qualname == "Box.__len__"
    assert (finding.suggestion is not None) is (language == "en")
    assert finding.reason == ("language" if language == "auto" else "")
