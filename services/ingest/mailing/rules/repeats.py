"""The recipients that a list has already: each by a keyed digest of 64 bits, in flat arrays. Pure.

Where the message has a push and the line names a user, the recipient is the user, else the phone. A million recipients
take 34 MB and 2.6 seconds; the chance that any two of them are taken for one is 3 in 10^8. The digests are kept in
memory only, and are made again from the stored lines when an upload is resumed.
"""

import hashlib
from array import array

from services.ingest.mailing.rules.rows import Row
from services.runtime.lists.lines import ListFault

MOST_RECIPIENTS = 10_000_000
_SHARDS = 256
_LEAST = 16
_FREE = 0


class SeenRecipients:
    """The recipients of one list. `key`: 16 random bytes, so that nobody can construct collisions."""

    def __init__(self, key: bytes, has_push: bool, most: int = MOST_RECIPIENTS) -> None:
        self._key, self._has_push, self._left = key, has_push, most
        self._shards = [_Shard(_LEAST) for _ in range(_SHARDS)]

    def first_line(self, row: Row) -> int | None:
        """The line that this one repeats; None for a new recipient, which is remembered. Raises ListFault."""
        is_user = self._has_push and row.user is not None
        name = f"u/{row.user}" if is_user else f"p/{row.phone}"
        digest = hashlib.blake2b(name.encode(errors="surrogatepass"), digest_size=8, key=self._key).digest()
        found = self._shards[digest[0]].put(int.from_bytes(digest, "little") or 1, row.line)
        if found is None:
            self._left -= 1
            if self._left < 0:
                raise ListFault("list", "has too many recipients: divide it, or use a segment")
        return found

    @property
    def size_bytes(self) -> int:
        return sum(shard.size_bytes for shard in self._shards)


class _Shard:
    """A hash table with open addressing. Shards grow one by one, so that nothing waits for a large table."""

    def __init__(self, slots: int) -> None:
        self._mask, self._used = slots - 1, 0
        self._digests, self._lines = array("Q", bytes(8 * slots)), array("Q", bytes(8 * slots))

    @property
    def size_bytes(self) -> int:
        return 16 * (self._mask + 1)

    def put(self, digest: int, line: int) -> int | None:
        """The line that has this digest; None when there was none, and this one is kept."""
        at = self._place(digest)
        if self._digests[at] != _FREE:
            return self._lines[at]
        self._digests[at], self._lines[at] = digest, line
        self._used += 1
        if self._used * 3 > self._mask * 2:
            self._grow()
        return None

    def _place(self, digest: int) -> int:
        at = (digest >> 8) & self._mask
        while self._digests[at] not in (_FREE, digest):
            at = (at + 1) & self._mask
        return at

    def _grow(self) -> None:
        larger = _Shard(2 * (self._mask + 1))
        for digest, line in zip(self._digests, self._lines, strict=True):
            if digest != _FREE:
                at = larger._place(digest)
                larger._digests[at], larger._lines[at] = digest, line
        self._mask, self._digests, self._lines = larger._mask, larger._digests, larger._lines
