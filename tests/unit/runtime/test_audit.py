"""The audit trail: every route by which an operator or a partner changes something leaves a record, and no secret."""

import base64
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send
from structlog.testing import capture_logs

from schemas import codec, ids
from schemas.application_events import PartnerChanged
from schemas.audit_events import Audited
from schemas.topics import AUDIT_EVENTS
from services.runtime import telemetry
from services.runtime.access import audit
from services.runtime.access.audit import (
    OPERATOR_KEY,
    AuditedApp,
    Caller,
    TriedAccount,
    note_caller,
    note_change,
    state_of,
)
from services.runtime.access.logins import Logins
from services.runtime.access.operator_routes import PARTNERS_OWN, RENEWAL, ROUTES, OperatorRoute
from services.runtime.access.operator_tokens import Operator
from services.runtime.crypto.master_key import Secrets
from services.runtime.directory import Directory
from services.runtime.http.listeners import Api
from services.runtime.log.kafka import Append, LogUnavailable
from services.runtime.looks import note_people, subject_of
from services.runtime.looks.records import ASKED_BY_POST
from tests.support.apps import all_apps
from tests.unit.runtime.test_listeners import asked, filled, walked

CHANGING = [route for route in ROUTES if route.method != "GET" and route.path not in (*ASKED_BY_POST, RENEWAL)]
BY_PARTNERS = [
    *(route for route in CHANGING if route.is_shared),
    *(route for route in PARTNERS_OWN if route.method != "GET"),
]
NOT_BY_AN_OPERATOR = ("/sdk/api/v1/", "/v6/send", "/v3/batch", "/gateway/", "/history/")
"""Messages, devices and providers: what they do is in the events themselves."""
SECRETS = Secrets(base64.b64encode(bytes(32)).decode())


class Sink:
    """A log that keeps what is appended, or is away."""

    def __init__(self, is_away: bool = False) -> None:
        self.appended: list[Append] = []
        self.refused: list[tuple[str, str, int]] = []
        self._is_away = is_away

    async def append(self, records: Sequence[Append], timeout_s: float | None = None) -> None:
        if self._is_away:
            raise LogUnavailable("away")
        self.appended += records

    @property
    def events(self) -> list[Any]:
        return [record.event for record in self.appended]


