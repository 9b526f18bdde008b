"""The messages of a mailing on their way into the log.

    recipients ─▶ claim their ids ─▶ messages of the free ones ─▶ log ─▶ confirm ─▶ the others under `/problems`

Only partners who refuse duplicates have claims: a line whose own id was used before is not sent to, and is reported. A
claim remembers which line has it, so a planner that goes over the same lines again after a crash finds them free and
the others taken, as before. Lines without an id of their own repeat nothing. Source: `docs/partner-api.md` §1, §6.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from schemas import topics
from schemas.application_events import PartnerChanged
from services.ingest.duplicates import DuplicateClaims
from services.ingest.mailing.model import Mailing
from services.ingest.mailing.rules.recipients import MailingRecipient, expand, message_id_of, owner_of
from services.ingest.mailing.rules.rows import RejectedLine
from services.ingest.mailing.rules.template import Template
from services.ingest.mailing.store import MAX_PROBLEMS, Mailings
from services.ingest.secure_values import sealed
from services.runtime.clock import now_ms
from services.runtime.log.kafka import Append, Log
from services.runtime.mongo.hour_keys import HourKeys
from services.runtime.pacing.turns import Turns

_TOPIC = topics.MESSAGE_REQUESTED["bulk"]
_TURN = 25
"""Messages that are made at most before others get their turn: single messages are answered by the same loop."""
_APPEND_S = 15.0


@dataclass(frozen=True)
class MessageWriter:
    """Appends the messages of recipients. Raises TRANSIENT_ERRORS."""

    mailings: Mailings
    claims: DuplicateClaims
    keys: HourKeys
    sink: Log

    async def write(
        self, mailing: Mailing, template: Template, partner: PartnerChanged, part: Sequence[MailingRecipient]
    ) -> int:
        """How many of these recipients are not sent to, because their ids were used before."""
        free, repeated, granted = part, list[RejectedLine](), list[str]()
        if partner.reject_duplicates:
            free, repeated, granted = await self._claim(mailing, part, partner.uuid)
        await self._append(mailing, template, partner.uuid, free)
        if granted:
            await self.claims.confirm_many(granted)
        room = max(0, MAX_PROBLEMS - mailing.refused)
        await self.mailings.lists.add_problems(mailing.mailing_id, repeated[:room])
        return len(repeated)

    async def _claim(
        self, mailing: Mailing, part: Sequence[MailingRecipient], partner_uuid: str
    ) -> tuple[list[MailingRecipient], list[RejectedLine], list[str]]:
        """Those that may go, those that may not, and the message ids to confirm. Of several with one id it is the
        first."""
        mailing_id = mailing.mailing_id
        owners: dict[str, str] = {}
        for recipient in part:
            if recipient.ref is not None:
                message_id = message_id_of(recipient, mailing_id, partner_uuid)
                owners.setdefault(message_id, owner_of(mailing_id, recipient))
        granted = await self.claims.claim_as(owners, now_ms())
        free: list[MailingRecipient] = []
        repeated: list[RejectedLine] = []
        for recipient in part:
            message_id = message_id_of(recipient, mailing_id, partner_uuid)
            is_owner = message_id in granted and owners[message_id] == owner_of(mailing_id, recipient)
            if recipient.ref is None or is_owner:
                free.append(recipient)
            else:
                repeated.append(RejectedLine(recipient.line, "id", "was used before"))
        return free, repeated, sorted(granted)

    async def _append(
        self, mailing: Mailing, template: Template, partner_uuid: str, part: Sequence[MailingRecipient]
    ) -> None:
        appends, turns = [], Turns(_TURN)
        for recipient in part:
            accepted = expand(template, recipient, mailing.mailing_id, partner_uuid, now_ms())
            event = await sealed(accepted, self.keys) if accepted.secure else accepted.request
            appends.append(Append(_TOPIC, event.message_id, event))
            await turns.give()
        await self.sink.append(appends, _APPEND_S)
