"""Mailings as they were last: what `mailing-events` says of them is taken over where the backup has their lists.

over (done, cancelled)                       ─▶ over, and the list is deleted
another state, and the list is the same      ─▶ that state; a running one goes on where the backup's cursor stands:
                                                the messages have the same ids, so what was sent is not sent again
the list is not the one that is meant        ─▶ stays as in the backup, and is named
not in the backup                            ─▶ its list is gone, and is named: the partner has to bring it again
"""

from dataclasses import dataclass, field

from deploy.repair.opened import Opened
from schemas import topics
from schemas.mailing_events import MailingChanged
from services.ingest.mailing.store import Mailings
from services.runtime.clock import now_ms
from services.runtime.crypto import record_encryption
from services.runtime.log import kafka
from services.runtime.mongo import durable

_OVER = ("done", "cancelled")


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
    for event in newest.values():
        await _bring_back(work, event, made)
    return made


async def _bring_back(work: Opened, event: MailingChanged, made: MailingsFound) -> None:
    mailings = Mailings(work.database, work.secrets)
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
    await durable(work.database["mailings"]).update_one({"_id": event.mailing_id}, {"$set": change})
    if is_over:
        await mailings.lists.delete_recipients(event.mailing_id)
    made.changed += 1
