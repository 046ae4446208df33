"""The page in a real Chromium: it asks for nothing, complains of nothing, and shows every name."""

from __future__ import annotations

import base64
import re
import subprocess
import sys
import zlib
from struct import unpack

import pytest
from chromium import find_chromium, open_browser

from docbot import cli

CHROMIUM = find_chromium()
pytestmark = pytest.mark.skipif(
    CHROMIUM is None or sys.platform != "linux", reason="no Chromium is installed here"
)

FUNCTION = "def {}(prices, *, rate=0.2):\n    value = sum(prices)\n    return value * rate\n"
STALE = (
    'def stale(prices):\n    """Add up the prices.\n\n    Args:\n        costs: What to add.\n\n'
    '    """\n    return sum(prices)\n'
)
TEXT = "def f(a='</script><img src=x onerror=alert(1)>', b=\"<b>'\\\"\"):\n    print(a)\n"
HOSTILE = {
    "<script>document.title='broken'</script>.py": FUNCTION.format("first"),
    "quote\"'&amp;<b>.py": TEXT,
    "</script><script>document.title='broken'/x.py": FUNCTION.format("second"),
    "{{ 7 * 7 }}.py": FUNCTION.format("third"),
    "a\u202egnp.py": FUNCTION.format("fourth"),
    "שלום.py": FUNCTION.format("fifth"),
    "two\nlines.py": FUNCTION.format("sixth"),
    "caf\udce9.py": FUNCTION.format("seventh"),
}


