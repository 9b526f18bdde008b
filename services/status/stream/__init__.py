"""The event stream of a partner: every change of a state, numbered, resumable."""

from services.status.stream.wiring import open_stream

__all__ = ["open_stream"]
