"""The audit trail: one record in `audit-events` for each answered request that may change something.

    operators' listener ─┐ who it is
    public listener ─────┴▶ AuditedApp ─▶ the service's application ─▶ record ─▶ the answer goes out
                             │  noted meanwhile: who the caller is (`note_caller`), what was changed (`note_change`)
                             └ any method but GET of any route in `operator_routes.py`: none has to remember it

What a partner may do with its own messages is in their traces, and not here. A record that the log does not take is
written to the process's log as an error, with all that it says, and counted: the change itself was made.
"""

import hashlib
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec
import orjson
from starlette.types import Message, Receive, Scope, Send

from schemas import ids
from schemas.audit_events import Audited, AuditedChange
from schemas.events import Event
from schemas.topics import AUDIT_EVENTS
from services.runtime import faults, telemetry
from services.runtime.access.callers import Network, caller_address
from services.runtime.access.operator_routes import route_of
from services.runtime.access.operator_tokens import Operator
from services.runtime.clock import now_ms
from services.runtime.crypto import record_encryption
from services.runtime.log.kafka import Append, Log

log = telemetry.logger("audit")
OPERATOR_KEY = "rpns.operator"
"""In the scope of a request that came in by the operators' listener: who it is."""
_OF_EVERY_STATE = {"event_id", "at", "by", "v", "needs", "carried", "type", "revision"}
_MOST_CHANGES, _MOST_OF_PATH = 20, 500


@dataclass
class _Notes:
    """What a request has told of itself so far."""

    who: str = ""
    changes: list[AuditedChange] = field(default_factory=list)


_NOTES: ContextVar[_Notes | None] = ContextVar("audit_notes", default=None)


def note_caller(who: str) -> None:
    """Which partner asks, as events say it, once it is proved."""
    if (notes := _NOTES.get()) is not None:
        notes.who = who


def note_change(entity: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """What the request changes: the state of a thing, JSON by field, empty where there was none."""
    notes = _NOTES.get()
    if notes is not None and len(notes.changes) < _MOST_CHANGES:
        names = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
        notes.changes.append(
            AuditedChange(entity=entity, before=_fingerprint(before), after=_fingerprint(after), fields=tuple(names))
        )


def state_of(entity: Event | None) -> dict[str, Any]:
    """Of an entity that is an event, without what every state has of its own."""
    if entity is None:
        return {}
    found: dict[str, Any] = msgspec.to_builtins(msgspec.structs.asdict(entity))  # defaults too, which records leave out
    return {name: value for name, value in found.items() if value is not None and name not in _OF_EVERY_STATE}


def _fingerprint(state: Mapping[str, Any]) -> str:
    if not state:
        return ""
    return hashlib.sha256(orjson.dumps(dict(state), option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


class Api(Protocol):
    """The application of a service, which describes itself."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None: ...

    def openapi(self) -> dict[str, Any]: ...


class AuditedApp:
    """The application of a service, behind both listeners."""

    def __init__(self, app: Api, service: str, sink: Log, trusted: Sequence[Network]) -> None:
        self._app, self._service, self._sink, self._trusted = app, service, sink, trusted

    def openapi(self) -> dict[str, Any]:
        return self._app.openapi()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self._app(scope, receive, send)
            return
        route = route_of(scope["method"], scope["path"])
        if route is None:
            await self._app(scope, receive, send)
            return
        operator: Operator | None = scope.get(OPERATOR_KEY)
        notes = _Notes("" if operator is None else operator.by)

        async def recorded(message: Message) -> None:
            if message["type"] == "http.response.start" and notes.who:
                await self._record(scope, route.path, notes, message["status"])
            await send(message)

        token = _NOTES.set(notes)
        try:
            await self._app(scope, receive, recorded)
        finally:
            _NOTES.reset(token)

    async def _record(self, scope: Scope, route: str, notes: _Notes, status: int) -> None:
        event = Audited(
            event_id=ids.uuid7(),
            at=now_ms(),
            who=notes.who,
            address=caller_address(scope, self._trusted),
            service=self._service,
            method=scope["method"],
            route=route,
            path=scope["path"][:_MOST_OF_PATH],
            status=status,
            changes=tuple(notes.changes),
        )
        try:
            await self._sink.append([Append(AUDIT_EVENTS, event.who, event)])
        except faults.TRANSIENT_ERRORS as error:
            telemetry.AUDIT_LOST.inc()
            record = record_encryption.encode(event).decode()
            log.error("an audit record could not be written", error=repr(error), record=record)  # noqa: TRY400
