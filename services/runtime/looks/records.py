"""Records looks: one record in `audit-events` for each request that shows an operator values about people.

    answer begins ─▶ shows such values? ─▶ record "look" ─┬─▶ in the log: the answer goes out
                  └▶ masked, but somebody ─▶ "search" ────┴─▶ not: 503, and nothing of it goes out;
                     was asked for                            a masked search goes out, its record in the process's log

Whatever has the scope `support` shows values about people, unless `as_asked` has masked them or it is named here: a new
route is recorded until somebody says that it need not be. A search with masked values is recorded as well: it tells
whether a phone is a customer's. So does an answer of another scope that counts people who were named (`note_people`).
A record holds no phone, user id or text, but fingerprints (`notes.py`).
"""

from collections.abc import Sequence
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from schemas import ids
from schemas.audit_events import AskedValue, Audited, LookKind
from schemas.topics import AUDIT_EVENTS
from services.runtime import faults, telemetry
from services.runtime.access.callers import Network, caller_address
from services.runtime.access.operator_routes import OperatorRoute
from services.runtime.clock import now_ms
from services.runtime.http import server
from services.runtime.log.kafka import Append, Log
from services.runtime.looks.notes import Fingerprint, LookNotes, SubjectKind, mark_of, noted, subject_of
from services.runtime.looks.shown import any_id_in, is_plain, path_of
from services.runtime.text import phones

log = telemetry.logger("looks")
NOTHING_PERSONAL = ("/v1/messages/reasons", "/v1/mailings/{any_id}/problems", "/v1/events")
"""Routes of the scope `support` whose answers have no value about a person: counts; numbers of lines and rules; ids,
states and reasons, which a masked answer shows as well."""
ASKED_BY_POST = ("/v1/erasures/preview",)
"""Questions about people that are asked by POST, because of whom they name."""
WIDE = ("/v1/messages/export", "/v1/dead-letters/{topic}/{partition}/{offset}/content")
"""Routes whose answers may hold anybody: whose values they show is not known when they begin."""
_PLAIN = frozenset(
    {
        *("partner", "application", "applicationId", "provider", "state", "reason", "errorCode", "mailing", "packet"),
        *("from", "to", "since", "limit", "format", "for", "after", "masked"),
    }
)
"""Parameters that name nobody, and are recorded as they are, if what was typed has the form (`shown.py`)."""
_NO_SEARCH = _PLAIN | {"id", "cursor"}
"""Parameters of `support` that ask for nobody; with any other an answer tells whether there is such a customer."""
_SUBJECTS: dict[str, SubjectKind] = {"phone": "phone", "user": "user", "id": "id", "message": "id"}
"""Parameters that name somebody, or something of theirs."""
_MOST_ASKED, _MOST_OF_VALUE = 20, 100
_REFUSED = server.Problem(
    503,
    "This look cannot be recorded",
    "values about people are shown once that is in the audit trail, which takes no record now; ask again, or masked",
    kind="look-unrecorded",
)


