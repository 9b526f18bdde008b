"""Looks at values about people: every route that shows them is walked; none is shown that is not recorded or masked."""

import base64
from collections.abc import Iterator
from typing import Any, ClassVar

import orjson
import pytest
from pydantic import BaseModel
from starlette.types import Receive, Scope, Send
from structlog.testing import capture_logs

from schemas import codec
from schemas.audit_events import Audited
from schemas.topics import AUDIT_EVENTS
from services.runtime import telemetry
from services.runtime.access.audit import AuditedApp
from services.runtime.access.logins import Logins
from services.runtime.access.operator_routes import ROUTES, OperatorRoute
from services.runtime.crypto.master_key import Secrets
from services.runtime.directory import Directory
from services.runtime.http.listeners import Api
from services.runtime.looks import as_asked, note_masked, note_people, subject_of
from services.runtime.looks.notes import MOST_SUBJECTS
from services.runtime.looks.records import ASKED_BY_POST, NOTHING_PERSONAL, WIDE
from tests.support.apps import all_apps
from tests.unit.runtime.test_audit import SECRETS, ByOperator, Sink
from tests.unit.runtime.test_listeners import asked, filled

SUPPORT = [route for route in ROUTES if route.method == "GET" and route.scope == "support"]
SHOWING = [route for route in SUPPORT if route.path not in NOTHING_PERSONAL]
STREAM = "/v1/events"
"""It has no model: what its events hold is in `tests/unit/status/test_stream.py`."""
PHONE, USER, TEXT = "79110000067", "client-4242", "your code is 1234"


class View(BaseModel):
    """What a route might answer."""

    SHOWN: ClassVar[tuple[str, ...]] = ("message_id", "state")
    message_id: str = "m-1"
    state: str = "READ"
    phone: str | None = PHONE
    external_user_id: str = USER
    text: str = TEXT
    age: int | None = 42
    tags: list[str] = ["vip"]
    extras: dict[str, str] = {"a": "b"}


class Page(BaseModel):
    SHOWN: ClassVar = ("messages",)
    messages: list[View] = [View()]


