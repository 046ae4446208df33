"""A pull request of the loopback GitHub as HTML, much as GitHub shows it, to be looked at.

`.github/review.png` is the first of the pages that this leaves below PAGES, 1000 pixels wide,
by Chromium: `pytest tests/test_pull_request.py --basetemp=PAGES`.
"""

from __future__ import annotations

import re
from html import escape
from string import Template
from typing import TYPE_CHECKING, Any

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from fake_github.state import Pull

ABOVE = 4
"""Lines of a hunk that GitHub shows above a comment."""


def html(pull: Pull, page: list[dict[str, Any]]) -> str:
    """The conversation of a pull request, from what `GitHub.page` tells."""
    title = f"{escape(pull.title)} <i>#{pull.number}</i>"
    return PAGE.substitute(title=title, page="\n".join(map(_entry, page)))


def _entry(entry: dict[str, Any]) -> str:
    if entry["kind"] == "comment":
        return _comment(entry)
    threads = "\n".join(map(_thread, entry["threads"]))
    body = _comment(entry) if entry["body"] else ""
    return f'<p class="event">{_name(entry["author"])} reviewed</p>\n{body}\n{threads}'


def _thread(thread: dict[str, Any]) -> str:
    rows = _rows(thread["hunk"].split("\n")[1:][-ABOVE:])
    comments = "\n".join(_comment(one, thread["code"]) for one in thread["comments"])
    outdated = " <b>Outdated</b>" if thread["outdated"] else ""
    path = f'<p class="path">{escape(thread["path"])}{outdated}</p>'
    return f'<div class="thread">{path}{rows}{comments}</div>'


def _comment(comment: dict[str, Any], code: tuple[str, ...] = ()) -> str:
    if comment["minimised"]:
        hidden = f"This comment was marked as <b>{comment['minimised'].lower()}</b>."
        return f'<div class="box hidden">{hidden}</div>'
    edited = " <i>· edited</i>" if comment["edits"] else ""
    who = f'<p class="who">{_name(comment["author"])} commented{edited}</p>'
    return f'<div class="box">{who}<div class="body">{_markdown(comment["body"], code)}</div></div>'


def _name(login: str) -> str:
    name, bot, _ = login.partition("[bot]")
    return f"<strong>{escape(name)}</strong>" + (' <b class="bot">bot</b>' if bot else "")


def _markdown(body: str, code: tuple[str, ...]) -> str:
    """A comment's text; a suggestion as the change of the lines that it stands on."""
    markdown = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    plain = markdown.renderer.rules.get("fence", markdown.renderer.fence)

    def fence(tokens: Any, at: int, options: Any, env: Any) -> str:
        if tokens[at].info != "suggestion":
            return str(plain(tokens, at, options, env))
        new = tokens[at].content.split("\n")[:-1]  # an empty block removes the lines
        rows = _rows([*(f"-{row}" for row in code), *(f"+{row}" for row in new)])
        head = '<p class="path">Suggested change<u>Commit suggestion</u></p>'
        return f'<div class="suggestion">{head}{rows}</div>'

    def sanitised(tokens: Any, at: int, *_: Any) -> str:
        parts = ALLOWED_HTML.split(tokens[at].content)
        return "".join(part if ALLOWED_HTML.fullmatch(part) else escape(part) for part in parts)

    markdown.renderer.rules |= {"fence": fence, "html_block": sanitised, "html_inline": sanitised}
    return str(markdown.render(body))


def _rows(rows: list[str]) -> str:
    cells = (f'<tr class="{KINDS[row[:1]]}"><td>{escape(row)}</td></tr>' for row in rows)
    return f"<table>{''.join(cells)}</table>"


ALLOWED_HTML = re.compile(r"(</?(?:details|summary|sub)>|<!--.*?-->)", re.DOTALL)
"""The HTML that docbot may use. GitHub lets a little more through."""

KINDS = {" ": "same", "+": "added", "-": "removed", "\\": "same", "@": "same"}

PAGE = Template("""\
<!doctype html><html lang="en"><meta charset="utf-8"><title>A pull request</title><style>
body { font: 14px/1.5 "Noto Sans", "DejaVu Sans", sans-serif; color: #1f2328; margin: 24px auto;
  width: 900px }
h1 { font-size: 24px; font-weight: 400; margin: 0 0 16px; border-bottom: 1px solid #d1d9e0;
  padding-bottom: 12px }
i { color: #59636e; font-style: normal } p { margin: 0 0 12px }
h3 { font-size: 17px; margin: 0 0 12px }
.event { margin: 20px 0 8px } .who, .path { margin: 0; padding: 6px 14px; background: #f6f8fa;
  border-bottom: 1px solid #d1d9e0; border-radius: 6px 6px 0 0 }
.path, code, pre, td { font: 12px/18px "DejaVu Sans Mono", monospace }
.box, .thread, .suggestion { border: 1px solid #d1d9e0; border-radius: 6px; margin-bottom: 14px;
  background: #fff }
.thread { margin-left: 36px } .thread .box { margin: 10px 14px } .body { padding: 12px 14px 2px }
u { float: right; text-decoration: none; font: 500 12px sans-serif; background: #fff;
  border: 1px solid #d1d9e0; border-radius: 6px; padding: 2px 10px; margin-top: -1px }
.hidden { padding: 8px 14px; color: #59636e; background: #f6f8fa }
b { font-weight: 400; font-size: 12px; border: 1px solid #d1d9e0; border-radius: 9px;
  padding: 0 6px; color: #59636e }
table { border-collapse: collapse; width: 100% } td { white-space: pre; padding: 0 14px }
.added td { background: #dafbe1 } .removed td { background: #ffebe9 }
code { background: #eff1f3; border-radius: 4px; padding: 2px 5px }
pre { background: #f6f8fa; border-radius: 6px; padding: 12px; margin: 0 0 12px }
pre code { padding: 0 } ul { margin: 0 0 12px; padding-left: 24px } summary { margin-bottom: 8px }
sub { color: #59636e; font-size: 12px; vertical-align: baseline }
</style><h1>$title</h1>
$page
</html>
""")
