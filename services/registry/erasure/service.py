"""Erasing people, step by step; each step may be repeated, and any process goes on with what it finds half done.

    erase ─▶ written down, with whom it is about, under the master key
        ─▶ the keys are destroyed in the database      from here on no process that starts can open what the log holds
        ─▶ RecipientForgotten in application-events    every process drops its copy; the services clean
        (`services/runtime/erasure.py`)

Source: docs/design.md §6.
"""

import asyncio
from dataclasses import dataclass

from schemas import ids
from schemas.application_events import RecipientForgotten
from schemas.personal import OWNERS, Subject
from schemas.topics import APPLICATION_EVENTS
from services.registry.erasure.linked import LinkedPersons, Persons
from services.runtime import telemetry
from services.runtime.clock import now_ms
from services.runtime.crypto.recipient_keys import RecipientKeys
from services.runtime.directory import Directory
from services.runtime.log.kafka import Append, Log
from services.runtime.loops import keep_on
from services.runtime.mongo.erasures import KEYS, Erasure, Erasures
from services.runtime.mongo.recipient_keys import RecipientKeysStore
from services.runtime.pacing.erasures_in_turn import ErasuresInTurn

log = telemetry.logger("erasure")
MOST_LINKED = 20
_LOOK_S = 5.0
_CALLER_MS = 10_000
"""The process that was asked works on it this long; then any other one does."""


@dataclass(frozen=True)
class ErasureService:
    """One for each process."""

    erasures: Erasures
    store: RecipientKeysStore
    keys: RecipientKeys
    linked: LinkedPersons
    directory: Directory
    sink: Log

    async def erase(self, persons: Persons, scopes: list[str], applications: list[str], by: str) -> Erasure:
        """Forget them within these scopes; none means everywhere. Raises mongo.TRANSIENT_ERRORS, LogUnavailable."""
        subjects = [
            subject
            for scope in scopes or [""]
            for subject in (
                *(Subject(scope, "user", user) for user in sorted(persons.users)),
                *(Subject(scope, "phone", phone) for phone in sorted(persons.phones)),
            )
        ]
        keys = [key for application in applications for key in persons.owner_keys(application)]
        subjects += [Subject(OWNERS, "owner", key) for key in keys]
        erasure = Erasure(ids.uuid7(), now_ms(), by, tuple(subjects))
        await self.erasures.ask(erasure)
        await self.carry_out(erasure)
        return await self.erasures.find(erasure.erasure_id) or erasure

    async def carry_out(self, erasure: Erasure) -> None:
        """Destroy the keys, then publish that."""
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
        """Seal the keys anew after the master key has changed; go on with what others began and did not finish."""
        is_sealed, in_turn = False, ErasuresInTurn(KEYS, self.erasures)

        async def work(erasure: Erasure) -> None:
            is_published = erasure.erasure_id in self.directory.forgotten
            if not is_published and erasure.at < now_ms() - _CALLER_MS:
                await self.carry_out(erasure)

        async def turn() -> None:
            nonlocal is_sealed
            if not is_sealed:
                nodes = await self.store.reseal()
                is_sealed = True
                log.info("recipients' keys are sealed under the current master key", changed=nodes)
            await in_turn.each(work)

        await keep_on("erasures", turn, stop, _LOOK_S)

    async def _paths(self, subjects: tuple[Subject, ...]) -> list[str]:
        """What to destroy: every generation up to the first that is whole, for in none above it was anything sealed."""
        paths = []
        for subject in subjects:
            everywhere = not subject.scope or subject.kind == "owner"
            path = self.keys.recipient(subject.kind, subject.value) if everywhere else self.keys.path(subject)
            newest = await self.store.generation(self.keys, path)
            paths += [f"{generation}/{path}" for generation in range(newest + 1)]
        return paths
