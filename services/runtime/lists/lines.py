"""Lists as people have them: the bytes of a file, cut anywhere, to numbered lines in UTF-8. Pure.

    bytes ─▶ Utf8: byte order mark, UTF-16, a charset that was named ─▶ Lines: CR, LF, CRLF, quoted breaks ─▶ RawLine

Lines are numbered as an editor numbers them, from 1. A quoted CSV field may hold line breaks: its record is known by
the line that it begins on. `csv_or_json.py` makes records of these, for mailings and for the import of devices.
"""

import codecs
import re
from collections.abc import Iterator
from typing import NamedTuple

MAX_LINE_BYTES = 16 * 1024
UTF8_RULE = "must be UTF-8; another encoding must be named, as in `charset=windows-1251`"
_MAX_RECORD_LINES = 50
_MOST_UNCLOSED = 20
"""Quotes that are never closed; in a list with more of them none is looked for beyond its line: that takes too long."""
_SNIFFED = 4
_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_CHARSETS = {
    **dict.fromkeys(("utf-8", "utf8", "us-ascii", "ascii"), "utf-8"),
    **dict.fromkeys(("utf-16", "utf-16le", "utf-16-le"), "utf-16-le"),
    **dict.fromkeys(("utf-16be", "utf-16-be"), "utf-16-be"),
    **dict.fromkeys(("windows-1251", "cp1251"), "windows-1251"),
    **dict.fromkeys(("windows-1252", "cp1252"), "windows-1252"),
    **dict.fromkeys(("ibm866", "cp866"), "ibm866"),
    "koi8-r": "koi8-r",
    "iso-8859-1": "iso-8859-1",
}
_MISTAKEN = (
    (b"PK\x03\x04", "is an Excel workbook or a ZIP archive: save it as CSV UTF-8"),
    (b"\xd0\xcf\x11\xe0", "is an Excel workbook (.xls): save it as CSV UTF-8"),
    (b"\x1f\x8b", "is compressed (gzip): send it as it is"),
    (b"BZh", "is compressed (bzip2): send it as it is"),
    (b"\x28\xb5\x2f\xfd", "is compressed (Zstandard): send it as it is"),
    (b"\xfd7zX", "is compressed (xz): send it as it is"),
    (b"%PDF", "is a PDF document, not CSV or JSON lines"),
    (b"\xff\xfe\0\0", "is UTF-32: save it as UTF-8"),
    (b"\0\0\xfe\xff", "is UTF-32: save it as UTF-8"),
)


class ListFault(Exception):
    """What was sent is no list at all; `field` is `list` or `header`."""

    def __init__(self, field: str, rule: str) -> None:
        super().__init__(f"{field}: {rule}")
        self.field, self.rule = field, rule


class RawLine(NamedTuple):
    """A record and the number of the line it begins on; None is one that is too long."""

    line: int
    content: bytes | None


def encoding_of(charset: str) -> str:
    """The encoding that a charset means; empty: none was named. Raises ListFault."""
    name = charset.strip().strip("\"'").lower().replace("_", "-")
    if name and name not in _CHARSETS:
        raise ListFault("charset", f"must be one of {', '.join(dict.fromkeys(_CHARSETS.values()))}")
    return _CHARSETS.get(name, "")


def media_type(header: str) -> tuple[str, str]:
    """Type and charset of a Content-Type, in lower case; empty: there is none."""
    kind, *parameters = header.lower().split(";")
    named = dict(parameter.strip().partition("=")[::2] for parameter in parameters)
    return kind.strip(), named.get("charset", "").strip()


