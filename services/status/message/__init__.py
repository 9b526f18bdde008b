"""One message: what is known of it, how it is stored and found, and the content that was sent."""

from services.status.message.content import content_of, enriched, sent_link
from services.status.message.model import Link, Message
from services.status.message.parts import (
    MAX_CANDIDATES,
    MAX_DETAIL,
    MAX_TRACE,
    MAX_TRACE_OF_PEOPLE,
    CascadeDecision,
    Change,
    Count,
    Delivery,
    Entry,
    InboxMark,
    Repeats,
    Report,
    Request,
    Skip,
    What,
    inbox_owner,
)
from services.status.message.search import (
    BadCursor,
    MessageQuery,
    count_reasons,
    cursor_of,
    find_message,
    find_page,
    place_of,
)
from services.status.message.states import DELIVERED, PLANNED, READ, SENT, furthest_of
from services.status.message.store import MOST_MS, Messages, Overdue
from services.status.message.unread import UnreadMessage

__all__ = [
    "DELIVERED",
    "MAX_CANDIDATES",
    "MAX_DETAIL",
    "MAX_TRACE",
    "MAX_TRACE_OF_PEOPLE",
    "MOST_MS",
    "PLANNED",
    "READ",
    "SENT",
    "BadCursor",
    "CascadeDecision",
    "Change",
    "Count",
    "Delivery",
    "Entry",
    "InboxMark",
    "Link",
    "Message",
    "MessageQuery",
    "Messages",
    "Overdue",
    "Repeats",
    "Report",
    "Request",
    "Skip",
    "UnreadMessage",
    "What",
    "content_of",
    "count_reasons",
    "cursor_of",
    "enriched",
    "find_message",
    "find_page",
    "furthest_of",
    "inbox_owner",
    "place_of",
    "sent_link",
]
