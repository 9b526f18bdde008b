"""Which of Huawei's signatures have been used, and for which body.

A signature covers no body, so a captured one could be sent again with another. The body that came with it first
is the only one that it is good for; the same one again is a repetition, as after an answer that was lost. Remembered
for as long as a timestamp may count, on either side of our clock, in this process: of several processes each could be
shown a captured signature once with a body of the captor's own. Only right signatures are remembered.
"""

from collections import OrderedDict
from hashlib import blake2b
from typing import Final

from services.registry.hms_receipts.signature import MOST_AGE_MS

KEPT_MS: Final = 2 * MOST_AGE_MS
MOST_KEPT: Final = 200_000
_SIZE: Final = 16


class UsedSignatures:
    """The signatures that this process has seen, of all applications."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._most = most
        self._bodies: OrderedDict[bytes, tuple[bytes, int]] = OrderedDict()

    def admits(self, application_id: str, signature: str, body: bytes, now_ms: int) -> bool:
        """False: the signature came with another body before."""
        self._forget(now_ms)
        key = _digest(f"{application_id}\0{signature}".encode())
        digest = _digest(body)
        first, _ = self._bodies.setdefault(key, (digest, now_ms))
        return first == digest

    def _forget(self, now_ms: int) -> None:
        """The oldest first; when there are too many also such as might still count."""
        while self._bodies:
            key, (_, at) = next(iter(self._bodies.items()))
            if now_ms - at < KEPT_MS and len(self._bodies) < self._most:
                return
            del self._bodies[key]


def _digest(text: bytes) -> bytes:
    return blake2b(text, digest_size=_SIZE).digest()
