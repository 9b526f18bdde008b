"""Reports to partners that `reports` had, after the backup: what the messages show, and the attempts since.

taken since                    ─▶ what waits in the backup is not sent
tried since, and not taken     ─▶ it waits again, to be tried at once
never tried                    ─▶ nothing here: the message says that it is owed, and status' sweeper finds it
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pymongo import UpdateOne

from deploy.repair.after.staged import Staged, pages
from deploy.repair.opened import Opened
from schemas.reports import FINAL
from services.runtime.clock import now_ms
from services.runtime.mongo import Document, Operation, durable
from services.status.fold import ReportAgain, ReportDue
from services.status.message import Link, Message, Messages
from services.status.reports import ReportStore
from services.status.reports.intents import Intents
from services.status.reports.model import ReportIntent


@dataclass
class Reports:
    taken: int = 0  # that waited in the backup, and were taken since
    waiting: int = 0  # that were tried since, and not taken


async def reports_brought_back(work: Opened, staged: Staged) -> Reports:
    """Raises mongo.TRANSIENT_ERRORS."""
    made, messages, store = Reports(), Messages(work.database), ReportStore(work.database)
    await store.prepare()
    stored, intents = durable(work.database["reports"]), Intents(work.directory)
    async for page in pages(stored):
        known = await messages.load({str(document["message_id"]) for document in page if "message_id" in document})
        ended = [update for document in page if (update := _ended(document, known)) is not None]
        made.taken += (await stored.write(ended)).modified
    async for page in pages(staged.reports):
        known = await messages.load({str(document["_id"]) for document in page})
        wanted = [
            intent
            for document in page
            if (message := known.get(document["_id"])) is not None
            for intent in _wanted(message, document["links"], intents)
        ]
        await store.want([intent for intent in wanted if not intent.resend], now_ms())
        await store.want_again([intent for intent in wanted if intent.resend], now_ms())
        made.waiting += len(wanted)
    return made


def _ended(document: Document, known: dict[str, Message]) -> Operation | None:
    """What waits, and need not any more."""
    message = known.get(document.get("message_id", ""))
    link = message.links.get(document["link"]) if message is not None else None
    if link is None or link.taken is None or link.resend or "due_at" not in document:
        return None
    if link.taken not in FINAL and link.taken.rank < document["rank"]:
        return None
    closed = {"$set": {"closed": True}} if link.taken in FINAL else {}
    return UpdateOne({"_id": document["_id"]}, closed | {"$unset": {"due_at": "", "body": "", "lease": ""}})


def _wanted(message: Message, tried: dict[str, Sequence[Any]], intents: Intents) -> list[ReportIntent]:
    found = []
    for number, (was_taken, next_at) in tried.items():
        link = message.links.get(int(number))
        if link is None or was_taken or next_at is None or link.wanted is None or link.reporting is None:
            continue
        due: ReportDue | ReportAgain = ReportDue(link.number, link.wanted, link.reporting)
        if link.resend:
            due = ReportAgain(link.number, link.wanted, link.reporting, link.resend)
        elif not _is_open(link):
            continue
        host = intents.host(message, due)
        if host is not None:
            found.append(intents.intent(message, due, host))
    return found


def _is_open(link: Link) -> bool:
    """Whether the last state that was tried is still to be taken."""
    taken = link.taken.rank if link.taken is not None else -1
    return link.reported not in FINAL and link.tried > taken
