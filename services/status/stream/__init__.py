"""The event stream of a partner: every change of a state, numbered, resumable."""

from services.status.stream.routes import stream_routes
from services.status.stream.store import Changes
from services.status.stream.stream import Streams

__all__ = ["Changes", "Streams", "stream_routes"]
