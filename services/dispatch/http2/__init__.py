"""An HTTP/2 client over an engine without I/O, which knows what was surely not processed.

`engine.py` is the protocol, on libnghttp2 or on h2, `protocol.py` its asyncio side, `connection.py` many requests at
once, `pool.py` a few connections to one origin.
"""

from services.dispatch.http2.connection import Connection
from services.dispatch.http2.engine import EngineName, Header, NotProcessed, Response, Result, Unknown, use_engine
from services.dispatch.http2.pool import Pool
from services.dispatch.http2.protocol import NO_H2, ConnectError

__all__ = [
    "NO_H2",
    "ConnectError",
    "Connection",
    "EngineName",
    "Header",
    "NotProcessed",
    "Pool",
    "Response",
    "Result",
    "Unknown",
    "use_engine",
]