class Utf8:
    """What comes in any encoding, as UTF-8; what its encoding has no character for becomes bytes that UTF-8 has not."""

    def __init__(self, named: str = "") -> None:
        self.encoding = named or "utf-8"  # a byte order mark knows better
        self.mark = b""  # the byte order mark that it came with
        self._named = bool(named)
        self._first: bytes | None = b""  # until there is enough to know it by
        self._decoder: codecs.IncrementalDecoder | None = None

    def feed(self, piece: bytes) -> bytes:
        """Raises ListFault for what is no text."""
        if self._first is None:
            return self._read(piece)
        self._first += piece
        return self._begun() if len(self._first) >= _SNIFFED else b""

    def end(self) -> bytes:
        """What is left when the stream ends."""
        rest = self._begun() if self._first is not None else b""
        if self._decoder is not None and self._decoder.getstate()[0]:
            rest += b"\xff"  # half a character
        return rest

    def undone(self, content: bytes) -> bytes:
        """What was made here, or more text of this encoding's characters, in the encoding that it came in."""
        if self.encoding == "utf-8":
            return content
        try:
            text = content.decode(errors="surrogatepass")
        except UnicodeDecodeError:  # half a character
            text = content.decode(errors="surrogateescape")
        return text.encode(self.encoding, "surrogatepass" if self.encoding.startswith("utf-16") else "surrogateescape")

    def _begun(self) -> bytes:
        first, self._first = self._first or b"", None
        for magic, rule in _MISTAKEN:
            if first.startswith(magic):
                raise ListFault("list", rule)
        for mark, encoding in _MARKS:
            if first.startswith(mark):
                self.encoding, self.mark, first = encoding, mark, first[len(mark) :]
                break
        else:
            if b"\0" in first[:_SNIFFED] and not self._named:
                raise ListFault("list", "holds NUL characters: UTF-16 needs its byte order mark, or `charset=utf-16le`")
        if self.encoding.startswith("utf-16"):
            self._decoder = codecs.getincrementaldecoder(self.encoding)("surrogatepass")
        return self._read(first)

    def _read(self, piece: bytes) -> bytes:
        if self._decoder is not None:
            return self._decoder.decode(piece).encode(errors="surrogatepass")
        if self.encoding == "utf-8":
            return piece
        return piece.decode(self.encoding, "surrogateescape").encode(errors="surrogatepass")


class Lines:
    """Cuts UTF-8 that comes in pieces into records. Holds one record at most, however long the stream."""

    def __init__(self, first_line: int, quoted: bool) -> None:
        self.line = first_line  # of the record to come
        self._quoted = quoted
        self._held: list[bytes] = []  # lines of a record whose quotes are open
        self._rest = b""
        self._is_long = False
        self._unclosed = 0
        self._quotes = _Quotes(",;\t|")

    def delimited_by(self, delimiter: str) -> None:
        """From now on quotes open and close beside this one only."""
        self._quotes = _Quotes(delimiter)

    def feed(self, piece: bytes) -> Iterator[RawLine]:
        """The records that end in this piece."""
        lines = (self._rest + piece).splitlines(keepends=True)  # of bytes: CR, LF and CRLF, and no other
        self._rest = lines.pop() if lines and not lines[-1].endswith(b"\n") else b""  # CR may be half a CRLF
        for line in lines:
            yield from self._ended(line)
        if len(self._rest) > MAX_LINE_BYTES + 1:  # what follows belongs to it as well
            self._is_long, self._rest = True, self._rest[-1:]

    def end(self) -> Iterator[RawLine]:
        """What is left when the stream ends, with or without a line break."""
        if self._rest:
            rest, self._rest = self._rest, b""
            yield from self._ended(rest)
        while self._held:
            yield from self._broken()

    def _ended(self, line: bytes) -> Iterator[RawLine]:
        content = line.rstrip(b"\r\n")
        if self._is_long or len(content) > MAX_LINE_BYTES:
            while self._held:
                yield from self._broken()
            self._is_long = False
            yield self._taken(None, 1)
            return
        may_go_on = self._quoted and b'"' in line and self._unclosed <= _MOST_UNCLOSED
        if not may_go_on and not self._held:
            record = self._taken(content, 1)
            if content.strip():
                yield record
            return
        self._held.append(line)
        record_bytes = b"".join(self._held).rstrip(b"\r\n")
        if not self._quotes.is_open(record_bytes):
            count = len(self._held)
            self._held = []
            yield self._taken(record_bytes, count)
        elif len(self._held) > _MAX_RECORD_LINES or len(record_bytes) > MAX_LINE_BYTES:
            yield from self._broken()

    def _broken(self) -> Iterator[RawLine]:
        """A quote that is never closed must not swallow the lines after it: only its own line is bad."""
        first, *others = self._held
        self._held = []
        self._unclosed += 1
        yield self._taken(first.rstrip(b"\r\n"), 1)
        for line in others:
            yield from self._ended(line)

    def _taken(self, content: bytes | None, lines: int) -> RawLine:
        record = RawLine(self.line, content)
        self.line += lines
        return record


class _Quotes:
    """Whether a quoted field goes on behind the end of a record."""

    def __init__(self, delimiters: str) -> None:
        beside = f"[{re.escape(delimiters)}]".encode()
        self._closed = re.compile(rb"(?:^|(?<=" + beside + rb'))"(?:[^"]|"")*"(?=' + beside + rb"|\Z)")
        self._opened = re.compile(rb"(?:^|" + beside + rb')"')

    def is_open(self, record: bytes) -> bool:
        return self._opened.search(self._closed.sub(b"", record)) is not None
