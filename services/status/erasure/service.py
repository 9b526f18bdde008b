"""What status cleans of those who were forgotten: messages keep their states and times, not whom and what.

Reports that partners are owed still go, with the partner's id and without number and text.
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
    """`clean` is what `erasing.clean_after` calls."""

    def __init__(self, messages: Messages, inbox: Inbox, reports: ReportStore, codes: ShortLinkStore) -> None:
        self._messages = messages
        self._inbox = inbox
        self._reports = reports
        self._codes = codes

    async def clean(self, erasure: Erasure) -> Counts:
        """Raises mongo.TRANSIENT_ERRORS."""
        counts = {"messages": 0, "inbox": 0, "reports": 0, "short_links": 0}
        for query in _queries(erasure):
            while found := await self._messages.find(query, _AT_ONCE):
                message_ids = [message.message_id for message in found]
                counts["short_links"] += await self._codes.drop(found)
                counts["inbox"] += await self._inbox.drop(message_ids)
                counts["reports"] += await self._reports.empty(message_ids)
                for message in found:
                    redact(message)
                # last, because by them the rest is found: those that somebody else has changed come again
                counts["messages"] += len(found) - len(await self._messages.save(found))
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
