"""The audit trail: one record in `audit-events` for each answered request that may change something, and each look.

    operators' listener ─┐ who it is
    public listener ─────┴▶ AuditedApp ─▶ the service's application ─▶ record ─▶ the answer goes out
                             │  noted meanwhile: who the caller is (`note_caller`), what was changed (`note_change`)
                             └ any method but GET of any route in `operator_routes.py`: none has to remember it

An operator's look at values about people is recorded before it is answered, or refused (`services/runtime/looks/`).

A route that succeeds without a note of what it changed, or left as it was, is a fault, and is logged as one. What a
partner may do with its own messages is in their traces, and not here. A record that the log does not take is written to
the process's log as an error, with all that it says, and counted: the change itself was made. Who was refused, and
whose account somebody did not get into (`note_tried`), is in `refusals.py`.
"""

from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple, Protocol

import msgspec
import orjson
from starlette.types import Message, Receive, Scope, Send

from schemas import ids
from schemas.audit_events import Audited, AuditedChange, ChangedField
from schemas.events import Event
from schemas.topics import AUDIT_EVENTS
from services.runtime import faults, telemetry
from services.runtime.access.callers import Network, caller_address
from services.runtime.access.operator_routes import (
    LOGIN_CALLBACK,
    RENEWAL,
    OperatorRoute,
    audited_route_of,
)
from services.runtime.access.operator_tokens import Operator
from services.runtime.clock import now_ms
from services.runtime.crypto import record_encryption
from services.runtime.log.kafka import Append, Log
from services.runtime.looks import mark_of, path_of
from services.runtime.looks.notes import LookNotes, noted
from services.runtime.looks.records import ASKED_BY_POST, Looks
from services.runtime.looks.shown import any_id_in

log = telemetry.logger("audit")
OPERATOR_KEY = "rpns.operator"
"""In the scope of a request that came in by the operators' listener: who it is."""
_OF_EVERY_STATE = {"event_id", "at", "by", "v", "needs", "carried", "type", "revision"}
_MOST_CHANGES, _MOST_FIELDS, _MOST_OF_VALUE = 20, 40, 200
_HARMLESS = frozenset(
    {
        *("application_id", "partner_id", "provider", "service_number", "login", "name", "scope", "scopes"),
        *("state", "identity", "min_version", "bundle", "fingerprint", "subnets", "allowed_origins"),
        *("default_sender", "default_ttl_s", "default_ttl_unit", "batch_channel", "on_bad_lines", "on_repeated"),
    }
)
"""Fields whose text is shown; numbers and switches are. A new field is shown only once it stands here."""
Fingerprint = Callable[[str], str]


class Caller(NamedTuple):
    """`who` as events say it; empty: a stranger. `who_id`: whose account or token it was, for a name may be given
    again."""

    who: str = ""
    who_id: str = ""


NOBODY = Caller()


class TriedAccount(NamedTuple):
    """Which account somebody tried to sign in to."""

    account_id: str
    name: str


class Refused(Protocol):
    """Told who was refused, with which request, by which status; of a sign-in, which account it was to be, if any."""

    def __call__(self, caller: Caller, scope: Scope, status: int, account: TriedAccount | None = None) -> None: ...


@dataclass
class _Notes:
    """What a request has told of itself so far."""

    fingerprint: Fingerprint
    people: LookNotes
    caller: Caller = NOBODY
    account: TriedAccount | None = None
    changes: list[AuditedChange] = field(default_factory=list)


_NOTES: ContextVar[_Notes | None] = ContextVar("audit_notes", default=None)


def note_caller(who: str, who_id: str = "") -> None:
    """Which partner asks, or whose account has signed in, as events say it, once it is proved."""
    if (notes := _NOTES.get()) is not None:
        notes.caller = Caller(who, who_id)


def note_tried(account: TriedAccount | None) -> None:
    """Which account it is to be signed in to: where that fails, it is in the trail, added up as refusals are. None: it
    is not that which fails."""
    if (notes := _NOTES.get()) is not None:
        notes.account = account


