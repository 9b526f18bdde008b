"""The projection of device events: collections `installations`, `cards` and `tokens`.

    installations   the document of `services/runtime/installations/reader.py`, with the registers of `fold.py`
    cards           one for each user or phone that was ever seen
    tokens          {_id: "<application>/<digest>", holder, seen_at}: which installation registered a token last
    installs        {_id: installation id, by, at}: who is installing a new id; kept for an hour
    revocations     when all proofs of an owner were last revoked (`revocations_store.py`)

`apply` may be called twice, late, in any order and by several processes at once; the documents come out the same:

    tokens, cards, revocations ─▶ read installations ─▶ fold ─▶ read the holders ─▶ write if the revision is unchanged
                                      ▲                                                │ changed by another, or the
                                      └──────────────────── again ◀────────────────────┘ holders moved

Whoever moves a holder looks for installations that lost by it afterwards; whoever writes an installation looks at its
holders afterwards. So one of two that race sees the other. Source: docs/design.md §6.
"""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from pymongo import DESCENDING, UpdateOne

from schemas.device_events import DeviceEvent, OwnerProofsRevoked, Personalized, TokenRegistered
from schemas.topics import DEVICE_RETENTION_MS
from services.registry.devices.fold.fold import fold, stamp_of
from services.registry.devices.fold.shared import (
    OwnerRecord,
    card_of,
    cards_of,
    cards_touched,
    fold_card,
    holder,
    is_same_person,
    newest_holders,
    phone_card,
    settled,
    token_key,
    without_revoked,
)
from services.registry.devices.fold.state import Device, Owner
from services.registry.devices.revocations_store import Revocations
from services.registry.devices.versioned_store import losers, read, write
from services.runtime.mongo import Database, Document, Duplicate, durable

Holders = dict[str, str]
_TOKENS_KEPT_S = DEVICE_RETENTION_MS // 1000 + 7 * 86_400
"""A register of a token is needed while an older registration may still be replayed."""
_INSTALLS_KEPT_S = 3600
_MOST_OF_A_DEVICE = 50


