"""The fast path of receipts answers whatever comes exactly as the documented route does."""

import base64
import re
from collections.abc import AsyncIterator, Sequence
from typing import Any, cast

import httpx
import orjson
import pytest
from prometheus_client import REGISTRY
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from schemas import codec, ids
from schemas.application_events import ApplicationChanged
from services.registry.api import application
from services.registry.device_api import DeviceCommands, RegistryAuth
from services.registry.devices import Device, DeviceStore
from services.registry.provisioning.service import Provisioning
from services.registry.receipts import MAX_OWN_RECEIPTS_BYTES, ReceiptFastPath
from services.registry.receipts.service import ReceiptService
from services.registry.receipts.worked_tokens import WorkedTokens
from services.runtime.access.callers import networks
from services.runtime.access.device_pace import INSTALLATION as INSTALLATION_LIMIT
from services.runtime.access.device_pace import DevicePace
from services.runtime.access.partner_auth import Caller
from services.runtime.cross_origin import CrossOrigin
from services.runtime.crypto.master_key import Secrets
from services.runtime.crypto.record_encryption import NoKeys
from services.runtime.directory import Directory
from services.runtime.http.body_deadline import BodyDeadline
from services.runtime.http.listeners import PublicListener
from services.runtime.log.kafka import Append, Log, LogUnavailable, RecordTooLarge

API_KEY = "key-of-the-app"
SECRETS = Secrets(base64.b64encode(bytes(32)).decode())
INSTALLATION = "00000000-0000-4000-8000-00000000000a"
CREDENTIAL = SECRETS.credential(INSTALLATION, "app")
PATH = f"/sdk/api/v1/installations/{INSTALLATION}/receipts"
BEARER = (b"authorization", f"Bearer {CREDENTIAL}".encode())
JSON = (b"content-type", b"application/json")
BY_ROUTE = (b"x-api-key", API_KEY.encode())
BANK, SHOP = b"https://bank.example", b"https://shop.example"


class Sink:
    """A log that keeps what it is given, or fails."""

    def __init__(self) -> None:
        self.events: list[Append] = []
        self.error: Exception | None = None

    async def append(self, records: Sequence[Append]) -> None:
        if self.error is not None:
            raise self.error
        self.events += records


class Devices:
    """The one installation."""

    async def load(self, ids: Sequence[str]) -> dict[str, Device]:
        device = Device(installation_id=INSTALLATION, application_id="app", proof_hash="ab" * 32)
        return {INSTALLATION: device} if INSTALLATION in ids else {}


async def nobody() -> Caller:
    """Nothing here asks who calls as a partner."""
    raise NotImplementedError


class Here:
    """The registry's API over ASGI."""

    def __init__(self) -> None:
        self.sink, self.directory = Sink(), Directory()
        sink, devices = cast(Log, self.sink), cast(DeviceStore, Devices())
        app = ApplicationChanged(
            event_id=ids.uuid7(),
            at=1,
            application_id="app",
            name="App",
            api_key_digests=(SECRETS.digest(API_KEY, "api-key"),),
            allowed_origins=(BANK.decode(),),
        )
        self.directory.apply(app.entity_key, codec.encode(app))
        commands = DeviceCommands(devices, sink, self.directory, SECRETS)
        self.pace = DevicePace("registry", networks("127.0.0.1/32"))
        self.worked = WorkedTokens(commands)
        nothing: Any = None
        receipts = ReceiptService(sink, SECRETS.delivery_ids, self.worked)
        api = application(
            commands=commands,
            provisioning=Provisioning(self.directory, sink, nothing),
            auth=RegistryAuth(devices, self.directory, SECRETS, self.pace),
            audiences=nothing,
            targets=nothing,
            callers=nobody,
            receipts=receipts,
        )
        about: Any = {"receipts": receipts, "secrets": SECRETS, "directory": self.directory, "pace": self.pace}
        self.app = BodyDeadline(CrossOrigin(ReceiptFastPath(PublicListener(api), **about), self.directory))

    async def call(
        self, content: bytes, *headers: tuple[bytes, bytes], path: str = PATH, method: str = "POST"
    ) -> httpx.Response:
        """Raises what the application lets out: the server would then close the connection."""
        transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=True)
        async with httpx.AsyncClient(transport=transport, base_url="http://registry") as client:
            return await client.request(method, path, content=content, headers=list(headers))


@pytest.fixture
def here() -> Here:
    return Here()


