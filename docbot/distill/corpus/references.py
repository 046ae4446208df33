"""Turn people's docstrings into clean sentences to learn from, or say why they are unfit.

A docstring is parsed in the three styles docbot writes (Google, NumPy, Sphinx). Each text becomes
one plain lower-case sentence in the imperative, without markup and with identifiers split into
their words, as `docbot.prompt.linearize` splits those of the code: the model can only answer in
words that it sees.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from inspect import cleandoc
from typing import TYPE_CHECKING

from docbot.gate.english import DANGLING, STOPWORDS, VERBS, english_words, stem, third_persons
from docbot.scan.identifiers import split_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MIN_WORDS, MAX_WORDS = 3, 26
MIN_PHRASE, MAX_PHRASE = 2, 22
"""Limits in words, of sentences and of phrases."""
MIN_ENGLISH = 0.5
"""The smallest share of English words in a usable reference."""


class Filter(str, Enum):
    """Why a reference is not used."""

    EMPTY = "no text"
    SHORT = "fewer than three words"
    LONG = "too long for one sentence"
    NOISE = "TODO, link, licence, deprecation or see-elsewhere"
    FOREIGN = "not plain English"
    MARKUP = "code, table or formula"
    NAME = "only the name again"
    CUT = "stops in the middle"
    MOOD = "begins with no verb"
    UNSUPPORTED = "speaks of what the code does not show"


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """The parts of a docstring as a person wrote them, each one sentence on one line.

    `params` and `raises` map names, without stars and module paths, to their descriptions.
    """

    headline: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    returns: str = ""
    raises: Mapping[str, str] = field(default_factory=dict)


def first_sentence(text: str) -> str:
    """Return the first sentence of a paragraph, on one line."""
    return _SENTENCE.split(" ".join(text.split()))[0].strip()


def read_docstring(docstring: str) -> Reference:
    """Read headline and sections of a docstring in Google, NumPy or Sphinx style."""
    lines = cleandoc(docstring).splitlines()
    blocks: dict[str, list[str]] = {"": []}
    section = ""
    skip = False
    for number, line in enumerate(lines):
        below = lines[number + 1].strip() if number + 1 < len(lines) else ""
        title = _TITLES.get(line.strip().rstrip(":").lower())
        underlined = len(below) > 2 and not below.strip("-=")  # noqa: PLR2004 - a numpy underline
        if skip:
            skip = False
        elif underlined and line.strip():
            section, skip = title or "other", True
            blocks.setdefault(section, [])
        elif title and line.rstrip().endswith(":") and not line[:1].isspace():
            section = title
            blocks.setdefault(section, [])
        else:
            if section and line.strip() and not line[:1].isspace() and not _is_numpy(lines):
                section = ""
            blocks[section].append(line)
    prose, fields = _split_fields(blocks[""])
    params = {**_read_items(blocks.get("params", []), numpy=_is_numpy(lines)), **fields["param"]}
    raises = {**_read_items(blocks.get("raises", []), numpy=_is_numpy(lines)), **fields["raises"]}
    returns = fields["returns"].get("", "") or _returns_text(
        blocks.get("returns", []), numpy=_is_numpy(lines)
    )
    return Reference(
        headline=first_sentence(_paragraph(prose)),
        params={_bare_name(name): first_sentence(text) for name, text in params.items() if text},
        returns=first_sentence(returns),
        raises={_bare_name(name): first_sentence(text) for name, text in raises.items() if text},
    )


def clean(text: str, *, phrase: bool = False) -> str | Filter:
    """Rewrite a text as the model should write it: lower case, imperative, period.

    Args:
        text: The first sentence of a docstring or of a section's entry.
        phrase: Whether the text describes a class, a module, a parameter, a return value or an
            exception: it need not be imperative then, and keeps its first word as it is.

    Returns:
        The sentence, or why it is not used.

    """
    text = remove_markup(text)
    words = _split_identifiers(text)
    if not phrase and words:
        words[0] = third_persons().get(words[0], words[0])
    problem = _problem(text, words, phrase=phrase)
    return problem or _join(words)


def _problem(text: str, words: list[str], *, phrase: bool) -> Filter | None:
    count = sum(word[0].isalnum() for word in words)
    english = sum(word in english_words() or word in STOPWORDS for word in words)
    checks = (
        (not text, Filter.EMPTY),
        (_NOISE.search(text), Filter.NOISE),
        (not text.isascii() or english < MIN_ENGLISH * count, Filter.FOREIGN),
        (_MARKUP.search(text), Filter.MARKUP),
        (count < (MIN_PHRASE if phrase else MIN_WORDS), Filter.SHORT),
        (count > (MAX_PHRASE if phrase else MAX_WORDS), Filter.LONG),
        (words[-1:] and words[-1] in DANGLING, Filter.CUT),
        (not phrase and words[:1] and words[0] not in _FIRST_WORDS, Filter.MOOD),
    )
    return next((reason for failed, reason in checks if failed), None)


def supported_share(answer: str, prompt: str) -> float:
    """Return the share of an answer's meaning words whose stem is in the prompt.

    It is 1 for an answer without meaning words. Words that the code does not support a model can
    only guess, and so it would learn to guess.
    """
    prompt_stems = {stem(word) for word in prompt.split()}
    words = _claiming_words(answer)
    return sum(stem(word) in prompt_stems for word in words) / len(words) if words else 1.0


def restates_name(answer: str, name: str) -> bool:
    """Check whether all meaning words of an answer are in the definition's name."""
    name_stems = {stem(word) for word in split_words(name)}
    words = _claiming_words(answer)
    return bool(words) and all(stem(word) in name_stems for word in words)


