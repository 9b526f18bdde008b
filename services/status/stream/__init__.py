"""The event stream of a partner: every change of a state, numbered, resumable."""

from services.status.stream.routes import stream_routes
from services.status.stream.store import ChangeStore
from services.status.stream.stream import Streams

__all__ = ["ChangeStore", "Streams", "stream_routes"]
