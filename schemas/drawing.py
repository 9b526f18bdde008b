"""Random bytes of the operating system, fetched some thousand at a time.

Asking it for each id or nonce alone costs more than all the rest of one. Whatever thread takes them, nobody gets the
same bytes twice; a process that is forked off starts with none.
"""

import os
from collections import deque

SIZE = 16
_AT_ONCE = 256
_drawn: deque[bytes] = deque()
os.register_at_fork(after_in_child=_drawn.clear)


def sixteen_bytes() -> bytes:
    """Never given before."""
    while True:
        try:
            return _drawn.popleft()
        except IndexError:
            fetched = os.urandom(SIZE * _AT_ONCE)
            _drawn.extend([fetched[place : place + SIZE] for place in range(0, len(fetched), SIZE)])
