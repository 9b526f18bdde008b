"""Who was erased since a backup is erased again, before anything else is done with it.

    application-events: RecipientForgotten, with the paths of the keys, and not who it was
        ─▶ whoever stands in the clear in the backup, and has his key on such a path ─▶ the services' own cleaning
        ─▶ the keys on these paths are destroyed

Done before the log is folded: who has come back since is another person, of whom nothing may be taken.
"""

from collections.abc import AsyncIterator
from functools import partial

from deploy.repair.opened import Opened
from schemas.application_events import RecipientForgotten
from schemas.mailing_events import MailingState
from schemas.personal import Kind, Subject
from services.ingest.mailing.erasure import MailingErasure
from services.ingest.mailing.store import Mailings
from services.registry.devices import DeviceStore
from services.registry.erasure.linked import Persons
from services.runtime.crypto.recipient_keys import RecipientKeys
from services.runtime.mongo import durable
from services.runtime.mongo.erasures import CLEANERS, Counts, Erasure, Erasures
from services.runtime.mongo.recipient_keys import RecipientKeysStore
from services.runtime.short_links import ShortLinks
from services.status.erasure.service import MessageErasure
from services.status.history import Inbox
from services.status.message import Messages
from services.status.reports import ReportStore
from services.status.short_links import ShortLinkStore

_PERSON: tuple[tuple[Kind, str], ...] = (("phone", "phone"), ("user", "external_user_id"))
_WAITING: tuple[MailingState, ...] = ("draft", "running", "paused")


async def erased_again(work: Opened) -> int:
    """How many erasures were repeated. Raises mongo.TRANSIENT_ERRORS."""
    erasures = Erasures(work.database, work.secrets)
    asked = []
    for event in sorted(work.directory.forgotten.values(), key=lambda event: event.at):
        known = await erasures.find(event.erasure_id)
        if known is None or not known.is_done:
            asked.append(event)
    if not asked:
        return 0
    store = RecipientKeysStore(work.database, work.secrets)
    keys = await store.load()
    found = await _persons(work, keys, asked)
    for event in asked:
        subjects = found.get(event.erasure_id, set())
        erasure = Erasure(event.erasure_id, event.at, event.by, tuple(sorted(subjects)), event.destroyed)
        for path in event.destroyed:
            generation, _, digits = path.partition("/")
            await store.destroy(keys, int(generation), digits)
        await _note(work, erasure, await _cleaned(work, erasure))
    return len(asked)


async def _persons(work: Opened, keys: RecipientKeys, asked: list[RecipientForgotten]) -> dict[str, set[Subject]]:
    """Who of those in the clear is meant by each erasure."""
    by_path: dict[str, set[str]] = {}
    for event in asked:
        for path in event.destroyed:
            by_path.setdefault(path.partition("/")[2], set()).add(event.erasure_id)
    found: dict[str, set[Subject]] = {}
    async for subject in _in_the_clear(work):
        everywhere = subject._replace(scope="")
        for path, meant in ((keys.recipient(subject.kind, subject.value), everywhere), (keys.path(subject), subject)):
            for erasure_id in by_path.get(path, ()):
                found.setdefault(erasure_id, set()).add(meant)
    return found


async def _in_the_clear(work: Opened) -> AsyncIterator[Subject]:
    fields = {"partner_id": 1, "application_id": 1, "phone": 1, "external_user_id": 1, "owner": 1}
    for name, scope in (("messages", "partner"), ("cards", "application"), ("installations", "application")):
        async for document in durable(work.database[name]).find({}, fields).batch_size(5_000):
            named = {**document, **(document.get("owner") or {})} if name == "installations" else document
            for kind, field in _PERSON:
                if named.get(field):
                    yield Subject(f"{scope}/{named[scope + '_id']}", kind, named[field])
    mailings = Mailings(work.database, work.secrets)
    for state in _WAITING:
        for mailing in await mailings.in_state(state):
            scope, line = f"partner/{mailing.partner_id}", 1
            while rows := await mailings.lists.rows_from(mailing, line):
                line = rows[-1].line + 1
                for row in rows:
                    if row.phone:
                        yield Subject(scope, "phone", row.phone)
                    if row.user:
                        yield Subject(scope, "user", row.user)


async def _cleaned(work: Opened, erasure: Erasure) -> dict[str, Counts]:
    if not erasure.subjects:
        return {}
    database = work.database
    links = ShortLinks(work.settings.public_url, partial(work.secrets.digests, purpose="short-link"))
    messages = MessageErasure(
        Messages(database), Inbox(database), ReportStore(database), ShortLinkStore(database, links)
    )
    devices, records = DeviceStore(database), 0
    for application_id in sorted(work.directory.applications):
        here = [subject for subject in erasure.subjects if subject.scope in ("", f"application/{application_id}")]
        persons = Persons(
            frozenset(subject.value for subject in here if subject.kind == "user"),
            frozenset(subject.value for subject in here if subject.kind == "phone"),
        )
        if persons.count:  # who was logged in where, the log says behind the backup
            records += await devices.owners.erase(
                application_id, persons.record_ids(application_id), sorted(persons.phones)
            )
    return {
        "registry": {"cards": records},
        "status": await messages.erase(erasure),
        "ingest": await MailingErasure(Mailings(database, work.secrets)).clean(erasure),
    }


async def _note(work: Opened, erasure: Erasure, cleaned: dict[str, Counts]) -> None:
    """As it had been noted, without who it was."""
    document = {
        "_id": erasure.erasure_id,
        "at": erasure.at,
        "by": erasure.by,
        "destroyed": list(erasure.destroyed),
        "state": "forgotten",
        "cleaned": {name: dict(cleaned.get(name, {})) for name in CLEANERS},
        "dropped": {},
    }
    await durable(work.database["erasures"]).replace_one({"_id": erasure.erasure_id}, document, upsert=True)
