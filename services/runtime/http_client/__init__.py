"""A keep-alive HTTP/1.1 client, which knows what was surely not sent. It repeats nothing and follows nothing.

pool.py         requests to many origins: connections kept, time limits, what waits
connection.py   one connection: a request at a time, its answer within bounds
dial.py         from a name to an open connection: DNS, which addresses are allowed, TLS
message.py      the bytes of a request, and what came of it
"""

from services.runtime.http_client.dial import Dialer, Direct
from services.runtime.http_client.message import (
    Answer,
    NoAnswer,
    NotSent,
    Origin,
    Result,
    Target,
    header_lines,
    target_of,
)
from services.runtime.http_client.pool import BEGUN, CLOSED, FORBIDDEN, NOT_BEGUN, Note, Pool

__all__ = [
    "BEGUN",
    "CLOSED",
    "FORBIDDEN",
    "NOT_BEGUN",
    "Answer",
    "Dialer",
    "Direct",
    "NoAnswer",
    "NotSent",
    "Note",
    "Origin",
    "Pool",
    "Result",
    "Target",
    "header_lines",
    "target_of",
]
