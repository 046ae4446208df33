"""What JSON from outside is taken for, and how it is refused."""

from __future__ import annotations

import pytest

from docbot.errors import GitHubError
from docbot.review.post.json_fields import JsonFields

DOCUMENT = {"a": {"b": "x", "n": 3, "yes": True, "none": None, "list": []}, "sha": "a" * 40}


def payload(data: object = DOCUMENT) -> JsonFields:
    return JsonFields(data, "the answer", GitHubError)


def test_values_are_found_by_their_path():
    fields = payload()
    assert (fields.get("a.b", str), fields.get("a.n", int), fields.get("a.list", list)) == (
        "x",
        3,
        [],
    )
    assert (fields.text("a.b"), fields.text("a.none"), fields.text("a.c.d")) == ("x", "", "")
    assert (fields.flag("a.yes"), fields.flag("a.none"), fields.flag("b")) == (True, False, False)
    assert (fields.has("a.b"), fields.has("a.none"), fields.has("a.b.c")) == (True, False, False)
    assert fields.commit("sha") == "a" * 40


@pytest.mark.parametrize(
    ("read", "sentence"),
    [
        (lambda fields: fields.get("a.yes", int), "`a.yes` is not a number"),
        (lambda fields: fields.get("a.none", str), "`a.none` is missing"),
        (lambda fields: fields.get("a.b.c", str), "`a.b.c` is missing"),
        (lambda fields: fields.get("a", list), "`a` is not a list"),
        (lambda fields: fields.text("a.n"), "`a.n` is not text"),
        (lambda fields: fields.flag("a.n"), "`a.n` is not true or false"),
        (lambda fields: fields.commit("a.b"), "`a.b` is not a commit"),
        (lambda fields: fields.repository("a.b"), "`a.b` is not a repository's full name"),
    ],
)
def test_another_value_is_a_sentence(read, sentence):
    with pytest.raises(GitHubError) as error:
        read(payload())
    assert str(error.value) == f"the answer: {sentence}"


@pytest.mark.parametrize("data", [None, [], "x", 3, {}])
def test_what_is_no_object_has_nothing(data):
    assert payload(data).text("a.b") == ""
    with pytest.raises(GitHubError, match="`a` is missing"):
        payload(data).get("a", str)
