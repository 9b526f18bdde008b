"""The erasure of people from mailings: from lists that wait to be planned, and from texts."""

from services.ingest.mailing.rules.redaction import People
from services.ingest.mailing.store import Mailings
from services.runtime.mongo.erasures import Counts, Erasure

_PARTNER = "partner/"


class MailingErasure:
    """Erases people from mailings; `services/runtime/erasure.py` calls `clean`."""

    def __init__(self, mailings: Mailings) -> None:
        self._mailings = mailings

    async def clean(self, erasure: Erasure) -> Counts:
        """Raises mongo.TRANSIENT_ERRORS, and Newer for mailings that only a newer release can change."""
        lines = texts = 0
        for scope in sorted({subject.scope for subject in erasure.subjects}):
            if scope and not scope.startswith(_PARTNER):
                continue
            subjects = [subject for subject in erasure.subjects if subject.scope == scope]
            users = frozenset(subject.value for subject in subjects if subject.kind == "user")
            people = People(users, frozenset(subject.value for subject in subjects if subject.kind == "phone"))
            partner_id = scope.removeprefix(_PARTNER) or None
            lines += await self._mailings.erase_recipients(partner_id, people)
            texts += await self._mailings.erase_texts(partner_id, people)
        return {"mailing_lines": lines, "mailings": texts}
