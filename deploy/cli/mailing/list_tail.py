"""The rest of a list whose upload was cut off: its lines from a given one on, after its header, as UTF-8."""

from services.runtime.lists.csv_header import Names
from services.runtime.lists.csv_or_json import Records
from services.runtime.lists.lines import Utf8


class Tail:
    """Feed it the file. Raises ListFault for what is no list."""

    def __init__(self, has_head: bool, encoding: str, first_line: int) -> None:
        self._text, self._rest, self._number = Utf8(encoding), b"", 0
        self._head = Records(Names((), {}), is_csv=True) if has_head else None
        self._first_line = first_line

    def feed(self, piece: bytes) -> bytes:
        """What of this piece belongs to it."""
        lines = (self._rest + self._text.feed(piece)).splitlines(keepends=True)
        self._rest = lines.pop() if lines and not lines[-1].endswith(b"\n") else b""  # CR may be half a CRLF
        return b"".join(line for line in lines if self._belongs(line))

    def end(self) -> bytes:
        rest = self._rest + self._text.end()
        return rest if rest and self._belongs(rest) else b""

    def _belongs(self, line: bytes) -> bool:
        self._number += 1
        if self._head is not None and self._head.table is None:
            for _ in self._head.feed_utf8(line.rstrip(b"\r\n") + b"\n"):
                pass
            return True
        return self._number >= self._first_line