def meaning_words(answer: str) -> Iterator[str]:
    """Return the meaning words of a cleaned answer: all but stopwords."""
    return (word for word in re.findall(r"[a-z]+", answer) if word not in STOPWORDS)


def _claiming_words(answer: str) -> list[str]:
    """Return the meaning words that claim something: not `value`, `given` and the like."""
    return [word for word in meaning_words(answer) if word not in _GENERIC_WORDS]


# Sections.


def _is_numpy(lines: Iterable[str]) -> bool:
    return any(re.fullmatch(r"\s*-{3,}\s*", line) for line in lines)


def _paragraph(lines: Iterable[str]) -> str:
    """Join the first block of lines, up to a blank line or one that is not prose."""
    paragraph: list[str] = []
    for line in lines:
        stripped = line.strip()
        if (not stripped and paragraph) or _BREAK.match(stripped):
            break
        if stripped:
            paragraph.append(stripped)
    return " ".join(paragraph)


def _split_fields(lines: list[str]) -> tuple[list[str], dict[str, dict[str, str]]]:
    """Separate prose lines from Sphinx fields such as `:param int x: text`."""
    prose: list[str] = []
    fields: dict[str, dict[str, str]] = {"param": {}, "returns": {}, "raises": {}}
    target: tuple[str, str] | None = None
    for line in lines:
        match = _FIELD.match(line)
        if match:
            role, names = match.group(1), match.group(2).split()
            kind = _FIELDS.get(role, "")
            name = names[-1] if names and kind != "returns" else ""
            target = (kind, name) if kind else None
            if target:
                fields[kind][name] = match.group(3)
        elif line[:1].isspace() and target:
            fields[target[0]][target[1]] += " " + line.strip()
        elif not line.strip() or not fields["param"]:
            target = None
            prose.append(line)
    return prose, fields


def _read_items(lines: list[str], *, numpy: bool) -> dict[str, str]:
    """Map names to descriptions in a Google (`x (int): text`) or NumPy (`x : int`) list."""
    margin = min((len(x) - len(x.lstrip()) for x in lines if x.strip()), default=0)
    items: dict[str, str] = {}
    names: list[str] = []
    for line in lines:
        if not line.strip():
            if numpy:
                continue
            names = []
        elif len(line) - len(line.lstrip()) > margin:
            for name in names:
                items[name] = f"{items[name]} {line.strip()}".strip()
        else:
            names = []
            match = (_NUMPY_ITEM if numpy else _GOOGLE_ITEM).match(line.strip())
            if match:
                names = [part.strip() for part in match.group(1).split(",")]
                text = "" if numpy else match.group(2)
                items.update(dict.fromkeys(names, text))
    return items


def _returns_text(lines: list[str], *, numpy: bool) -> str:
    if not numpy:
        return re.sub(r"^[\w\[\], .|]+:\s+", "", _paragraph(lines))
    margin = min((len(x) - len(x.lstrip()) for x in lines if x.strip()), default=0)
    return _paragraph(line for line in lines if len(line) - len(line.lstrip()) > margin)


def _bare_name(name: str) -> str:
    return name.strip("*\\`~:").rpartition(".")[2]


