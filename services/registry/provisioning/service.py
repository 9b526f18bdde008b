"""Changes of partners, senders, applications and credentials: one at a time, and none is lost silently.

    take the lock ─▶ the directory has the last change ─▶ If-Match holds? ─▶ decide ─▶ append ─▶ the directory has it

A change names the version that it was made from (`If-Match`, the `version` of what was read); when somebody else was
faster it is refused with 409. What an answer says, every later request sees.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from schemas import ids
from schemas.application_events import (
    OWNED,
    AccountChanged,
    ApplicationChanged,
    CredentialsChanged,
    EntityKey,
    OperatorTokenChanged,
    PartnerChanged,
    SenderChanged,
    StopChanged,
)
from schemas.events import Event
from schemas.providers import Provider
from schemas.topics import APPLICATION_EVENTS, MESSAGE_RETENTION_MS
from schemas.values import StopScope
from services.registry.http import version_of
from services.registry.provisioning.store import ProvisioningLock
from services.runtime import faults
from services.runtime.access.audit import note_change, state_of
from services.runtime.clock import now_ms
from services.runtime.directory import Directory
from services.runtime.http.server import Problem
from services.runtime.log.kafka import Append, Log

Entity = (
    PartnerChanged
    | SenderChanged
    | ApplicationChanged
    | CredentialsChanged
    | StopChanged
    | OperatorTokenChanged
    | AccountChanged
)
Changed = TypeVar("Changed", bound=Entity)
State = TypeVar("State", bound=Event)
Decide = Callable[[Entity | None, "Stamp"], Changed]
_WAIT_S = 5.0
_MOST_ENDED = 1_000
"""Stops ended under one lock, while nobody else changes anything."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """Id, time and author of a new state of an entity."""

    event_id: str
    at: int
    by: str

    def fields(self) -> dict[str, str | int]:
        return {"event_id": self.event_id, "at": self.at, "by": self.by}

    def on(self, entity: State, **changes: Any) -> State:
        """The next state of the entity, with these changes. Raises TypeError for a field that it does not have."""
        return entity.replace(event_id=self.event_id, at=self.at, by=self.by, **changes)


def _may_have_ended(key: str, at: int) -> bool:
    """Whether the directory may have forgotten the change."""
    return key.startswith("stop/") and at < now_ms() - MESSAGE_RETENTION_MS


def _leaves(current: Entity, changed: Entity) -> bool:
    """Whether nothing is other than before. A stop that is put again counts from then on."""
    return not isinstance(changed, StopChanged) and state_of(current) == state_of(changed)


def partner_of(current: Entity | None) -> PartnerChanged:
    """The entity itself. Raises Problem 404 where there is none."""
    if not isinstance(current, PartnerChanged):
        raise Problem(404, "Unknown partner")
    return current


def application_of(current: Entity | None) -> ApplicationChanged:
    """The entity itself. Raises Problem 404 where there is none."""
    if not isinstance(current, ApplicationChanged):
        raise Problem(404, "Unknown application")
    return current


@dataclass(frozen=True)
class Provisioning:
    """Changes entities, one change at a time in the whole deployment."""

    directory: Directory
    sink: Log
    lock: ProvisioningLock

    async def change_partner(
        self,
        partner_id: str,
        change: Callable[[PartnerChanged, Stamp], PartnerChanged],
        *,
        by: str,
        if_match: str | None,
    ) -> PartnerChanged:
        """Change a partner that exists. Raises Problem 404, and what `change` raises here."""
        return await self.change(
            f"partner/{partner_id}",
            lambda current, stamp: change(partner_of(current), stamp),
            by=by,
            if_match=if_match,
        )

    async def change_application(
        self,
        application_id: str,
        change: Callable[[ApplicationChanged, Stamp], ApplicationChanged],
        *,
        by: str,
        if_match: str | None,
    ) -> ApplicationChanged:
        """Change an application that exists. Raises Problem 404, and what `change` raises here."""
        return await self.change(
            f"application/{application_id}",
            lambda current, stamp: change(application_of(current), stamp),
            by=by,
            if_match=if_match,
        )

    async def change(self, key: str, decide: "Decide[Changed]", *, by: str, if_match: str | None = None) -> Changed:
        """Append what `decide(current, stamp)` makes of the entity with that key; it may raise Problem.

        `by` is who asks for it, as events say it; `if_match` the header, which names the version that was read.

        What leaves everything as it was makes no version: the answer is the entity as it is.

        Raises Problem 409 when that is not the current one, 503 when others keep changing or the log is away.
        """
        version = version_of(if_match)
        lease = await self.lock.acquire(_WAIT_S)
        if lease is None:
            raise Problem(503, "Others are changing", "try again")
        try:
            if lease.entity is not None and not _may_have_ended(lease.entity, lease.at):
                await self._known(lease.entity, lease.at)
            if key in self.directory.outdated:
                raise Problem(503, "Of a newer release", "this one does not understand it, and must not change it")
            current = self.entity(key)
            if version not in (None, "*") and (current is None or current.event_id != version):
                raise Problem(409, "Changed meanwhile", "read it again, and change what you then see")
            changed = decide(current, Stamp(ids.uuid7(), max(now_ms(), (current.at if current else 0) + 1), by))
            if current is not None and _leaves(current, changed):
                note_change(key, state_of(current), state_of(current))
                await self.lock.release(lease)
                return cast(Changed, current)
            await self.sink.append([Append(APPLICATION_EVENTS, changed.entity_key, changed)])
            note_change(changed.entity_key, state_of(current), state_of(changed))
        except faults.TRANSIENT_ERRORS:
            raise  # it may have been written: the lease runs out when that is sure to be seen
        except BaseException:
            await self.lock.release(lease)
            raise
        await self.lock.release(lease, changed.entity_key, changed.at)
        await self._known(changed.entity_key, changed.at)
        return changed

    async def end_stops(self, over: Callable[[Sequence[StopChanged]], Awaitable[Sequence[StopChanged]]]) -> int:
        """End those stops of packets and mailings that are older than the topics and `over`; returns how many.

        While others change, none. Raises TRANSIENT_ERRORS, and Problem 503 when the directory is far behind.
        """
        found = await over(self._old_stops())
        if not found:
            return 0
        lease = await self.lock.acquire(0)
        if lease is None:
            return 0
        try:
            if lease.entity is not None and not _may_have_ended(lease.entity, lease.at):
                await self._known(lease.entity, lease.at)
            stops = self.directory.stops
            ended = [stop for stop in found if stops.get((stop.scope, stop.id)) == stop][:_MOST_ENDED]
            await self.sink.end(APPLICATION_EVENTS, [stop.entity_key for stop in ended])
        finally:
            await self.lock.release(lease)
        return len(ended)

    def _old_stops(self) -> list[StopChanged]:
        stops = self.directory.stops.values()
        return [stop for stop in stops if stop.scope in OWNED and stop.at < now_ms() - MESSAGE_RETENTION_MS]

    def entity(self, key: str) -> Entity | None:
        """The entity as the directory has it, by its key in `application-events`."""
        kind, scope, name = EntityKey.parse(key)
        match kind:
            case "partner":
                return self.directory.partners.get(name)
            case "application":
                return self.directory.applications.get(name)
            case "sender":
                return self.directory.senders.get((scope, name))
            case "operator":
                return self.directory.operators.get(name)
            case "account":
                return self.directory.accounts.get(name)
            case "stop":
                return self.directory.stops.get((cast(StopScope, scope), name))
            case _:
                return self.directory.credentials.get((scope, Provider(name)))

    async def _known(self, key: str, at: int) -> None:
        """Wait until the directory has the entity as of `at`. Raises Problem 503 after 5 s."""
        deadline = asyncio.get_running_loop().time() + _WAIT_S
        while (entity := self.entity(key)) is None or entity.at < at:
            if asyncio.get_running_loop().time() > deadline:
                raise Problem(503, "Service is unavailable", "application-events could not be read in time")
            await asyncio.sleep(0.005)
