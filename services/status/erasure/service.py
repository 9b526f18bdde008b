"""Erases people from what status keeps: messages keep states and times, and lose recipient and content.

Reports that are still owed go to the partner with its id, and without number and text.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from services.runtime.mongo.erasures import Counts, Erasure
from services.status.fold import redact
from services.status.history import Inbox
from services.status.message import Messages
from services.status.reports import ReportStore
from services.status.short_links import ShortLinkStore

_AT_ONCE = 200
_PARTNER = "partner/"
_FIELDS = {"user": "external_user_id", "phone": "phone"}


class MessageErasure:
    """The erasure of messages, their history, reports and short links."""

    def __init__(self, messages: Messages, inbox: Inbox, reports: ReportStore, short_links: ShortLinkStore) -> None:
        self._messages = messages
        self._inbox = inbox
        self._reports = reports
        self._short_links = short_links

    async def erase(self, erasure: Erasure) -> Counts:
        """Erase the subjects, and give the number of documents by collection. Raises mongo.TRANSIENT_ERRORS."""
        counts = {"messages": 0, "inbox": 0, "reports": 0, "short_links": 0}
        for query in _queries(erasure):
            while found := await self._messages.find(query, _AT_ONCE):
                message_ids = [message.message_id for message in found]
                counts["short_links"] += await self._short_links.delete(found)
                counts["inbox"] += await self._inbox.delete(message_ids)
                counts["reports"] += await self._reports.redact(message_ids)
                for message in found:
                    redact(message)
                # last, because the rest is found by them: those that were changed meanwhile are found again
                counts["messages"] += len(found) - len(await self._messages.save(found))
                # again: a report that was stored meanwhile was made of a message that was not erased yet
                counts["reports"] += await self._reports.redact(message_ids)
        return counts


def _queries(erasure: Erasure) -> Sequence[Mapping[str, Any]]:
    queries = []
    for subject in erasure.subjects:
        field = _FIELDS.get(subject.kind)
        if field is None or not (subject.scope == "" or subject.scope.startswith(_PARTNER)):
            continue
        scope = {"partner_id": subject.scope.removeprefix(_PARTNER)} if subject.scope else {}
        queries.append({field: subject.value, **scope})
    return queries
