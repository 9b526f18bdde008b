"""Random bytes of the operating system, fetched some thousand at a time.

A call for each id or nonce would cost more than everything else about it. No two calls return the same bytes, in
whatever threads they are made; a forked process starts with none in store.
"""

import os
from collections import deque

SIZE = 16
_AT_ONCE = 256
_store: deque[bytes] = deque()
os.register_at_fork(after_in_child=_store.clear)


def random_16_bytes() -> bytes:
    """The next sixteen bytes; each is handed out once."""
    while True:
        try:
            return _store.popleft()
        except IndexError:
            fetched = os.urandom(SIZE * _AT_ONCE)
            _store.extend([fetched[start : start + SIZE] for start in range(0, len(fetched), SIZE)])
