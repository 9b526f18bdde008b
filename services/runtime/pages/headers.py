"""The headers that keep a browser from doing more with an answer than it should."""

from collections.abc import Iterable

SECURITY_HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Cache-Control", "no-store"),
)
"""Of every answer: its type is as stated, it loads nothing, is shown in no frame, and is kept by no cache on the way,
because most of it is personal."""
Pair = tuple[bytes, bytes]


class Giving(list[Pair]):
    """A server's headers, to which uvicorn adds an answer's: of two with one name the answer's is kept.

    Of two policies a browser would obey both.
    """

    def __add__(self, own: Iterable[Pair]) -> list[Pair]:  # type: ignore[override]
        own = list(own)
        named = {name.lower() for name, _ in own}
        return [*(pair for pair in self if pair[0].lower() not in named), *own]
