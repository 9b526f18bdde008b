"""Recent requests by message id, so that a partner who uses one id for two messages is warned.

Each process knows its own requests only, and of those the newest: between MOST and twice as many. The trace
(`services/status/fold/requests.py`) and its metric miss none. What is kept are hashes under a key of the process, and
nothing of any request.
"""

from collections.abc import Mapping
from operator import attrgetter
from types import MappingProxyType

from schemas.events import MessageRequested

REPEATED = "id was used before with another recipient or content: the first request stands"
"""The warning beside the answer."""
MOST = 20_000
_SHOWN = (
    "text",
    "title",
    "content_category",
    "content_url",
    "actions",
    "custom_payload",
    "enrichment",
    "live_activity",
)
_shown = attrgetter(*_SHOWN)
"""What a push shows."""
_NOTHING: Mapping[int, Mapping[str, str]] = MappingProxyType({})


class RecentRequests:
    """One for each process; `note` after a request has been stored."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._newer: dict[str, int] = {}
        self._older: dict[str, int] = {}

    def note(self, message_id: str, fingerprint: int) -> bool:
        """True when a request with this id and another fingerprint was noted before."""
        before = self._newer.get(message_id, self._older.get(message_id))
        if before is not None:
            return before != fingerprint
        if len(self._newer) >= self._most:
            self._newer, self._older = {}, self._newer
        self._newer[message_id] = fingerprint
        return False


def fingerprint_of(request: MessageRequested, secure: Mapping[int, Mapping[str, str]] = _NOTHING) -> int:
    """A hash of the recipient and of what is shown. `secure`: the values by place in the chain, before they are sealed,
    for a new code under an old id is another message. Python's hash of strings is keyed, and differs in each process.
    """
    recipient = request.recipient
    parts = [_shown(link.content) if link.content is not None else (link.channel, link.data) for link in request.chain]
    hidden = [(place, frozenset(values.items())) for place, values in secure.items()] if secure else ()
    return hash((recipient.phone, recipient.external_user_id, *parts, *hidden))