class Support:
    """An application that answers with a page; `is_stream`: without end."""

    def __init__(self, page: Page | None = None, status: int = 200, is_stream: bool = False) -> None:
        self._page, self._status, self._is_stream = page, status, is_stream
        self.sent = 0

    def openapi(self) -> dict[str, Any]:
        return {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_masked = b"masked=true" in scope["query_string"]
        body = b"" if self._page is None else as_asked(self._page, is_masked).model_dump_json().encode()
        await send({"type": "http.response.start", "status": self._status, "headers": []})
        while self._is_stream:
            self.sent += 1
            await send({"type": "http.response.body", "body": body, "more_body": True})
        await send({"type": "http.response.body", "body": body})


def fingerprint(text: str) -> str:
    return SECRETS.digest(text, "audit")


def by_operator(app: Any, sink: Sink) -> ByOperator:
    return ByOperator(audited(app, sink))


def audited(app: Any, sink: Sink) -> AuditedApp:
    return AuditedApp(app, "status", sink, (), fingerprint=fingerprint, refused=lambda *_: None)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def apps() -> Iterator[dict[str, Api]]:
    nobody, secrets = Directory(), Secrets(base64.b64encode(bytes(32)).decode())
    logins = Logins(nobody, secrets)
    yield all_apps(nobody, secrets, logins)
    logins.close()


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """A model, those that a list or a union is of, and those within them."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        for about in annotation.model_fields.values():
            yield from models_in(about.annotation)
    for part in getattr(annotation, "__args__", ()):
        yield from models_in(part)


def answers(apps: dict[str, Api]) -> dict[str, Any]:
    """What each GET answers with, by its path."""
    found: dict[str, Any] = {}
    for app in apps.values():
        waiting = list(app.routes)  # type: ignore[attr-defined]
        while waiting:
            route = waiting.pop()
            waiting += getattr(getattr(route, "original_router", None), "routes", [])
            if "GET" in (getattr(route, "methods", None) or ()):
                found.setdefault(route.path, getattr(route, "response_model", None))
    return found


@pytest.mark.parametrize("route", SHOWING, ids=lambda route: route.path)
async def test_every_route_of_support_is_recorded_or_named_as_showing_nothing_personal(route: OperatorRoute) -> None:
    sink = Sink()
    answer = await asked(by_operator(Support(Page()), sink), "GET", filled(route.path))
    assert TEXT in answer.text
    (event,) = sink.events
    assert (event.who, event.look, event.method, event.route) == ("operator:duty", "look", "GET", route.path)
    assert event.address == "198.51.100.7"
    assert event.messages == ("m-1",)
    expected = [subject_of(fingerprint, "phone", PHONE), subject_of(fingerprint, "user", USER)]
    assert list(event.subjects)[:2] == expected
    assert event.is_wide == (route.path in WIDE)
    written = codec.encode(event).decode()
    assert not any(value in written for value in (PHONE, USER, TEXT))


@pytest.mark.parametrize("is_stream", [False, True])
@pytest.mark.parametrize("route", SHOWING, ids=lambda route: route.path)
async def test_a_look_that_cannot_be_recorded_is_refused_and_shows_nothing(
    route: OperatorRoute, is_stream: bool
) -> None:
    refused, app = telemetry.LOOKS_REFUSED._value.get(), Support(Page(), is_stream=is_stream)
    with capture_logs() as lines:
        answer = await asked(by_operator(app, Sink(is_away=True)), "GET", filled(route.path))
    assert (answer.status_code, answer.headers["Retry-After"], answer.json()["type"]) == (503, "1", "look-unrecorded")
    assert not any(value in answer.text for value in (PHONE, USER, TEXT, "m-1"))
    assert telemetry.LOOKS_REFUSED._value.get() == refused + 1
    assert [line["route"] for line in lines] == [route.path]
    assert app.sent == 0


@pytest.mark.parametrize("route", SHOWING, ids=lambda route: route.path)
async def test_a_masked_answer_needs_no_record_and_goes_out_without_the_log(route: OperatorRoute) -> None:
    answer = await asked(by_operator(Support(Page()), Sink(is_away=True)), "GET", filled(route.path) + "?masked=true")
    assert answer.status_code == 200
    assert answer.json()["messages"] == [
        {
            "message_id": "m-1",
            "state": "READ",
            "phone": "7••••••••67",
            "external_user_id": "••••42",
            "text": "••••",
            "age": None,
            "tags": ["••••"],
            "extras": {},
        }
    ]


def test_every_route_that_shows_values_masks_them_on_request(apps: dict[str, Api]) -> None:
    for route in SHOWING:
        (operation,) = [
            app.openapi()["paths"][route.path]["get"] for app in apps.values() if route.path in app.openapi()["paths"]
        ]
        names = [parameter["name"] for parameter in operation["parameters"]]
        assert "masked" in names, route.path


def test_what_is_not_named_in_a_model_can_be_masked(apps: dict[str, Api]) -> None:
    found, seen = answers(apps), set[str]()
    for route in SHOWING:
        for model in models_in(found[route.path]):
            seen.add(model.__name__)
            shown = getattr(model, "SHOWN", ())
            assert set(shown) <= set(model.model_fields), model
            for name, about in model.model_fields.items():
                is_maskable = about.annotation in (str, str | None, list[str])
                assert name in shown or is_maskable, f"{model.__name__}.{name} must be text, may be null, or be shown"
    assert {"MessageView", "SupportInstallation", "CardView", "ContentView", "EntryView"} <= seen


def test_what_masked_answers_never_show_is_named_by_no_model(apps: dict[str, Api]) -> None:
    personal = {"phone", "phones", "external_user_id", "text", "title", "extra_param", "callback_data", "notify_url"}
    personal |= {"device_id", "public_key", "recipient_mark", "token_digest", "value_sealed"}
    found = answers(apps)
    for route in SHOWING:
        for model in models_in(found[route.path]):
            assert not personal & set(getattr(model, "SHOWN", ())), model


def test_what_is_named_as_showing_nothing_personal_has_only_counts_and_rules(apps: dict[str, Api]) -> None:
    harmless = {"reasons", "reason", "messages", "name", "error_code", "words"}
    harmless |= {"meaning", "remedy", "side", "problems", "refused", "repeated", "after", "line", "field", "rule"}
    found = answers(apps)
    for path in set(NOTHING_PERSONAL) - {STREAM}:
        models = list(models_in(found[path]))
        assert models
        assert {name for model in models for name in model.model_fields} <= harmless


@pytest.mark.parametrize(
    ("path", "kind", "query"),
    [
        ("/v1/messages", "search", f"phone=%2B{PHONE}&masked=true&from=1"),
        ("/v1/messages", "search", "extraParam=name%3Dx&masked=true"),
        ("/v1/messages", "", "id=m-1&partner=bank&state=READ&masked=true"),
        ("/v1/messages/reasons", "search", f"user={USER}"),
        ("/v1/messages/reasons", "", "partner=bank"),
        ("/v1/mailings/7/problems", "", ""),
        (STREAM, "", "partner=bank&after=17"),
        ("/v1/installations", "search", f"phone=8{PHONE[1:]}&masked=true"),
        ("/v1/audit", "search", f"phone={PHONE}"),
        ("/v1/audit", "", "who=duty"),
        ("/v1/partners", "", ""),
    ],
)
async def test_a_search_for_somebody_is_recorded_though_its_answer_is_masked(path: str, kind: str, query: str) -> None:
    sink = Sink()

    class Answered(Support):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            note_masked()
            await super().__call__(scope, receive, send)

    assert (await asked(by_operator(Answered(), sink), "GET", f"{path}?{query}")).status_code == 200
    assert [event.look for event in sink.events] == ([kind] if kind else [])
    for event in sink.events:
        assert PHONE[1:] not in codec.encode(event).decode()
        if "phone" in query:
            assert event.subjects == (subject_of(fingerprint, "phone", PHONE),)
            assert {value.name: value.value for value in event.asked}["phone"] == f"#{event.subjects[0]}"


async def test_a_masked_search_goes_out_in_an_outage_and_the_process_keeps_its_record() -> None:
    app = Support(Page())
    with capture_logs() as lines:
        answer = await asked(by_operator(app, Sink(is_away=True)), "GET", f"/v1/messages?phone={PHONE}&masked=true")
    assert answer.status_code == 200
    (line,) = [line for line in lines if line["event"] == "a masked search is not in the audit trail"]
    assert (line["log_level"], line["who"], line["route"]) == ("error", "operator:duty", "/v1/messages")
    assert line["subjects"] == [subject_of(fingerprint, "phone", PHONE)]
    assert PHONE not in str(lines)


async def test_a_phone_in_place_of_an_id_is_in_no_record() -> None:
    sink = Sink()
    await asked(by_operator(Support(Page(messages=[])), sink), "GET", f"/v1/messages/{PHONE}")
    (event,) = sink.events
    assert PHONE not in codec.encode(event).decode()
    assert event.subjects == (subject_of(fingerprint, "id", PHONE),)


async def test_the_id_of_a_message_that_was_shown_stands_in_the_path() -> None:
    sink = Sink()
    for any_id in ("m-1", "mt-num"):
        await asked(by_operator(Support(Page()), sink), "GET", f"/v1/messages/{any_id}")
    assert [event.path for event in sink.events] == ["/v1/messages/m-1", f"/v1/messages/#{fingerprint('mt-num')[:12]}"]


async def test_what_was_asked_is_recorded_where_it_is_harmless() -> None:
    sink = Sink()
    await asked(by_operator(Support(), sink), "GET", "/v1/messages/export?partner=bank&from=2026-01-01&callbackData=x")
    values = {value.name: value.value for value in sink.events[0].asked}
    assert (values["partner"], values["from"]) == ("bank", "2026-01-01")
    assert values["callbackData"] == f"#{fingerprint('x')[:12]}"


async def test_what_may_be_a_phone_is_a_fingerprint_in_whichever_parameter_it_was_typed() -> None:
    sink = Sink()
    names = ("partner", "application", "provider", "state", "reason", "mailing", "packet", "after", "from", "limit")
    for name in names:
        await asked(by_operator(Support(), sink), "GET", f"/v1/messages?{name}={PHONE}")
    assert [event.asked[0].value for event in sink.events] == [f"#{fingerprint(PHONE)[:12]}"] * len(names)


async def test_an_answer_that_shows_nothing_is_no_look() -> None:
    for status in (400, 404, 503):
        sink = Sink(is_away=True)
        answer = await asked(by_operator(Support(status=status), sink), "GET", f"/v1/messages?phone={PHONE}")
        assert answer.status_code == status


async def test_a_partners_look_at_its_own_messages_is_not_recorded() -> None:
    for route in SHOWING:
        sink = Sink(is_away=True)
        assert (await asked(audited(Support(Page()), sink), "GET", filled(route.path))).status_code == 200


async def test_a_look_at_more_people_than_a_record_holds_says_so() -> None:
    sink, many = Sink(), [View(phone=f"7911{number:07}", message_id=f"m-{number}") for number in range(MOST_SUBJECTS)]
    await asked(by_operator(Support(Page(messages=many)), sink), "GET", "/v1/messages")
    (event,) = sink.events
    assert (len(event.subjects), len(event.messages), event.is_wide) == (MOST_SUBJECTS, 100, True)


async def test_a_question_about_people_that_is_asked_by_post_is_a_look() -> None:
    class Preview(Support):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            note_people(phones=[PHONE], users=[USER])
            await super().__call__(scope, receive, send)

    (path,) = ASKED_BY_POST
    sink = Sink()
    assert (await asked(by_operator(Preview(), sink), "POST", path)).status_code == 200
    assert (sink.events[0].look, len(sink.events[0].subjects)) == ("look", 2)
    assert (await asked(by_operator(Preview(), Sink(is_away=True)), "POST", path)).status_code == 503


@pytest.mark.parametrize("count", [1, MOST_SUBJECTS + 1])
async def test_an_answer_that_counts_people_who_were_named_is_a_search_for_them(count: int) -> None:
    class Forecast(Support):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            note_people(phones=[f"7911{number:07}" for number in range(count)])
            await super().__call__(scope, receive, send)

    path, sink = "/v1/mailings/7/forecast", Sink()
    assert (await asked(by_operator(Forecast(), sink), "GET", path)).status_code == 200
    (event,) = sink.events
    assert (event.look, len(event.subjects), event.is_wide) == ("search", min(count, MOST_SUBJECTS), count > 1)
    assert (await asked(by_operator(Forecast(), Sink(is_away=True)), "GET", path)).status_code == 503
    assert (await asked(audited(Forecast(), Sink(is_away=True)), "GET", path)).status_code == 200


def test_a_record_of_before_there_were_looks_is_read() -> None:
    event = {"event_id": "e", "at": 1, "v": 1, "type": "audited", "who": "operator:duty", "address": "", "service": "s"}
    event |= {"method": "POST", "route": "/r", "path": "/r", "status": 200}
    found = codec.decode(AUDIT_EVENTS, orjson.dumps(event))
    assert isinstance(found, Audited)
    assert (found.look, found.subjects, found.messages, found.is_wide) == ("", (), (), False)
