"""The in-app history: one entry for each push and owner, and the device routes that read and change it."""

from services.status.history.store import Inbox
from services.status.history.wiring import open_history, open_inbox

__all__ = ["Inbox", "open_history", "open_inbox"]
