"""Forgetting somebody, step by step; each may be done again, and whoever finds it half done goes on.

    ask ─▶ written down, with whom it is about, under the master key
        ─▶ the keys are destroyed in the database      from here on no process that starts can open what the log holds
        ─▶ RecipientForgotten in application-events    every process drops its copy; the services clean
        (`services/runtime/erasure.py`)

Source: docs/design.md §6.
"""

import asyncio
from dataclasses import dataclass
from typing import NamedTuple

from schemas import ids
from schemas.application_events import RecipientForgotten
from schemas.personal import OWNERS, Subject
from schemas.topics import APPLICATION_EVENTS
from services.registry.devices.fold.shared import OwnerRecord, phone_card, user_card
from services.registry.devices.fold.state import Device
from services.registry.devices.store import DeviceStore
from services.runtime import telemetry
from services.runtime.access.identity import is_trusted
from services.runtime.clock import now_ms
from services.runtime.crypto.recipient_keys import RecipientKeys
from services.runtime.directory import Directory
from services.runtime.log.kafka import Append, Log
from services.runtime.loops import keep_on
from services.runtime.mongo.erasures import Erasure, Erasures
from services.runtime.mongo.recipient_keys import RecipientKeysStore

log = telemetry.logger("forgetting")
MOST_LINKED = 20
_LOOK_S = 5.0
_HELD_MS = 10_000
"""Whoever asked is at it himself for so long."""


@dataclass(frozen=True, slots=True)
class Persons:
    """Users and phones, by value."""

    users: frozenset[str]
    phones: frozenset[str]

    @property
    def count(self) -> int:
        return len(self.users) + len(self.phones)

    def without(self, others: "Persons") -> "Persons":
        return Persons(self.users - others.users, self.phones - others.phones)


class Linked(NamedTuple):
    """Whom an erasure reaches, those who were named among them; and who is linked by unproved logins alone."""

    reached: Persons
    left_out: Persons


@dataclass(frozen=True)
class Forgetting:
    """One for each process."""

    erasures: Erasures
    store: RecipientKeysStore
    keys: RecipientKeys
    devices: DeviceStore
    directory: Directory
    sink: Log

    async def linked(self, persons: Persons, applications: list[str]) -> Linked:
        """Who is logged in together with them, or was, as far as the cards of the applications know. One step.

        Only a proved login links: whoever has the app can log in as himself with somebody else's phone.
        """
        cards = [user_card(one, user) for one in applications for user in persons.users]
        cards += [phone_card(one, phone) for one in applications for phone in persons.phones]
        known = (await self.devices.load_cards(cards)).values()
        by_user = [card for card in known if card.external_user_id is not None]
        phones = {phone for card in by_user for phone in self._counting(card, card.phones, card.proved_phones)}
        said_phones = {phone for card in by_user for phone in card.phones}
        seen = {key for card in known if card.phone is not None for key in _installations(card)}
        owners = [one for one in (await self.devices.load(seen)).values() if one.phone in persons.phones]
        users = {one.external_user_id for one in owners if one.external_user_id and self._is_trusted(one)}
        said_users = {one.external_user_id for one in owners if one.external_user_id}
        reached = Persons(persons.users | users, persons.phones | phones)
        return Linked(reached, Persons(frozenset(said_users), frozenset(said_phones)).without(reached))

    def _counting(self, card: OwnerRecord, said: dict[str, str], proved: dict[str, str]) -> dict[str, str]:
        application = self.directory.applications.get(card.application_id)
        return said if application is not None and application.identity == "off" else proved

    def _is_trusted(self, device: Device) -> bool:
        return is_trusted(device, self.directory.applications.get(device.application_id))

    async def ask(self, persons: Persons, scopes: list[str], applications: list[str], by: str) -> Erasure:
        """Forget them within these scopes; none means everywhere. Raises mongo.TRANSIENT_ERRORS, LogUnavailable."""
        named = [("user", one) for one in sorted(persons.users)] + [("phone", one) for one in sorted(persons.phones)]
        subjects = [Subject(scope, kind, value) for scope in scopes or [""] for kind, value in named]  # type: ignore[arg-type]
        owners = [ids.owner_key_of(app, user, None) for app in applications for user in sorted(persons.users)]
        owners += [ids.owner_key_of(app, None, phone) for app in applications for phone in sorted(persons.phones)]
        subjects += [Subject(OWNERS, "owner", one) for one in owners]
        erasure = Erasure(ids.uuid7(), now_ms(), by, tuple(subjects))
        await self.erasures.ask(erasure)
        await self.carry_out(erasure)
        return await self.erasures.find(erasure.erasure_id) or erasure

    async def carry_out(self, erasure: Erasure) -> None:
        """Destroy the keys, then say so."""
        if not erasure.destroyed:
            await self.erasures.destroying(erasure.erasure_id, await self._paths(erasure.subjects))
            erasure = await self.erasures.find(erasure.erasure_id) or erasure
        for path in erasure.destroyed:
            generation, _, digits = path.partition("/")
            await self.store.destroy(self.keys, int(generation), digits)
        event = RecipientForgotten(
            event_id=ids.event_id_of(erasure.erasure_id, "forgotten"),
            at=now_ms(),
            erasure_id=erasure.erasure_id,
            destroyed=erasure.destroyed,
            by=erasure.by,
        )
        await self.erasures.forgotten(erasure.erasure_id)
        await self.sink.append([Append(APPLICATION_EVENTS, event.entity_key, event)])

    async def run(self, stop: asyncio.Event) -> None:
        """Seal the keys anew after the master key has changed; go on with what others have begun and did not finish."""
        is_sealed = False

        async def turn() -> None:
            nonlocal is_sealed
            if not is_sealed:
                nodes = await self.store.reseal()
                is_sealed = True
                log.info("recipients' keys are sealed under the current master key", changed=nodes)
            for erasure in await self.erasures.unfinished():
                is_said = erasure.erasure_id in self.directory.forgotten
                if not is_said and erasure.at < now_ms() - _HELD_MS:
                    await self.carry_out(erasure)

        await keep_on("forgetting", turn, stop, _LOOK_S)

    async def _paths(self, subjects: tuple[Subject, ...]) -> list[str]:
        """What to destroy: every generation up to the first that is whole, for in none above it was anything sealed."""
        paths = []
        for subject in subjects:
            everywhere = not subject.scope or subject.kind == "owner"
            path = self.keys.recipient(subject.kind, subject.value) if everywhere else self.keys.path(subject)
            newest = await self.store.generation(self.keys, path)
            paths += [f"{generation}/{path}" for generation in range(newest + 1)]
        return paths


def _installations(card: OwnerRecord) -> set[str]:
    return card.installations.keys() | card.proved_installations.keys()
