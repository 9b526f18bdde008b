"""The in-app history: one entry for each push and owner, and the device routes that read and change it."""

from services.status.history.access import PACE, device_caller
from services.status.history.content_routes import content_routes
from services.status.history.routes import HistoryService, history_routes
from services.status.history.service import InboxCommands, InboxProjection
from services.status.history.store import Inbox
from services.status.history.view import History

__all__ = [
    "PACE",
    "History",
    "HistoryService",
    "Inbox",
    "InboxCommands",
    "InboxProjection",
    "content_routes",
    "device_caller",
    "history_routes",
]