# Words.


def remove_markup(text: str) -> str:
    """Remove roles, links, code quotes, and text in brackets or after a dash."""
    text = _ROLE.sub(lambda m: m.group(1).lstrip("~.!").rpartition(".")[2], text)
    text = _LINK.sub(r"\1", text)
    text = re.sub(r"\b[A-Z]\{([^{}]*)\}", r"\1", text)  # epytext
    text = re.sub(r"^(?:This|The) (?:function|method|class|module) (?=[a-z]+s )", "", text)
    text = re.sub(r"`+|\*\*|(?<!\w)\*(?=\w)|(?<=\w)\*(?!\w)", "", text)
    text = re.sub(r"\s*(\([^()]*\)|\[[^\[\]]*\]_?)", "", text)
    text = re.split(r"\s+--+\s+|\s+-\s+|\u2014|;\s|:\s|:$|, e\.g\.|, i\.e\.", text)[0]
    text = text.replace("\u2019", "'").replace("\u2018", "'").replace('"', "").replace(" '", " ")
    return re.sub(r"(?<!\w)'|'(?!\w)", "", text).strip(" .!?,:-")


def _split_identifiers(text: str) -> list[str]:
    """Split a text into lower-case words and commas, and identifiers into their words."""
    words: list[str] = []
    for raw in _TOKEN.findall(text):
        if raw == ",":
            words.append(raw)
        elif re.search(r"_|[a-z][A-Z]|\w\.\w|\(", raw):
            words += split_words(raw.removesuffix("'s"))
        else:
            words.append(raw.lower())
    return words


def _join(words: Iterable[str]) -> str:
    return " ".join(words).replace(" ,", ",").rstrip(", ") + "."


_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z`\"'(:*])")
_BREAK = re.compile(r"(:\w|@\w|>>>|\.\. |-{3,}|={3,}|\+-|[-*] |\d+[.)] )")
_FIELD = re.compile(r"\s*[:@](\w+)\s*([^:]*):\s*(.*)")
_FIELDS = {
    **dict.fromkeys(("param", "parameter", "arg", "argument", "key", "keyword"), "param"),
    **dict.fromkeys(("return", "returns"), "returns"),
    **dict.fromkeys(("raise", "raises", "except", "exception"), "raises"),
    **dict.fromkeys(("type", "rtype", "var", "ivar", "cvar"), ""),
}
_TITLES = {
    **dict.fromkeys(("args", "arguments", "parameters", "params", "keyword args",
                     "keyword arguments", "other parameters"), "params"),
    **dict.fromkeys(("returns", "return", "yields", "yield"), "returns"),
    **dict.fromkeys(("raises", "raise", "exceptions"), "raises"),
    **dict.fromkeys(("example", "examples", "note", "notes", "see also", "references", "attributes",
                     "warning", "warnings", "usage", "todo", "methods", "properties"), "other"),
}  # fmt: skip
_GOOGLE_ITEM = re.compile(r"(\*{0,2}[\w.`]+)\s*(?:\([^)]*\)|\[[^\]]*\])?\s*:\s*(.*)")
_NUMPY_ITEM = re.compile(r"(\*{0,2}\w[\w., *]*?)\s*(?::.*)?$")
_ROLE = re.compile(r":[a-zA-Z:.+-]+:`([^`<]*?)(?:\s*<[^>]*>)?`")
_LINK = re.compile(r"`([^`<]+?)\s*<[^>]*>`_*")
_NOISE = re.compile(
    r"https?:|\b(todo|fixme|xxx|copyright|licen[cs]e|auto-?generated|deprecated|obsolete|see also"
    r"|same as above|not implemented|unused|placeholder|docstring)\b|\bsee \w+\.|\binherited from"
    r"|^see |^refer to|^alias (of|for)|^this is an? (internal|private|automatically)",
    re.IGNORECASE,
)
_MARKUP = re.compile(r"[=<>{}\\|$^~@#;&+%]|::|->|\w\[|//|\w\(\w")
_TOKEN = re.compile(r"[A-Za-z0-9_.'/-]*[A-Za-z0-9_](?:\(\))?|,")
_FIRST_WORDS = VERBS | {"whether", "the", "a", "an"}
_GENERIC_WORDS = frozenset(
    re.findall(
        r"\w+",
        """
        return get set create given specified whether value values object instance function method
        class current new using use based used associated provided default optional otherwise
        corresponding related available
        """,
    )
)
