"""Mailings as they were last: what `mailing-events` says of them is taken over where the backup has their lists.

over (done, cancelled)                       ─▶ over, and the list is deleted
another state, and the list is the same      ─▶ that state; a running one goes on where the backup's cursor stands:
                                                the messages have the same ids, so what was sent is not sent again
the list is not the one that is meant        ─▶ stays as in the backup, and is named
not in the backup                            ─▶ its list is gone, and is named: the partner has to bring it again

Where the partner refuses duplicates, the ids of lines that were sent since are claimed by their messages alone
(`links.py`). The lines get these claims back, or the planner, which comes by once more, would take the ids for used.
"""

from dataclasses import dataclass, field

from pymongo import UpdateOne

from deploy.repair.after.links import holder_of
from deploy.repair.opened import Opened
from schemas import topics
from schemas.application_events import OwnedId
from schemas.mailing_events import MailingChanged, MailingState
from services.ingest.mailing.model import Mailing
from services.ingest.mailing.rules.recipients import message_id_of, owner_of, recipient_of
from services.ingest.mailing.store import Mailings
from services.runtime.clock import now_ms
from services.runtime.crypto import record_encryption
from services.runtime.log import kafka
from services.runtime.mongo import durable

_OVER = ("done", "cancelled")
_GOING_ON: tuple[MailingState, ...] = ("running", "paused")


@dataclass
class MailingsFound:
    changed: int = 0
    gone: list[str] = field(default_factory=list)  # ids
    unlike: list[str] = field(default_factory=list)


async def mailings_brought_back(work: Opened) -> MailingsFound:
    """Raises KafkaError, mongo.TRANSIENT_ERRORS."""
    newest: dict[str, MailingChanged] = {}

    def keep(_: str, value: bytes) -> None:
        event = record_encryption.decode(topics.MAILING_EVENTS, value)
        if isinstance(event, MailingChanged):
            known = newest.get(event.mailing_id)
            if known is None or event.revision > known.revision:
                newest[event.mailing_id] = event

    await kafka.read_through(work.settings, [topics.MAILING_EVENTS.name], keep)
    made = MailingsFound()
    mailings = Mailings(work.database, work.secrets)
    for event in newest.values():
        await _bring_back(work, mailings, event, made)
    for state in _GOING_ON:
        for mailing in await mailings.in_state(state):
            await _claim_lines(work, mailings, mailing)
    return made


async def _bring_back(work: Opened, mailings: Mailings, event: MailingChanged, made: MailingsFound) -> None:
    mailing = await mailings.find(event.mailing_id)
    if mailing is None:
        if event.state not in _OVER:
            made.gone.append(event.mailing_id)
        return
    if event.revision <= mailing.revision:
        return
    is_over = event.state in _OVER
    if not is_over and not mailing.is_segment and mailing.recipients != event.accepted:
        made.unlike.append(event.mailing_id)
        return
    change = {"state": event.state, "reason": event.reason, "start_at": event.start_at, "revision": event.revision}
    change |= {"finished_at": now_ms()} if event.state == "done" else {}
    change |= {"is_complete": True} if event.state != "draft" else {}
    name = str(OwnedId(mailing.partner_id, mailing.mailing_id))
    if event.state == "paused" or work.directory.stopped("mailing", name) is not None:
        change["was_held"] = True  # or the stop that its pause has brought would never be lifted
    await durable(work.database["mailings"]).update_one({"_id": event.mailing_id}, {"$set": change})
    if is_over:
        await mailings.lists.delete_recipients(event.mailing_id)
    made.changed += 1


async def _claim_lines(work: Opened, mailings: Mailings, mailing: Mailing) -> None:
    partner = work.directory.partners.get(mailing.partner_id)
    if partner is None or not partner.reject_duplicates or not isinstance(mailing.cursor, int):
        return
    claims, line = durable(work.database["claims"]), mailing.cursor
    restored = holder_of(mailing.mailing_id)
    while rows := await mailings.lists.rows_from(mailing, line):
        line = rows[-1].line + 1
        recipients = [recipient_of(row) for row in rows if row.ref is not None]
        ids = [message_id_of(recipient, mailing.mailing_id, partner.uuid) for recipient in recipients]
        owners = [owner_of(mailing.mailing_id, recipient) for recipient in recipients]
        await claims.write(
            [
                UpdateOne({"_id": message_id, "holder": restored}, {"$set": {"by": owner}})
                for message_id, owner in zip(ids, owners, strict=True)
            ]
        )