class Service:
    """An application that may prove a caller and change something, and answers."""

    def __init__(
        self, status: int = 200, partner: str = "", change: tuple[Any, Any] | None = None, phone: str | None = None
    ) -> None:
        self._status, self._partner, self._change, self._phone = status, partner, change, phone

    def openapi(self) -> dict[str, Any]:
        return {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._partner:
            note_caller(f"partner:{self._partner}")
        note_people(phones=[self._phone], messages=["m-1"] if self._phone else [])
        if self._change is not None:
            note_change("partner/bank", *self._change)
        await send({"type": "http.response.start", "status": self._status, "headers": []})
        await send({"type": "http.response.body", "body": b""})


class ByOperator:
    """As the operators' listener passes a request on."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app({**scope, OPERATOR_KEY: Operator("operator:duty", ("admin",))}, receive, send)


@pytest.fixture(scope="module")
def apps() -> Iterator[dict[str, Api]]:
    nobody = Directory()
    logins = Logins(nobody, SECRETS)
    yield all_apps(nobody, SECRETS, logins)
    logins.close()


def audited(service: Service, sink: Sink) -> AuditedApp:
    def fingerprint(text: str) -> str:
        return SECRETS.digest(text, "audit")

    def refused(caller: Caller, scope: Scope, status: int, account: TriedAccount | None = None) -> None:
        sink.refused.append((caller.who, scope["path"], status))

    return AuditedApp(service, "registry", sink, (), fingerprint=fingerprint, refused=refused)  # type: ignore[arg-type]


@pytest.mark.parametrize("route", CHANGING, ids=lambda route: f"{route.method} {route.path}")
async def test_whatever_an_operator_changes_is_recorded(route: OperatorRoute) -> None:
    sink = Sink()
    change = ({"state": "running"}, {"state": "paused"})
    await asked(ByOperator(audited(Service(status=204, change=change), sink)), route.method, filled(route.path))
    (event,) = sink.events
    assert [(value.before, value.after) for value in event.changes[0].values] == [("running", "paused")]
    assert (event.who, event.method, event.status, event.service) == ("operator:duty", route.method, 204, "registry")
    assert event.address == "198.51.100.7"
    assert sink.appended[0].topic is AUDIT_EVENTS


@pytest.mark.parametrize("route", BY_PARTNERS, ids=lambda route: f"{route.method} {route.path}")
async def test_whatever_a_partner_changes_is_recorded(route: OperatorRoute) -> None:
    sink = Sink()
    await asked(audited(Service(partner="bank"), sink), route.method, filled(route.path))
    assert [event.who for event in sink.events] == ["partner:bank"]


def test_a_route_that_changes_something_is_audited_or_is_not_an_operators(apps: dict[str, Api]) -> None:
    changing = [(method, path) for _, method, path in walked(apps) if method != "GET"]
    known = {(route.method, route.path.replace(":path", "")) for route in (*CHANGING, *BY_PARTNERS)}
    left = [path for method, path in changing if (method, path) not in known and path not in (*ASKED_BY_POST, RENEWAL)]
    assert len(changing) > 50
    assert [path for path in left if not path.startswith(NOT_BY_AN_OPERATOR)] == []


async def test_who_guesses_too_often_is_refused_and_whom_we_know_only_asks_too_often() -> None:
    sink = Sink()
    await asked(audited(Service(status=429), sink), "GET", "/v1/messages")
    await asked(audited(Service(status=429, partner="bank"), sink), "GET", "/v1/messages")
    await asked(audited(Service(status=403, partner="bank"), sink), "GET", "/v1/messages")
    assert sink.refused == [("", "/v1/messages", 429), ("partner:bank", "/v1/messages", 403)]


async def test_questions_and_strangers_leave_no_record() -> None:
    sink = Sink()
    await asked(ByOperator(audited(Service(), sink)), "GET", "/v1/partners")
    await asked(audited(Service(status=401), sink), "POST", "/v1/mailings")
    await asked(audited(Service(status=401), sink), "GET", "/v1/messages")
    await asked(audited(Service(status=401), sink), "GET", "/v6/send")
    await asked(audited(Service(partner="bank"), sink), "POST", "/v6/send")
    assert sink.events == []
    assert sink.refused == [("", "/v1/mailings", 401), ("", "/v1/messages", 401)]


@pytest.mark.parametrize("route", CHANGING, ids=lambda route: f"{route.method} {route.path}")
async def test_a_route_that_does_not_tell_what_it_changed_is_a_fault(route: OperatorRoute) -> None:
    with capture_logs() as lines:
        await asked(ByOperator(audited(Service(), Sink())), route.method, filled(route.path))
    routes = [line["route"] for line in lines if line["event"] == "a change is not told to the audit trail"]
    assert routes == [route.path]


async def test_a_record_names_the_fields_that_differ_and_holds_no_secret() -> None:
    sink = Sink()
    before = PartnerChanged(
        event_id="1", at=1, partner_id="bank", uuid=ids.uuid7(), login="bank", password_hash="old-hash"
    )
    after = before.replace(event_id="2", at=2, password_hash="new-hash", enabled=False)
    change = (state_of(before), state_of(after))
    await asked(ByOperator(audited(Service(change=change), sink)), "PATCH", "/v1/partners/bank")
    (event,) = sink.events
    (changed,) = event.changes
    assert (changed.entity, changed.fields) == ("partner/bank", ("enabled", "password_hash"))
    enabled, password = changed.values
    assert (enabled.before, enabled.after) == ("true", "false")
    assert password.before != password.after
    assert password.before.startswith("#")
    assert "old-hash" not in str(changed)
    assert password.before != f"#{sha256(b'old-hash').hexdigest()[:12]}"  # who guesses it cannot try the guess
    assert changed.before != changed.after
    assert b'hash":' not in codec.encode(event)
    assert b"new-hash" not in codec.encode(event)


async def test_a_refused_change_is_recorded_with_its_answer() -> None:
    sink = Sink()
    await asked(ByOperator(audited(Service(status=409), sink)), "POST", "/v1/partners")
    assert [(event.status, event.changes) for event in sink.events] == [(409, ())]


@pytest.mark.parametrize("status", [202, 404])
async def test_a_phone_in_the_path_of_a_change_is_in_no_record(status: int) -> None:
    sink, phone = Sink(), "79110000067"
    for path in (f"/v1/messages/{phone}/cancel", f"/v1/mailings/{phone}/start"):
        with capture_logs():
            await asked(ByOperator(audited(Service(status=status), sink)), "POST", path)
    mark = f"#{SECRETS.digest(phone, 'audit')[:12]}"
    assert [event.path for event in sink.events] == [f"/v1/messages/{mark}/cancel", f"/v1/mailings/{mark}/start"]
    assert not any(phone in codec.encode(event).decode() for event in sink.events)


@pytest.mark.parametrize("status", [202, 409])
@pytest.mark.parametrize("partner", ["", "bank"])
async def test_what_is_done_to_somebody_names_them_by_a_fingerprint(status: int, partner: str) -> None:
    sink, phone, app = Sink(), "79110000067", Service(status=status, partner=partner, phone="79110000067")
    with capture_logs():
        await asked(audited(app, sink) if partner else ByOperator(audited(app, sink)), "POST", "/v1/identities/revoke")
    (event,) = sink.events
    assert event.subjects == (subject_of(lambda text: SECRETS.digest(text, "audit"), "phone", phone),)
    assert (event.messages, event.look) == (("m-1",), "")
    assert phone not in codec.encode(event).decode()


async def test_a_change_of_a_message_is_found_by_the_id_it_was_asked_by() -> None:
    sink = Sink()
    with capture_logs():
        await asked(ByOperator(audited(Service(), sink)), "POST", "/v1/messages/ref-1/cancel")
    assert sink.events[0].subjects == (subject_of(lambda text: SECRETS.digest(text, "audit"), "id", "ref-1"),)


async def test_the_text_of_a_field_that_nobody_has_called_harmless_is_a_fingerprint() -> None:
    sink = Sink()
    change: tuple[Any, Any] = ({}, {"state": "draft", "phone": "79110000001", "planned": 7, "note": None})
    await asked(ByOperator(audited(Service(change=change), sink)), "PATCH", "/v1/partners/bank")
    values = {value.name: value.after for value in sink.events[0].changes[0].values}
    assert (values["state"], values["planned"]) == ("draft", "7")
    assert values["phone"][0] == "#"
    assert "note" not in values


async def test_a_record_that_the_log_does_not_take_is_in_the_process_log_and_the_answer_goes_out() -> None:
    lost = telemetry.AUDIT_LOST._value.get()
    with capture_logs() as lines:
        answer = await asked(ByOperator(audited(Service(), Sink(is_away=True))), "POST", "/v1/partners")
    assert answer.status_code == 200
    assert telemetry.AUDIT_LOST._value.get() == lost + 1
    (line,) = [line for line in lines if line["event"] == "an audit record could not be written"]
    found = codec.decode(AUDIT_EVENTS, line["record"].encode())
    assert isinstance(found, Audited)
    assert found.who == "operator:duty"


def test_outside_of_a_request_nothing_is_noted() -> None:
    note_caller("partner:bank")
    note_change("partner/bank", {}, {"a": 1})
    assert audit._NOTES.get() is None