class Look:
    """A request that may be a look."""

    def __init__(self, route: OperatorRoute, scope: Scope, notes: LookNotes) -> None:
        self._route, self._scope, self._notes = route, scope, notes
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        self._query = [(name, value) for name, value in query if value]

    @property
    def kind(self) -> LookKind:
        """What an answer that succeeds is; empty: neither a look nor a search."""
        route = self._route
        if route.path in ASKED_BY_POST:
            return "look"
        if route.method != "GET":
            return ""
        if route.scope == "support" and route.path not in NOTHING_PERSONAL and not self._notes.is_masked:
            return "look"
        names = {name for name, _ in self._query}
        if route.scope == "support":
            return "search" if names - _NO_SEARCH else ""
        return "search" if names & {"phone", "user"} or self._notes.subjects else ""

    @property
    def is_masked_search(self) -> bool:
        """Nothing about anybody is shown but whether there is such a customer: what Support needs in an outage too."""
        return self.kind == "search" and self._notes.is_masked

    def event(self, kind: LookKind, caller: tuple[str, str], address: str, *, service: str, status: int) -> Audited:
        """The record of it; `caller`: who, and whose account or token it is."""
        notes = self._notes
        self._note_asked()
        return Audited(
            event_id=ids.uuid7(),
            at=now_ms(),
            who=caller[0],
            who_id=caller[1],
            address=address,
            service=service,
            method=self._route.method,
            route=self._route.path,
            path=path_of(self._route, self._scope["path"], self._shown_id),
            status=status,
            look=kind,
            asked=tuple(self._asked(name, value) for name, value in self._query[:_MOST_ASKED]),
            subjects=tuple(notes.subjects),
            messages=tuple(notes.messages),
            is_wide=notes.is_wide or (kind == "look" and self._route.path in WIDE),
        )

    def _note_asked(self) -> None:
        for name, value in self._query:
            if name in _SUBJECTS:
                self._notes.add_people(_SUBJECTS[name], [_written(name, value)])
        if any_id := any_id_in(self._route, self._scope["path"]):
            self._notes.add_people("id", [any_id])

    def _shown_id(self, any_id: str) -> str:
        """In the path: the id of a message as it is, anything else that leads to it as a fingerprint."""
        return any_id if any_id in self._notes.messages else mark_of(self._notes.fingerprint, any_id)

    def _asked(self, name: str, value: str) -> AskedValue:
        if name in _PLAIN and is_plain(value):
            return AskedValue(name=name, value=value[:_MOST_OF_VALUE])
        if name in _SUBJECTS:  # as it stands among the subjects
            return AskedValue(
                name=name, value=f"#{subject_of(self._notes.fingerprint, _SUBJECTS[name], _written(name, value))}"
            )
        return AskedValue(name=name, value=mark_of(self._notes.fingerprint, value))


def _written(name: str, value: str) -> str:
    """A phone as answers have it, however it was asked for."""
    return (phones.from_query(value) or value) if name == "phone" else value


def _of_record(event: Audited) -> dict[str, object]:
    """What proves it without the audit trail: who, from where, and the fingerprints of whom."""
    return {"who": event.who, "address": event.address, "route": event.route, "subjects": list(event.subjects)}


class _Unrecorded(Exception):
    """The log did not take the record of a look."""


class Looks:
    """Writes the records of one process."""

    def __init__(self, sink: Log, service: str, trusted: Sequence[Network], fingerprint: Fingerprint) -> None:
        self._sink, self._service, self._trusted, self._fingerprint = sink, service, trusted, fingerprint

    def watched(self, app: ASGIApp, route: OperatorRoute, caller: tuple[str, str]) -> ASGIApp:
        """The application for one request of an operator (who, and whose account or token it is): the answer goes out
        once its record is in the log."""

        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            is_refused = False

            async def recorded(message: Message) -> None:
                nonlocal is_refused
                if is_refused:
                    raise _Unrecorded
                if message["type"] == "http.response.start" and message["status"] < 300:
                    is_refused = not await self._record(look, caller, scope, message["status"])
                    if is_refused:
                        raise _Unrecorded  # whatever would send the answer ends here, a stream too
                await send(message)

            with noted(self._fingerprint) as notes:
                look = Look(route, scope, notes)
                try:
                    await app(scope, receive, recorded)
                except Exception:
                    if not is_refused:
                        raise
            if is_refused:
                await server.problem_answer(_REFUSED)(scope, receive, send)

        return serve

    async def _record(self, look: Look, caller: tuple[str, str], scope: Scope, status: int) -> bool:
        """Whether it is safe to answer: nothing was to be recorded, or it is in the log."""
        if not (kind := look.kind):
            return True
        address = caller_address(scope, self._trusted)
        event = look.event(kind, caller, address, service=self._service, status=status)
        try:
            await self._sink.append([Append(AUDIT_EVENTS, event.who, event)])
        except faults.TRANSIENT_ERRORS as error:
            if look.is_masked_search:
                log.error("a masked search is not in the audit trail", error=repr(error), **_of_record(event))  # noqa: TRY400
                return True
            telemetry.LOOKS_REFUSED.inc()
            log.error("a look was refused: its record could not be written", error=repr(error), route=event.route)  # noqa: TRY400
            return False
        return True