def note_change(entity: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """What the request changes: the state of a thing, JSON by field, empty where there was none."""
    notes = _NOTES.get()
    if notes is not None and len(notes.changes) < _MOST_CHANGES:
        names = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
        values = [_field(name, before.get(name), after.get(name), notes.fingerprint) for name in names[:_MOST_FIELDS]]
        notes.changes.append(
            AuditedChange(
                entity=entity,
                before=_of_state(before, notes.fingerprint),
                after=_of_state(after, notes.fingerprint),
                fields=tuple(names),
                values=tuple(values),
            )
        )


def state_of(entity: Event | None) -> dict[str, Any]:
    """Of an entity that is an event, without what every state has of its own."""
    if entity is None:
        return {}
    found: dict[str, Any] = msgspec.to_builtins(msgspec.structs.asdict(entity))  # defaults too, which records leave out
    return {name: value for name, value in found.items() if value is not None and name not in _OF_EVERY_STATE}


def _of_state(state: Mapping[str, Any], fingerprint: Fingerprint) -> str:
    return fingerprint(_text(dict(state)))[:16] if state else ""


def _field(name: str, before: Any, after: Any, fingerprint: Fingerprint) -> ChangedField:
    def shown(value: Any) -> str:
        if value is None:
            return ""
        is_harmless = isinstance(value, bool | int) or name in _HARMLESS
        text = value if isinstance(value, str) else _text(value)
        return text[:_MOST_OF_VALUE] if is_harmless else mark_of(fingerprint, text)

    return ChangedField(name=name, before=shown(before), after=shown(after))


def _text(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


class Api(Protocol):
    """The application of a service, which describes itself."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None: ...

    def openapi(self) -> dict[str, Any]: ...


class AuditedApp:
    """The application of a service, behind both listeners."""

    def __init__(
        self,
        app: Api,
        service: str,
        sink: Log,
        trusted: Sequence[Network],
        *,
        fingerprint: Fingerprint,
        refused: Refused,
    ) -> None:
        self._app, self._service, self._sink, self._trusted = app, service, sink, trusted
        self._fingerprint, self._refused = fingerprint, refused
        self._looks = Looks(sink, service, trusted, fingerprint)

    def openapi(self) -> dict[str, Any]:
        return self._app.openapi()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = audited_route_of(scope["method"], scope["path"]) if scope["type"] == "http" else None
        if route is None:
            await self._app(scope, receive, send)
            return
        reads = scope["method"] in ("GET", "HEAD", "OPTIONS") and route.path != LOGIN_CALLBACK
        changes = not reads and route.path not in (*ASKED_BY_POST, RENEWAL)
        operator: Operator | None = scope.get(OPERATOR_KEY)
        by = NOBODY if operator is None else Caller(operator.by, operator.entity_key)
        notes = _Notes(self._fingerprint, LookNotes(self._fingerprint), by)

        async def recorded(message: Message) -> None:
            if message["type"] == "http.response.start":
                status = message["status"]
                if changes and notes.caller.who:
                    await self._record(scope, route, notes, status)
                elif _is_refused(notes.caller, status) or (notes.account is not None and status >= 400):
                    self._refused(notes.caller, scope, status, notes.account)
            await send(message)

        token = _NOTES.set(notes)
        try:
            if changes:
                with noted(self._fingerprint) as notes.people:
                    await self._app(scope, receive, recorded)
            elif operator is None:
                await self._app(scope, receive, recorded)
            else:
                await self._looks.watched(self._app, route, by)(scope, receive, recorded)
        finally:
            _NOTES.reset(token)

    async def _record(self, scope: Scope, route: OperatorRoute, notes: _Notes, status: int) -> None:
        people = notes.people
        if any_id := any_id_in(route, scope["path"]):
            people.add_people("id", [any_id])
        event = Audited(
            event_id=ids.uuid7(),
            at=now_ms(),
            who=notes.caller.who,
            who_id=notes.caller.who_id,
            address=caller_address(scope, self._trusted),
            service=self._service,
            method=scope["method"],
            route=route.path,
            path=path_of(route, scope["path"], partial(mark_of, self._fingerprint)),
            status=status,
            changes=tuple(notes.changes),
            subjects=tuple(people.subjects),
            messages=tuple(people.messages),
            is_wide=people.is_wide,
        )
        if status < 300 and not notes.changes:
            log.error("a change is not told to the audit trail", method=event.method, route=route.path)
        await record(self._sink, [event])


def _is_refused(caller: Caller, status: int) -> bool:
    """Whom we know may ask too often; who has proved nothing has guessed too often."""
    return status in (401, 403) or (status == 429 and caller == NOBODY)


async def record(sink: Log, events: Sequence[Audited]) -> None:
    """Append them; those that the log does not take are in the process's log."""
    try:
        await sink.append([Append(AUDIT_EVENTS, event.who, event) for event in events])
    except faults.TRANSIENT_ERRORS as error:
        telemetry.AUDIT_LOST.inc(len(events))
        for event in events:
            written = record_encryption.encode(event).decode()
            log.error("an audit record could not be written", error=repr(error), record=written)  # noqa: TRY400
