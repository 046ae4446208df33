"""What JSON from outside is taken for, and how it is refused."""

from __future__ import annotations

import pytest

from docbot.errors import GitHubError
from docbot.review.post.json_fields import JsonFields

SENT = {"a": {"b": "x", "n": 3, "yes": True, "none": None, "list": []}, "sha": "a" * 40}


def payload(data: object = SENT) -> JsonFields:
    return JsonFields(data, "the answer", GitHubError)


def test_values_are_found_by_their_path():
    sent = payload()
    assert (sent.get("a.b", str), sent.get("a.n", int), sent.get("a.list", list)) == ("x", 3, [])
    assert (sent.text("a.b"), sent.text("a.none"), sent.text("a.c.d")) == ("x", "", "")
    assert (sent.flag("a.yes"), sent.flag("a.none"), sent.flag("b")) == (True, False, False)
    assert (sent.has("a.b"), sent.has("a.none"), sent.has("a.b.c")) == (True, False, False)
    assert sent.commit("sha") == "a" * 40


@pytest.mark.parametrize(
    ("read", "told"),
    [
        (lambda sent: sent.get("a.yes", int), "`a.yes` is not a number"),
        (lambda sent: sent.get("a.none", str), "`a.none` is missing"),
        (lambda sent: sent.get("a.b.c", str), "`a.b.c` is missing"),
        (lambda sent: sent.get("a", list), "`a` is not a list"),
        (lambda sent: sent.text("a.n"), "`a.n` is not text"),
        (lambda sent: sent.flag("a.n"), "`a.n` is not true or false"),
        (lambda sent: sent.commit("a.b"), "`a.b` is not a commit"),
        (lambda sent: sent.repository("a.b"), "`a.b` is not a repository's full name"),
    ],
)
def test_another_value_is_a_sentence(read, told):
    with pytest.raises(GitHubError) as error:
        read(payload())
    assert str(error.value) == f"the answer: {told}"


@pytest.mark.parametrize("data", [None, [], "x", 3, {}])
def test_what_is_no_object_has_nothing(data):
    assert payload(data).text("a.b") == ""
    with pytest.raises(GitHubError, match="`a` is missing"):
        payload(data).get("a", str)
