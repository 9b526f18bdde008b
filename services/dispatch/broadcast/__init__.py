"""Apple's broadcast channels: made once, sent to within the application's limits.

`create.py` makes and deletes channels, `gate.py` says whether a broadcast may go, `service.py` handles both topics.
"""

from services.dispatch.broadcast.wiring import open_broadcasts

__all__ = ["open_broadcasts"]
