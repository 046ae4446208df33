"""Define a parsed docstring: sections and entries, each with its place in the text.

The text is the docstring as it stands between the quotes, with line feeds alone between its lines
and its indentation kept. A place is a pair of character offsets into it. A parser only cuts the
text: what it does not understand is prose, and the spans of `Docstring.parts` joined are the text
again.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator


class Span(NamedTuple):
    """A piece of a text: the offsets of its first character and of the one past its last."""

    start: int
    end: int

    def of(self, text: str) -> str:
        """Return the piece."""
        return text[self.start : self.end]


class Convention(str, Enum):
    """A way to write sections."""

    GOOGLE = "google"
    NUMPY = "numpy"
    SPHINX = "sphinx"


class SectionKind(str, Enum):
    """The subject of a section, whatever its title is called."""

    PARAMETERS = "parameters"
    OTHER_PARAMETERS = "other parameters"
    ATTRIBUTES = "attributes"
    RETURNS = "returns"
    YIELDS = "yields"
    RAISES = "raises"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One entry of a section, from its first line's beginning to its last line's end.

    Attributes:
        span: The whole entry: complete lines with their indentation and their line feeds, without
            blank lines after it.
        names: The names it documents, as written without stars and backslashes before them:
            several in `x, y : int`; none in Returns and Yields unless the result is named.
        type: The type as written, without the words `optional` and the default; None for none.
        optional: The word `optional` beside the type.
        default: The value stated beside the type, as in `int, default 3` and `int, default=3`.
        text: The description, its continuation lines included; None for none.

    """

    span: Span
    names: tuple[Span, ...] = ()
    type: Span | None = None
    optional: Span | None = None
    default: Span | None = None
    text: Span | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """One section; in Sphinx style, a run of fields of one kind.

    Attributes:
        kind: Its subject.
        span: All of it: complete lines, title and underline included, without blank lines after it.
        title: The title's words; empty (start equals end) in Sphinx style.
        entries: Its entries in order; they do not overlap.
        readable: Whether it could be cut into entries; if not, it has none, and nothing may be
            concluded from it or changed in it.

    """

    kind: SectionKind
    span: Span
    title: Span
    entries: tuple[Entry, ...] = ()
    readable: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Docstring:
    """A docstring cut into its parts.

    Attributes:
        text: What was parsed.
        convention: The way its sections are written; None without a section.
        summary: The first paragraph; empty for a docstring of blanks or one that begins with a
            section.
        sections: The sections in order; they do not overlap. What lies between them is prose.

    """

    text: str
    convention: Convention | None
    summary: Span
    sections: tuple[Section, ...] = ()

    def parts(self) -> Iterator[Span]:
        """Yield the summary, the prose, the sections cut into lines between and of entries.

        The spans are in order, without gaps; joined they are the text.
        """
        at = 0
        pieces = [self.summary]
        for section in self.sections:
            pieces += [entry.span for entry in section.entries] or [section.span]
        for span in pieces:
            if at < span.start:
                yield Span(at, span.start)
            yield span
            at = span.end
        if at < len(self.text):
            yield Span(at, len(self.text))

    def of_kind(self, *kinds: SectionKind) -> tuple[Section, ...]:
        """Return the sections of these kinds."""
        return tuple(section for section in self.sections if section.kind in kinds)
