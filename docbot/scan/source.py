"""Decode a file, and translate offsets between its text and its bytes.

The parsers count in UTF-8 bytes of the text, but the file may be Latin-1: this module alone knows
the difference.
"""

from __future__ import annotations

import bisect
import io
import tokenize
from dataclasses import dataclass, field
from functools import cached_property

from docbot.errors import SourceError, TooLargeError
from docbot.scan.basics import MAX_BYTES

BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, kw_only=True)
class Text:
    """A decoded file.

    Offsets named `utf8` count bytes of `code` in UTF-8; those in an `Anchor` count bytes of the
    file.

    Attributes:
        code: The text, with the file's own line endings and without a BOM.
        encoding: The file's encoding, by Python's name.
        bom: Whether the file begins with a byte order mark.
        utf8: `code` in UTF-8.

    """

    code: str
    encoding: str = "utf-8"
    bom: bool = False
    utf8: bytes = field(repr=False)

    @cached_property
    def lines(self) -> list[bytes]:
        """Return the lines in UTF-8, each without its line feed."""
        return self.utf8.split(b"\n")

    @cached_property
    def _line_starts(self) -> list[int]:
        starts = [0]
        at = self.utf8.find(b"\n")
        while at >= 0:
            starts.append(at + 1)
            at = self.utf8.find(b"\n", at + 1)
        return starts

    def line_at(self, utf8: int) -> int:
        """Return the number of the line that holds a UTF-8 offset, counted from 1."""
        return bisect.bisect_right(self._line_starts, utf8)

    def start_of_line(self, number: int) -> int:
        """Return the UTF-8 offset of the start of a line, counted from 1."""
        return self._line_starts[number - 1]

    def line_start(self, utf8: int) -> int:
        """Return the UTF-8 offset of the start of the line that holds `utf8`."""
        return self._line_starts[self.line_at(utf8) - 1]

    def offset(self, utf8: int) -> int:
        """Return the byte offset in the file for a UTF-8 offset in the text."""
        if self.encoding == "utf-8":
            return utf8 + (len(BOM) if self.bom else 0)
        return len(self.utf8[:utf8].decode().encode(self.encoding))

    def blanks_end(self, utf8: int) -> int:
        """Return the UTF-8 offset past the blank lines that begin at `utf8`."""
        end = utf8
        while (newline := self.utf8.find(b"\n", end)) >= 0:
            if self.utf8[end:newline].strip(b" \t\r"):
                break
            end = newline + 1
        return end


def read(source: bytes) -> Text:
    """Decode a file as Python does.

    Raises:
        TooLargeError: it is over 1 MB.
        SourceError: it holds NUL bytes or lone carriage returns, or cannot be decoded.

    """
    if len(source) > MAX_BYTES:
        raise TooLargeError(f"it is over {MAX_BYTES // 1_000_000} MB")
    if b"\0" in source:
        raise SourceError("it holds NUL bytes")
    if text := _plain_utf8(source):
        return text
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
        bom = source.startswith(BOM)
        code = source.decode("utf-8-sig" if bom else encoding)
        encoding = "utf-8" if encoding == "utf-8-sig" else encoding
        if code.encode("utf-8-sig" if bom else encoding) != source or (
            code.count("\n") != source.count(b"\n")  # as in unicode_escape
        ):
            raise SourceError(f"its {encoding} text cannot be written back byte for byte")
        utf8 = code.encode()
    except (SyntaxError, UnicodeError, LookupError) as error:
        raise SourceError(f"it cannot be decoded: {error}") from error
    if code.replace("\r\n", "").count("\r"):
        # ast ends a line at a lone CR, tokenize and git do not: their line numbers would differ.
        raise SourceError("it has carriage returns that end no line")
    return Text(code=code, encoding=encoding, bom=bom, utf8=utf8)


def _plain_utf8(source: bytes) -> Text | None:
    """Decode UTF-8 that declares no encoding, as nearly every file; None for any other."""
    head = b"\n".join(source[:HEAD].split(b"\n", 2)[:2])
    if b"\r" in source or b"coding" in head or len(head) == HEAD or source.startswith(BOM):
        return None
    try:
        return Text(code=source.decode(), utf8=source)
    except UnicodeDecodeError:
        return None


HEAD = 2000
"""Bytes in which the first two lines end, in a plain file: they may declare the encoding."""