def write(root, name, text):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The page of a repository whose names try to break it, with a trend and sentences."""
    folder = tmp_path_factory.mktemp("chromium")
    root = folder / "<i>shop & co"
    root.mkdir()

    def git(*arguments):
        command = [
            "git",
            "-C",
            str(root),
            "-c",
            "user.name=Ada",
            "-c",
            "user.email=a@b",
            *arguments,
        ]
        subprocess.run(command, check=True, capture_output=True)

    git("init", "-q", "-b", "main")
    for number in range(30):
        write(root, f"many/{number:02}.py", FUNCTION.format(f"f{number}") * (1 + number % 5))
    git("add", "-A")
    git("commit", "-qm", "<script>document.title='broken'</script>")
    for name, text in HOSTILE.items():
        write(root, name, text)
    write(root, "many/stale.py", STALE)
    for number in range(40):
        write(root, f"small/{number}.py", 'def f():\n    """Say it."""\n    g()\n')
    git("add", "-A")
    git("commit", "-qm", "second")
    site = folder / "site"
    arguments = ["report", "-q", "--html", str(site), "--propose", "--since", "HEAD~1", str(root)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCBOT_CACHE_DIR", str(folder / "cache"))
        assert cli.main(arguments) == 0
    return site / "index.html"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with open_browser(CHROMIUM, tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture
def opened(browser, page):
    browser.ask("Emulation.setEmulatedMedia", features=[])
    browser.ask("Emulation.clearDeviceMetricsOverride")
    browser.open(page)
    return browser


def texts(browser, selector):
    return browser.run(f"[...document.querySelectorAll({selector!r})].map(e => e.textContent)")


def test_the_page_asks_for_nothing_and_complains_of_nothing(opened, page):
    assert opened.complaints == []
    assert opened.addresses == [page.as_uri()]
    assert opened.run("document.title") == "Docstrings of <i>shop & co"
    assert opened.run("document.images.length + document.scripts.length") == 2
    assert (
        opened.run("fetch('https://example.org').then(() => 'sent', () => 'refused')") == "refused"
    )
    opened.run("(() => { const s = document.createElement('script'); s.textContent = 'x = 1'; "
               "document.body.append(s); })()")  # fmt: skip
    assert opened.run("typeof x") == "undefined"


def test_every_name_is_shown_as_it_is(opened):
    opened.run("document.querySelectorAll('.more').forEach(b => { b.click(); b.click(); })")
    names = set(texts(opened, "#files tbody th"))
    for name in HOSTILE:
        shown = name.replace("\u202e", "\\u202e").replace("\n", "\\n").replace("\udce9", "\\xe9")
        assert shown in names
    assert any(
        "</script><img src=x onerror=alert(1)>" in text for text in texts(opened, ".signature")
    )
    assert opened.run("document.querySelectorAll('b, img, iframe, h1 i, svg i').length") == 0
    titles = texts(opened, "svg title")
    assert any("<script>document.title='broken'</script>" in title for title in titles)
    assert "49.py" not in "".join(names)


def test_tables_sort_filter_and_grow(opened):
    def column(number):
        return texts(opened, f"#files tbody tr > :nth-child({number})")

    assert len(column(1)) == 20
    assert list(map(int, column(4))) == sorted(map(int, column(4)), reverse=True)
    opened.run("document.querySelector('#files thead th:nth-child(1) button').click()")
    assert opened.run("document.querySelector('#files thead th').ariaSort") == "ascending"
    assert column(1) == sorted(column(1))
    opened.run("document.querySelector('[data-of=files]').click()")
    assert len(column(1)) == 79
    opened.run("document.getElementById('filter').focus()")
    opened.ask("Input.insertText", text="MANY/0")
    assert set(column(1)) == {f"many/0{number}.py" for number in range(10)}
    assert opened.run("document.getElementById('files-count').textContent") == "10 files"
    assert all(where.startswith("many/0") for where in texts(opened, "#list .where"))
    opened.press("Escape")
    assert len(column(1)) == 79
    opened.run(
        "[...document.querySelectorAll('#states input')]"
        ".forEach(box => box.value === 'stale' || box.click())"
    )
    assert set(texts(opened, "#list td .chip")) == {"stale"}
    assert any("costs" in reason for reason in texts(opened, "#list .reason"))


def test_it_is_used_by_keyboard_alone(opened):
    opened.press("/", "/")
    assert opened.run("document.activeElement.id") == "filter"
    opened.run("document.querySelector('.treemap a[data-path=\"many/\"]').focus()")
    opened.press("Enter", "\r")
    assert opened.run("document.getElementById('filter').value") == "many/"
    opened.run("document.activeElement.blur(); window.getSelection().removeAllRanges()")
    opened.run("document.querySelector('.jump').focus()")
    assert opened.run("document.querySelector('.jump').getBoundingClientRect().left") >= 0
    opened.run("document.querySelector('#files tbody .link').focus()")
    opened.press("Enter", "\r")
    assert opened.run("document.getElementById('filter').value").startswith("many/")
    assert opened.run("document.getElementById('files-count').textContent") == "1 file"


def test_sentences_have_their_probability(opened):
    states = set(texts(opened, "#list td .chip"))
    assert states <= {"withheld", "ready", "stale"}
    assert {"withheld", "stale"} <= states or {"ready", "stale"} <= states
    sure = [float(text) for text in texts(opened, "#list td:nth-child(4)") if text]
    assert sure
    assert all(0 <= each <= 1 for each in sure)
    assert all(re.match("[A-Z].*", text) for text in texts(opened, ".sentence"))
    opened.run("document.querySelector('#list thead th:nth-child(4) button').click()")
    sure = [float(text) for text in texts(opened, "#list td:nth-child(4)") if text]
    assert sure == sorted(sure, reverse=True)


def corner(png: bytes) -> tuple[int, ...]:
    """The colour of the first pixel of a picture."""
    data, at = b"", 8
    while at < len(png):
        (size,), kind = unpack(">I", png[at : at + 4]), png[at + 4 : at + 8]
        data += png[at + 8 : at + 8 + size] if kind == b"IDAT" else b""
        at += size + 12
    return tuple(zlib.decompress(data)[1:4])


def test_it_is_dark_where_the_system_is_and_a_button_changes_that(opened, page):
    def background():
        return corner(base64.b64decode(opened.ask("Page.captureScreenshot")["data"]))

    for scheme, other in (("dark", "light"), ("light", "dark")):
        feature = {"name": "prefers-color-scheme", "value": scheme}
        opened.ask("Emulation.setEmulatedMedia", features=[feature])
        opened.open(page)
        before = background()
        assert (max(before) < 60) == (scheme == "dark")
        assert opened.run("document.getElementById('theme').textContent").lower() == other
        opened.run("document.getElementById('theme').click()")
        assert (max(background()) < 60) == (other == "dark")


def test_it_fits_a_telephone_and_a_sheet_of_paper(opened, page):
    size = {"width": 400, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    opened.ask("Emulation.setDeviceMetricsOverride", **size)
    opened.open(page)
    assert opened.run("document.documentElement.scrollWidth") <= 400
    assert opened.run("getComputedStyle(document.querySelector('.map')).display") == "none"
    opened.ask("Emulation.clearDeviceMetricsOverride")
    dark = {"name": "prefers-color-scheme", "value": "dark"}
    opened.ask("Emulation.setEmulatedMedia", media="print", features=[dark])
    assert opened.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert opened.run("getComputedStyle(document.getElementById('controls')).display") == "none"
    assert base64.b64decode(opened.ask("Page.printToPDF")["data"]).startswith(b"%PDF-")


def test_without_scripts_the_sums_and_the_map_are_there(opened, page):
    opened.ask("Emulation.setScriptExecutionDisabled", value=True)
    try:
        opened.open(page)
        tree = opened.ask("DOM.getDocument", depth=-1)
        html = opened.ask("DOM.getOuterHTML", nodeId=tree["root"]["nodeId"])["outerHTML"]
    finally:
        opened.ask("Emulation.setScriptExecutionDisabled", value=False)
    assert "need scripting" in html
    assert 'class="tile' in html
    assert opened.complaints == []
