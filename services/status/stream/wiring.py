"""The event stream: changes stored in their order, and given to open streams."""

from services.status.foundation import Feature, Foundation
from services.status.stream.routes import stream_routes
from services.status.stream.store import ChangeStore
from services.status.stream.stream import Streams


async def open_stream(foundation: Foundation) -> Feature:
    """The taker that stores the changes, and the route."""
    changes = ChangeStore(foundation.database)
    await changes.prepare()
    streams = Streams(changes, foundation.process.stop)
    return Feature(takers=(streams.take,), routers=(stream_routes(streams, foundation.partner_caller),))
