"""Tell the language of docstrings, so that docbot's English ones are not put between others.

A text in another script than Latin is known by its letters. One in Latin script is known by the
small words that no sentence does without; those that are words of English too are left out. Accents
are ignored, since many write `fuer` or `fur` for `für`.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING

from docbot.gate.english import english_words, word_set

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ENGLISH, OTHER = "english", "other"

_SMALL_WORDS: Mapping[str, str] = {
    "German": """
        der das dem ein eine einen einem einer eines und oder nicht ist sind wird werden wurde von
        vom zum zur zu mit fuer aus auf bei nach ueber uber wenn ob sich gibt zuruck zurueck liefert
        alle aller diese dieser dieses auch nur keine kein durch beim zwischen neue neuen dass
        welche welcher sowie bzw ins""",
    "French": """
        le la les une des et ou dans avec sur est sont renvoie retourne qui que cette ces aux sans
        cet ses leur depuis entre chaque tous toutes ainsi lors nouvelle nouveau fichier donne
        donnee""",
    "Spanish": """
        el la los las una unos para con por devuelve retorna que sus este esta desde entre cada
        todos todas nuevo nueva segun cuando archivo numero como""",
    "Portuguese": """
        uma das ao aos para com por retorna devolve que seu sua este esta sem entre cada todos todas
        novo quando arquivo numero nao sao pelo pela numa""",
    "Italian": """
        il lo gli una della dei delle degli nel nella restituisce ritorna che suo sua questo questa
        alla senza tra ogni tutti tutte nuovo nuova quando numero di sono dal dalla""",
    "Dutch": """
        het een voor naar uit bij niet wordt worden deze zijn geeft terug alle elke nieuwe tussen
        zonder wanneer""",
    "Polish": """
        jest oraz dla przez ktory ktora ktore zwraca sie nie jako przy lub czy wszystkie tego danych
        liczbe liste podany podanego""",
    "Czech": """
        jsou nebo podle vraci ktery ktera ktere pokud vsechny seznam""",
    "Turkish": """
        bir ve ile icin olan olarak dondurur veya tum yeni eger degil""",
    "Swedish": """
        och ett med som inte fran returnerar alla varje""",
}
"""The small words of languages; a word of several counts for each of them."""

_SCRIPTS = frozenset(
    ("HIRAGANA", "KATAKANA", "HANGUL", "CJK", "CYRILLIC", "ARABIC", "HEBREW", "GREEK", "THAI",
     "DEVANAGARI")
)  # fmt: skip
"""The first words of the Unicode names of letters in other scripts."""

_LEAST_LETTERS = 4
"""So many letters of another script make a text foreign; fewer may be symbols, as in formulas."""

_LEAST_SHARE = 0.3
"""The least share of letters of another script in a foreign text."""

_CODE = re.compile(
    r"`[^`]*`|\"[^\"]*\"|'[^'\n]*'|\S*[_\d/\\.(){}\[\]=<>:@#]\S*\w\S*|\w*[a-z][A-Z]\w*"
)
_WORD = re.compile(r"[^\W\d_]+")


def language_of(docstring: str) -> str:
    """Tell whether a docstring's first paragraph is in ENGLISH, another language, or unknown.

    Names of the code in it do not count.

    Returns:
        ENGLISH, OTHER, or "" where it cannot be told.

    """
    paragraph = docstring.strip().partition("\n\n")[0][:MOST]
    if _is_in_another_script(paragraph):
        return OTHER
    spelt = [word.lower() for word in _WORD.findall(_CODE.sub(" ", paragraph))]
    words = [_without_accents(word) for word in spelt]
    english = sum(word in _english_words() for word in words)
    if english and not any(word in _all_small_words() for word in words):
        return ENGLISH
    other = max(sum(word in small for word in words) for small in _small_words())
    if not english:  # beside English words, accents are those of names
        other += sum(not word.isascii() for word in spelt)
    known = sum(word in english_words() for word in words)
    if other > max(english, 1) or (other > english and 2 * known < len(words)):
        return OTHER
    return ENGLISH if english > other or (words and known == len(words)) else ""


def count_languages(docstrings: Iterable[str]) -> Counter[str]:
    """Count the docstrings in ENGLISH and those in OTHER languages."""
    names = (language_of(docstring) for docstring in docstrings)
    return Counter(name for name in names if name)


def is_foreign(counts: Mapping[str, int]) -> bool | None:
    """Decide whether docstrings are in another language; None where there are too few to tell."""
    english, other = counts.get(ENGLISH, 0), counts.get(OTHER, 0)
    return None if max(english, other) < LEAST else other > english


MOST = 400
"""So many characters of a paragraph are read."""

LEAST = 2
"""So many docstrings of a language decide; one may be a name or a quotation."""


def _is_in_another_script(text: str) -> bool:
    """Check whether a good part of a text's letters are in another script than Latin."""
    if text.isascii():
        return False
    letters = [letter for letter in text if letter.isalpha()]
    others = [letter for letter in letters if ord(letter) > _LAST_LATIN]
    count = sum(unicodedata.name(letter, "").partition(" ")[0] in _SCRIPTS for letter in others)
    return count >= max(_LEAST_LETTERS, _LEAST_SHARE * len(letters))


_LAST_LATIN = 0x24F


def _without_accents(word: str) -> str:
    if word.isascii():
        return word
    plain = word.replace("ß", "ss").replace("ł", "l").replace("ø", "o")
    decomposed = unicodedata.normalize("NFD", plain)
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


@functools.cache
def _english_words() -> frozenset[str]:
    """Return the small words of English, and the verbs that docstrings begin with."""
    return word_set("small words")


@functools.cache
def _small_words() -> tuple[frozenset[str], ...]:
    ours = _english_words() | english_words()
    return tuple(frozenset(words.split()) - ours for words in _SMALL_WORDS.values())


@functools.cache
def _all_small_words() -> frozenset[str]:
    return frozenset().union(*_small_words())