def receipt(**changes: Any) -> dict[str, Any]:
    message = ids.uuid7()
    delivery = SECRETS.delivery_ids.of(message, 0, INSTALLATION)
    return {"messageId": message, "deliveryId": delivery, "kind": "delivered", "happenedAt": 1} | changes


def counted(status: int) -> float:
    return REGISTRY.get_sample_value("rpns_requests_total", {"api": "registry", "code": str(status)}) or 0.0


BODY = orjson.dumps({"receipts": [receipt(), receipt(kind="eaten"), "nonsense"]})


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param([BEARER, JSON], id="as usual"),
        pytest.param([BEARER], id="no type"),
        pytest.param([BEARER, (b"content-type", b"text/plain")], id="another type"),
        pytest.param([BEARER, (b"content-type", b"text/plain"), JSON], id="two types"),
        pytest.param([BEARER, (b"content-type", b"Application/JSON; charset=utf-8")], id="a type with more"),
        pytest.param([JSON], id="no credential"),
        pytest.param([(b"authorization", b"Basic x"), BEARER, JSON], id="another scheme before"),
        pytest.param([(b"authorization", b"Bearer x"), BEARER, JSON], id="another credential before"),
        pytest.param([BEARER, (b"authorization", b"Bearer x"), JSON], id="another credential behind"),
        pytest.param([(b"authorization", b"Bearer " + b" " * 512 + CREDENTIAL.encode()), JSON], id="too long"),
        pytest.param([(b"authorization", b"bEARER  " + CREDENTIAL.encode()), JSON], id="blanks"),
        pytest.param([(b"authorization", b"Bearer " + CREDENTIAL.encode() + b"\xe9"), JSON], id="a letter more"),
    ],
)
async def test_it_admits_whom_the_route_admits(headers: list[tuple[bytes, bytes]]) -> None:
    fast, slow = Here(), Here()
    answers = [await fast.call(BODY, *headers), await slow.call(BODY, *headers, BY_ROUTE)]
    assert answers[0].status_code == answers[1].status_code
    assert as_text(answers[0]) == as_text(answers[1])
    assert len(fast.sink.events) == len(slow.sink.events)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(BODY, id="as usual"),
        pytest.param(b"\xef\xbb\xbf" + BODY, id="a byte order mark"),
        pytest.param(BODY[:-1] + b',"receipts":["x"]}', id="a key twice"),
        pytest.param(b'{"receipts": [NaN, 1e400, -0]}', id="numbers that are none"),
        pytest.param(b'{"sentAt": 18446744073709551616, "receipts": ["x"]}', id="more than 64 bits"),
        pytest.param(
            orjson.dumps({"receipts": [receipt(happenedAt=0)]}).replace(b'At":0', b'At":18446744073709551616'),
            id="more than 64 bits in a receipt",
        ),
        pytest.param(b'{"receipts": ["\\ud800", "\\u0000"]}', id="no text"),
        pytest.param(b'{"receipts": ' + b"[" * 30_000 + b"]" * 30_000 + b"}", id="deep"),
        pytest.param(b'{"receipts": ["x"], "more": 1}', id="an unknown field"),
        pytest.param(b'{"receipts": ["' + b"x" * 65_519 + b'"]}', id="64 KB"),
        pytest.param(b'{"receipts": ["' + b"x" * 65_520 + b'"]}', id="a byte more"),
        pytest.param(orjson.dumps({"receipts": [receipt()] * 500}), id="500"),
        pytest.param(b'{"receipts": ["' + b"x" * (512 * 1024 - 18) + b'"]}', id="512 KB"),
        pytest.param(b'{"receipts": ["' + b"x" * (512 * 1024 - 17) + b'"]}', id="a byte more than that"),
        pytest.param(b"", id="nothing"),
    ],
)
async def test_it_reads_what_the_route_reads(content: bytes) -> None:
    fast, slow = Here(), Here()
    answers = [await fast.call(content, BEARER, JSON), await slow.call(content, BEARER, JSON, BY_ROUTE)]
    assert answers[0].status_code == answers[1].status_code
    assert as_text(answers[0]) == as_text(answers[1])
    assert len(fast.sink.events) == len(slow.sink.events)


