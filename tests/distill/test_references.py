"""What a docstring teaches: its parts in three styles, cleaned, or the reason why not."""

from __future__ import annotations

import pytest

from docbot.distill.corpus.references import (
    Filter,
    Reference,
    clean,
    read_docstring,
    restates_name,
    supported_share,
)

GOOGLE = """Fetch a page. It is then
    parsed.

    Args:
        url (str): Where the page is,
            with its scheme.
        timeout: Seconds to wait. Zero waits for ever.
        **options: Passed on.

    Returns:
        Page: The parsed page.

    Raises:
        web.Gone: If the page is no more.

    Note:
        Slow.
    """
NUMPY = """
    Fetch a page.

    Parameters
    ----------
    url : str
        Where the page is,
        with its scheme.
    timeout, retries : int, optional
        Seconds to wait.

    Returns
    -------
    page : Page
        The parsed page.

    Raises
    ------
    Gone
        If the page is no more.

    See Also
    --------
    store : keep it.
    """
SPHINX = """Fetch a page.

    :param str url: Where the page is,
        with its scheme.
    :param timeout: Seconds to wait.
    :type timeout: int
    :returns: The parsed page.
    :rtype: Page
    :raises web.Gone: If the page is no more.
    """


def test_google() -> None:
    assert read_docstring(GOOGLE) == Reference(
        headline="Fetch a page.",
        params={
            "url": "Where the page is, with its scheme.",
            "timeout": "Seconds to wait.",
            "options": "Passed on.",
        },
        returns="The parsed page.",
        raises={"Gone": "If the page is no more."},
    )


def test_numpy() -> None:
    assert read_docstring(NUMPY) == Reference(
        headline="Fetch a page.",
        params={
            "url": "Where the page is, with its scheme.",
            "timeout": "Seconds to wait.",
            "retries": "Seconds to wait.",
        },
        returns="The parsed page.",
        raises={"Gone": "If the page is no more."},
    )


def test_sphinx() -> None:
    assert read_docstring(SPHINX) == Reference(
        headline="Fetch a page.",
        params={"url": "Where the page is, with its scheme.", "timeout": "Seconds to wait."},
        returns="The parsed page.",
        raises={"Gone": "If the page is no more."},
    )


def test_prose_alone() -> None:
    assert read_docstring("Do it, e.g. now. Or later.\n\nMore.") == Reference(
        headline="Do it, e.g. now."
    )
    assert read_docstring("") == Reference()


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Returns the user's name.", "return the user's name."),
        ("Return a :class:`~web.PageView` of ``max_size``", "return a page view of max size."),
        ("This method parses URLs of a page (see below).", "parse urls of a page."),
        ("Copies C{data} to L{Store}.", "copy data to store."),
        ("Open the file -- or make one", "open the file."),
        ("Tries it again, if that failed.", "try it again, if that failed."),
        ("Whether the `job` is done.", "whether the job is done."),
    ],
)
def test_clean(text: str, answer: str) -> None:
    assert clean(text) == answer


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", Filter.EMPTY),
        ("Do it.", Filter.SHORT),
        ("Get " + "and get " * 20 + "it.", Filter.LONG),
        ("Get the page, see https://example.org.", Filter.NOISE),
        ("TODO: write the page down.", Filter.NOISE),
        ("Deprecated since version two.", Filter.NOISE),
        ("Holt die Seite vom Netz und wirft sie weg.", Filter.FOREIGN),
        ("Return x = y + z of them all.", Filter.MARKUP),
        ("Interpret the page to create a", Filter.CUT),
        ("No page was found here.", Filter.MOOD),
    ],
)
def test_useless(text: str, reason: Filter) -> None:
    assert clean(text) is reason


def test_a_phrase_needs_no_verb() -> None:
    assert clean("Seconds to wait.", phrase=True) == "seconds to wait."
    assert clean("Seconds", phrase=True) is Filter.SHORT


def test_what_the_code_owes() -> None:
    prompt = " parse ( page | | url , | | browser | fetch page"
    assert supported_share("fetch the parsed page.", prompt) == 1
    assert supported_share("fetch the parsed page of a shop.", prompt) == pytest.approx(3 / 4)
    assert supported_share("return the value.", prompt) == 1


@pytest.mark.parametrize(
    ("answer", "name", "verdict"),
    [
        ("get the user name.", "get_user_name", True),
        ("get the user name from the session.", "get_user_name", False),
        ("parses user names.", "parse_user_name", True),
    ],
)
def test_only_the_name_again(answer: str, name: str, *, verdict: bool) -> None:
    assert restates_name(answer, name) is verdict