class DeviceStore:
    """The registry's documents. `changed` is set whenever an installation was written."""

    def __init__(self, database: Database) -> None:
        self.installations = durable(database["installations"])
        self.cards = durable(database["cards"])
        self._tokens = durable(database["tokens"])
        self._installs = durable(database["installs"])
        self.revocations = Revocations(database)
        self.changed = asyncio.Event()

    async def prepare(self) -> None:
        """Create the indexes."""
        for field in ("owner.external_user_id", "owner.phone", "token.digest"):
            await self.installations.create_index(
                [("application_id", 1), (field, 1), ("last_used_at", DESCENDING)],
                partialFilterExpression={field: {"$exists": True}},
            )
        for field in ("owner.external_user_id", "owner.phone"):
            await self.installations.create_index([(field, 1)], partialFilterExpression={field: {"$exists": True}})
        for field in ("claim.card", "live.token.owner"):
            await self.installations.create_index(
                [("application_id", 1), (field, 1)], partialFilterExpression={field: {"$exists": True}}
            )
        await self.installations.create_index([("application_id", 1), ("_id", 1)])  # segments go through it
        await self.installations.create_index("unpublished", partialFilterExpression={"unpublished": True})
        await self._tokens.create_index("seen_at", expireAfterSeconds=_TOKENS_KEPT_S)
        await self._installs.create_index("at", expireAfterSeconds=_INSTALLS_KEPT_S)
        await self.revocations.prepare()

    async def may_install(self, installation_id: str, by: str) -> bool:
        """True for the first who asks for a new id, and for the same one again: two at once must not both have it."""
        try:
            await self._installs.insert_one({"_id": installation_id, "by": by, "at": datetime.now(UTC)})
        except Duplicate:
            first = await self._installs.find_one({"_id": installation_id})
            return first is not None and first["by"] == by
        return True

    async def load(self, ids: Iterable[str]) -> dict[str, Device]:
        """Those that exist, by id."""
        return {key: device for key, (_, device) in (await read(self.installations, ids, _device)).items()}

    async def with_unproven_tokens(self, ids: Iterable[str]) -> list[Device]:
        """Those of them whose token is not known to work."""
        query: Document = {"_id": {"$in": list(ids)}, "token.worked": False}
        return [_device(document) async for document in self.installations.find(query).batch_size(1000)]

    async def load_cards(self, ids: Iterable[str]) -> dict[str, OwnerRecord]:
        """Those that exist, by id."""
        return {key: card for key, (_, card) in (await read(self.cards, ids, _card)).items()}

    async def token_holders(self, keys: Iterable[str]) -> Holders:
        """Who registered these tokens last, by `token_key`."""
        documents = await self._tokens.find({"_id": {"$in": list(keys)}}).to_list(None)
        return {document["_id"]: document["holder"] for document in documents}

    async def holding(self, application_id: str, digests: Sequence[str]) -> Holders:
        """Which installations have these tokens now, by `token_key`."""
        query = {"application_id": application_id, "token.digest": {"$in": list(digests)}}
        documents = await self.installations.find(query, {"token.digest": 1}).to_list(None)
        return {token_key(application_id, document["token"]["digest"]): document["_id"] for document in documents}

    async def owned(self, field: str, value: str, applications: Sequence[str], most: int) -> list[Device]:
        """The installations whose owner has that `external_user_id` or `phone`, the last used first.

        Where there are more, those whose owner was proved stay: others can be made without end.
        """
        query: Document = {f"owner.{field}": value, "application_id": {"$in": list(applications)}}
        found: list[Device] = []
        for proof in ({"$ne": None}, None):
            documents = self.installations.find({**query, "proof": proof}).sort("last_used_at", DESCENDING)
            found += [_device(document) async for document in documents.limit(most)]
        return sorted(found[:most], key=lambda one: (-one.last_used_at, one.installation_id))

    async def of_same_device(self, device: Device, owner: Owner) -> list[Device]:
        """Other installations of this device, by what it says of itself, that this owner is logged in on."""
        query: Document = {
            "application_id": device.application_id,
            "device_id": device.device_id,
            "platform": device.platform,
            "_id": {"$ne": device.installation_id},
        }
        found: dict[str, Device] = {}
        for field, value in owner.model_dump().items():
            if value is not None:
                documents = self.installations.find({**query, f"owner.{field}": value}).limit(_MOST_OF_A_DEVICE)
                found |= {document["_id"]: _device(document) async for document in documents}
        return [one for one in found.values() if one.owner is not None and is_same_person(one.owner, owner)]

    async def proved(self, field: str, value: str, applications: Sequence[str]) -> list[Device]:
        """The installations whose owner has that `external_user_id` or `phone`, and was proved."""
        query: Document = {
            f"owner.{field}": value,
            "application_id": {"$in": list(applications)},
            "proof": {"$ne": None},
        }
        return [_device(document) async for document in self.installations.find(query)]

    async def concerning(
        self, application_id: str, users: list[str], phones: list[str], cards: list[str], owners: list[str]
    ) -> list[Device]:
        """Installations that belong to any of these, claim the mark of their cards, or show their activities."""
        wanted = {
            "owner.external_user_id": users,
            "owner.phone": phones,
            "claim.card": cards,
            "live.token.owner": owners,
        }
        found: dict[str, Device] = {}
        for field, values in wanted.items():
            query: Document = {"application_id": application_id, field: {"$in": values}}
            async for document in self.installations.find(query):
                found[document["_id"]] = _device(document)
        return list(found.values())

    async def drop_cards(self, application_id: str, cards: list[str], phones: list[str]) -> int:
        """Delete these cards, and take the phones out of all others; tells how many were changed. Looks at each."""
        await self.revocations.forget(cards)
        changed = await self.cards.delete_many({"_id": {"$in": cards}})
        for phone in phones:
            query: Document = {"application_id": application_id, f"phones.{phone}": {"$exists": True}}
            update = {"$unset": {f"phones.{phone}": "", f"proved_phones.{phone}": ""}, "$inc": {"revision": 1}}
            changed += await self.cards.update_many(query, update)
        return changed

    async def apply(self, events: Sequence[DeviceEvent]) -> dict[str, Device]:
        """The installations after `events`, durable when this returns. Raises mongo.TRANSIENT_ERRORS."""
        by_installation: dict[str, list[DeviceEvent]] = {}
        for event in events:
            by_installation.setdefault(event.installation_id, []).append(event)
        await self._hold_tokens(events)
        await self._fold_cards(events)
        return await self._all_settled(set(by_installation) | await self._displaced(events), by_installation)

    async def revoke(self, events: Sequence[OwnerProofsRevoked]) -> dict[str, Device]:
        """What these end, as it is afterwards: the installations that were proved, and are not any more."""
        await self.revocations.hold(events)
        proved, cards = set[str](), set[str]()
        for event in events:
            cards |= set(cards_of(event.application_id, event.external_user_id, event.phone))
            named = (("external_user_id", event.external_user_id), ("phone", event.phone))
            for field, value in named:
                found = await self.proved(field, value, [event.application_id]) if value is not None else []
                proved |= {one.installation_id for one in found}
                cards |= {card for one in found for card in cards_of(one.application_id, one.external_user_id, None)}
        while cards:  # what these logins have linked, they link no more
            known = await read(self.cards, cards, _card)
            names = {phone_card(one.application_id, phone) for _, one in known.values() for phone in one.proved_phones}
            revoked = await self.revocations.of(names | cards)
            after = {key: without_revoked(card, revoked) for key, (_, card) in known.items()}
            cards = await write(self.cards, known, after, _card_document)
        settled_now = await self._all_settled(proved, {})
        return {key: device for key, device in settled_now.items() if device.proof is None}

    async def _all_settled(self, ids: set[str], events: dict[str, list[DeviceEvent]]) -> dict[str, Device]:
        done: dict[str, Device] = {}
        while ids:
            settled_now, ids = await self._settle(ids, events)
            done |= settled_now
        return done

    async def unpublished(self, most: int) -> list[tuple[int, Device]]:
        """Revision and state of installations that were written since they were published."""
        documents = await self.installations.find({"unpublished": True}).limit(most).to_list(None)
        return [(document["revision"], _device(document)) for document in documents]

    async def published(self, revisions: Sequence[tuple[str, int]]) -> None:
        """Take the mark from installations that are still as they were published; mark the others again."""
        changes = []
        for key, revision in revisions:
            changes.append(UpdateOne({"_id": key, "revision": revision}, {"$unset": {"unpublished": ""}}))
            changes.append(UpdateOne({"_id": key, "revision": {"$ne": revision}}, {"$set": {"unpublished": True}}))
        await self.installations.write(changes)

    async def _hold_tokens(self, events: Sequence[DeviceEvent]) -> None:
        holders = newest_holders(_registrations(events))
        known = await self.token_holders(holders) if holders else {}
        changes = [
            UpdateOne({"_id": key}, {"$max": {"holder": one, "seen_at": datetime.now(UTC)}}, upsert=True)
            for key, one in holders.items()
            if one > known.get(key, "")
        ]
        while changes:  # two upserts of one id may meet; the one that lost is done again
            changes = [changes[index] for index in await losers(self._tokens, changes)]

    async def _fold_cards(self, events: Sequence[DeviceEvent]) -> None:
        touching: dict[str, list[DeviceEvent]] = {}
        for event in events:
            for card_id in cards_touched(event):
                touching.setdefault(card_id, []).append(event)
        pending = set(touching)
        is_proving = any(isinstance(event, Personalized) and event.proof is not None for event in events)
        while pending:
            found = await read(self.cards, pending, _card)
            revoked = await self.revocations.of(touching) if is_proving else {}
            after: dict[str, OwnerRecord] = {}
            for key in pending:
                for event in touching[key]:
                    before = after.get(key) or (found[key][1] if key in found else None)
                    after[key] = fold_card(before, key, event)
                after[key] = without_revoked(after[key], revoked) if revoked else after[key]
            pending = await write(self.cards, found, after, _card_document)

    async def _displaced(self, events: Sequence[DeviceEvent]) -> set[str]:
        """Installations that may have lost a token or the primary mark to these events."""
        queries: list[Document] = []
        tokens: dict[str, list[str]] = {}
        for event in events:
            if isinstance(event, TokenRegistered):
                tokens.setdefault(event.application_id, []).extend([event.digest, *event.former_digests])
        queries += [{"application_id": app, "token.digest": {"$in": digests}} for app, digests in tokens.items()]
        claimed = {card for event in events for card in cards_touched(event)}
        owners: dict[tuple[str, str], list[str | None]] = {}
        for card in (await self.load_cards(claimed)).values() if claimed else ():
            field, name = ("phone", card.phone) if card.phone else ("external_user_id", card.external_user_id)
            owners.setdefault((card.application_id, f"owner.{field}"), []).append(name)
        queries += [
            {"application_id": app, field: {"$in": names}, "primary": True} for (app, field), names in owners.items()
        ]
        found: set[str] = set()
        for query in queries:
            found |= {document["_id"] async for document in self.installations.find(query, {"_id": 1})}
        return found

    async def _settle(self, ids: set[str], events: dict[str, list[DeviceEvent]]) -> tuple[dict[str, Device], set[str]]:
        """Fold and write; what is done, and what must be done again."""
        found = await read(self.installations, ids, _device)
        folded = {key: _folded(found[key][1] if key in found else None, events.get(key, ())) for key in ids}
        devices = {key: device for key, device in folded.items() if device is not None}
        asked = {key for key in ids if _may_be_revoked(events.get(key))}
        holders = await self._holders(devices.values(), asked)
        after = {key: _shared(device, holders) for key, device in devices.items()}
        written = {key for key, device in after.items() if key not in found or found[key][1] != device}
        lost = await write(self.installations, found, {key: after[key] for key in written}, _document)
        if written - lost:
            self.changed.set()
            wrote = [after[key] for key in written - lost]
            now = await self._holders(wrote, asked)
            lost |= {one.installation_id for one in wrote if _shared(one, now) != one}
        return {key: device for key, device in after.items() if key not in lost}, lost

    async def _holders(self, devices: Iterable[Device], asked: set[str]) -> Holders:
        """The registers that these installations depend on, tokens, cards and revocations together.

        `asked`: of which of them revocations are looked up.
        """
        tokens, cards, proved = set(), set(), set[str]()
        for device in devices:
            if device.proof is not None and device.installation_id in asked:
                proved |= set(cards_of(device.application_id, device.external_user_id, device.phone))
            if device.token is not None:
                tokens.add(token_key(device.application_id, device.token.digest))
            card = card_of(device.application_id, device.owner)
            if card is not None and (device.claim is not None or device.primary):
                cards.add(card)
        holders = await self.token_holders(tokens) if tokens else {}
        if cards:
            documents = await self.cards.find({"_id": {"$in": list(cards)}}, {"primary": 1}).to_list(None)
            holders |= {document["_id"]: document.get("primary", "") for document in documents}
        if proved:
            holders |= {_revocation(card): stamp for card, stamp in (await self.revocations.of(proved)).items()}
        return holders