@pytest.mark.parametrize("size", [len(BODY), MAX_OWN_RECEIPTS_BYTES, MAX_OWN_RECEIPTS_BYTES + 1])
async def test_nobody_waits_for_more_behind_the_end_of_a_body(here: Here, size: int) -> None:
    coming: list[Message] = [{"type": "http.request", "body": BODY.ljust(size), "more_body": False}]
    sent: list[Message] = []

    async def receive() -> Message:
        if not coming:
            raise AssertionError("a server would wait for the caller to hang up")
        return coming.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": PATH, "raw_path": PATH.encode(), "query_string": b""}
    await here.app({**scope, "headers": [BEARER, JSON], "client": None, "scheme": "http"}, receive, send)
    assert sent[0]["status"] == (413 if size > MAX_OWN_RECEIPTS_BYTES else 200)


@pytest.mark.parametrize(
    ("error", "status"), [(LogUnavailable("x"), 503), (RecordTooLarge("x"), 500), (NoKeys("x"), 500), (OSError(), 500)]
)
async def test_whatever_fails_is_answered_and_counted_once(here: Here, error: Exception, status: int) -> None:
    here.sink.error = error
    before = counted(status)
    answer = await here.call(BODY, BEARER, JSON)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert counted(status) == before + 1


@pytest.mark.parametrize("more", [(), (BY_ROUTE,)], ids=["fast", "route"])
async def test_receipts_are_taken_from_any_origin_and_a_page_of_an_allowed_one_can_read_so(
    here: Here, more: tuple[tuple[bytes, bytes], ...]
) -> None:
    for origin in (b"null", SHOP):
        answer = await here.call(BODY, BEARER, JSON, (b"origin", origin), *more)
        assert answer.status_code == 200
        assert "access-control-allow-origin" not in answer.headers
    answer = await here.call(BODY, BEARER, JSON, (b"origin", BANK), *more)
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, BANK.decode())
    assert len(here.sink.events) == 3


@pytest.mark.parametrize("content", [BODY, b'{"receipts": []}'], ids=["good", "broken"])
async def test_a_call_is_paced_once_by_whichever_way_it_is_answered(here: Here, content: bytes) -> None:
    burst = INSTALLATION_LIMIT.burst
    here.pace.monotonic_s = lambda: 0.0
    answers = [(await here.call(content, BEARER, JSON)).status_code for _ in range(burst + 1)]
    assert answers == [answers[0]] * burst + [429]


async def test_a_body_that_comes_byte_by_byte_is_one_message_for_the_route(here: Here) -> None:
    content, seen = b'{"receipts": ["x"], "more": 1}', list[Any]()

    async def pieces() -> AsyncIterator[bytes]:
        for byte in content:
            yield bytes([byte])

    async def route(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(await receive())
        await Response()(scope, receive, send)

    receipts: Any = None
    path = ReceiptFastPath(route, receipts=receipts, secrets=SECRETS, directory=here.directory, pace=here.pace)
    transport = httpx.ASGITransport(app=path)
    async with httpx.AsyncClient(transport=transport, base_url="http://registry") as client:
        await client.post(PATH, content=pieces(), headers=[BEARER, JSON])
    assert seen == [{"type": "http.request", "body": content, "more_body": False}]


async def test_a_body_that_is_cut_off_is_no_failure(here: Here) -> None:
    sent = list[Any]()
    came = iter([{"type": "http.request", "body": BODY[:9], "more_body": True}, {"type": "http.disconnect"}])

    async def receive() -> Any:
        return next(came)

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": PATH, "query_string": b"", "headers": [BEARER, JSON]}
    await here.app({**scope, "client": ("192.0.2.1", 1)}, receive, send)
    assert [message["status"] for message in sent if "status" in message] == [400]
    assert here.sink.events == []


async def test_a_receipt_of_a_live_activity_tells_nothing_of_the_installations_own_token(here: Here) -> None:
    message = ids.uuid7()
    delivery = SECRETS.delivery_ids.of(message, 0, INSTALLATION, "activity/ride")
    of_activity = receipt(messageId=message, deliveryId=delivery, activityId="ride")
    await here.call(orjson.dumps({"receipts": [of_activity]}), BEARER, JSON)
    assert len(here.sink.events) == 1
    assert not here.worked._received
    await here.call(orjson.dumps({"receipts": [of_activity, receipt()]}), BEARER, JSON)
    assert list(here.worked._received) == [INSTALLATION]


def as_text(answer: httpx.Response) -> str:
    """The answer without the time that was kept, which is the clock's."""
    return re.sub(r'"happenedAt":\d+', '"happenedAt":0', answer.text) + answer.headers["content-type"]
