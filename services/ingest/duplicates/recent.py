"""Requests of late, by message id: is this one another under the same id? A help for partners, and no more.

It knows what this process has taken since it began, and of that the newest: between MOST and twice as many. Another
process's it does not know; the trace (`services/status/fold/trace.py`) and its metric miss none. Kept are hashes under
a key of the process, and nothing of any request.
"""

from collections.abc import Mapping
from operator import attrgetter
from types import MappingProxyType

from schemas.events import MessageRequested

MOST = 20_000
_shown = attrgetter(
    "text",
    "title",
    "content_category",
    "content_url",
    "actions",
    "custom_payload",
    "enrichment",
    "live_activity",
)
"""Of a push's content."""
_NOTHING: Mapping[int, Mapping[str, str]] = MappingProxyType({})


class RecentRequests:
    """One for each process; `note` after a request has been stored."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._newer: dict[str, int] = {}
        self._older: dict[str, int] = {}

    def note(self, message_id: str, told: int) -> bool:
        """True when one with this id was noted before that told somebody else, or something else (`fingerprint_of`)."""
        before = self._newer.get(message_id, self._older.get(message_id))
        if before is not None:
            return before != told
        if len(self._newer) >= self._most:
            self._newer, self._older = {}, self._newer
        self._newer[message_id] = told
        return False


def fingerprint_of(request: MessageRequested, secure: Mapping[int, Mapping[str, str]] = _NOTHING) -> int:
    """To whom what is told, `secure` by place in the chain as it was before it was sealed: an old code under its id is
    not the new one. Python's own hash of strings is keyed, and different in each process.
    """
    recipient = request.recipient
    parts = [_shown(one.content) if one.content is not None else (one.channel, one.data) for one in request.chain]
    hidden = [(place, frozenset(values.items())) for place, values in secure.items()] if secure else ()
    return hash((recipient.phone, recipient.external_user_id, *parts, *hidden))