def _registrations(events: Sequence[DeviceEvent]) -> list[tuple[str, str]]:
    return [
        (token_key(event.application_id, digest), holder(stamp_of(event), event.installation_id))
        for event in events
        if isinstance(event, TokenRegistered) and not event.waits
        for digest in (event.digest, *event.former_digests)
    ]


def _may_be_revoked(events: Sequence[DeviceEvent] | None) -> bool:
    """A login with proof may come later than its revocation; nothing else makes an installation proved.

    None: the installation was looked up because something that it shares has changed.
    """
    return events is None or any(isinstance(one, Personalized) and one.proof is not None for one in events)


def _revocation(card: str) -> str:
    return f"revoked/{card}"


def _folded(device: Device | None, events: Sequence[DeviceEvent]) -> Device | None:
    for event in events:
        device = fold(device, event)
    return device


def _shared(device: Device, holders: Holders) -> Device:
    token = device.token
    token_holder = holders.get(token_key(device.application_id, token.digest)) if token is not None else None
    owners = cards_of(device.application_id, device.external_user_id, device.phone)
    revoked = max((holders.get(_revocation(card), "") for card in owners), default="")
    return settled(device, token_holder, holders.get(card_of(device.application_id, device.owner) or ""), revoked)


def _device(document: Document) -> Device:
    return Device.model_validate({**document, "installation_id": document["_id"]})


def _document(device: Device) -> Document:
    document = device.model_dump(mode="json", exclude={"installation_id"})
    return {"_id": device.installation_id, **document, "unpublished": True}


def _card(document: Document) -> OwnerRecord:
    return OwnerRecord.model_validate({**document, "card_id": document["_id"]})


def _card_document(card: OwnerRecord) -> Document:
    return {"_id": card.card_id, **card.model_dump(mode="json", exclude={"card_id"})}
