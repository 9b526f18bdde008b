"""CSV as it is handed out: for people's spreadsheets, or for programs. Pure.

    spreadsheet   begins with a byte order mark, so that Excel reads UTF-8; `'` stands before a text
                    that a spreadsheet would run: it begins with = + - @, a tab or a line break, also behind blanks,
                    quotation marks or what cannot be seen
                    that it would make another number or a date of: 0017, 7390612217123, 1E5, 10-11
                    that begins with `'`, so that taking one off always gives the text
    program       RFC 4180 and nothing else

Lines end with CR LF; line breaks within a cell stay as they are, in quotation marks. An apostrophe, because a cell
written ="7390612217123" would be a formula itself, and a tab is lost where cells are trimmed.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Final, Literal

Reader = Literal["spreadsheet", "program"]
Cell = str | int | float | None
BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_UNSEEN = '\\s"\u00a0\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff'
_RUN = re.compile(rf"[\t\r\n']|[{_UNSEEN}]*[=+\-@\uff1d\uff0b\uff0d\uff20]")
_LIKE_A_NUMBER = re.compile(r"[0-9][0-9.,:/eE+-]*")
_HARMLESS = re.compile(r"0|[1-9][0-9]{0,10}")
_EXACT_DIGITS = 15
"""That a spreadsheet keeps of a number; of 12 and more it shows a rounded one."""


def head_of(reader: Reader) -> bytes:
    """What precedes the first line."""
    return BYTE_ORDER_MARK if reader == "spreadsheet" else b""


def lines_of(rows: Iterable[Sequence[Cell]], reader: Reader) -> bytes:
    """The rows as UTF-8."""
    out = io.StringIO(newline="")
    shown = rows if reader == "program" else ([_shown(cell) for cell in row] for row in rows)
    csv.writer(out).writerows(shown)
    return out.getvalue().encode()


def _shown(cell: Cell) -> Cell:
    if isinstance(cell, str):
        return _text(cell)
    return f"'{cell}" if isinstance(cell, int) and len(str(abs(cell))) > _EXACT_DIGITS else cell


def _text(text: str) -> str:
    if _LIKE_A_NUMBER.fullmatch(text):
        return text if _HARMLESS.fullmatch(text) else f"'{text}"
    return f"'{text}" if _RUN.match(text) else text
