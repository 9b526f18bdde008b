"""The APNs sandbox against clients that share no code with it: aioapns, and a client of single frames."""

import asyncio
import re
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aioapns
import jwt
import orjson
import pytest
import uvloop
from aioapns.connection import APNsProductionClientProtocol
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from hyperframe.frame import RstStreamFrame
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from deploy.sandbox.apns import ApnsServer
from deploy.sandbox.apns_auth import Environment
from deploy.sandbox.faults import Fault, Faults
from deploy.sandbox.inbox import Inbox
from deploy.sandbox.keys import ApnsCredentials, make_apns_key
from deploy.sandbox.tls import ensure_certificates, server_context
from tests.contract.frame_client import Fields, FrameClient, Response

TOPIC = "app.rpns.demo"
TOKEN = "ab" * 32
APNS_ID = "0193c5f0-aaaa-4bbb-8ccc-000000000001"
ALERT = {"aps": {"alert": {"title": "Code", "body": "123456"}}, "link": "x1"}
REFUSED_STREAM = 7
PROTOCOL_ERROR = 1
CANCEL = 8
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


class Clock:
    def __init__(self) -> None:
        self.now_s = time.time()

    def __call__(self) -> float:
        return self.now_s


@dataclass
class Sandbox:
    """One server, what steers it, and what it has received."""

    ca: Path
    credentials: ApnsCredentials
    environment: Environment = "development"
    inbox: Inbox = field(default_factory=Inbox)
    faults: Faults = field(default_factory=Faults)
    clock: Clock = field(default_factory=Clock)
    port: int = 0
    signed: dict[str, str] = field(default_factory=dict)
    server: ApnsServer = field(init=False)

    def __post_init__(self) -> None:
        context = server_context(self.ca.parent, ("h2",))
        self.server = ApnsServer(self.inbox, self.faults, self.credentials, context, self.environment, self.clock)

    def jwt(
        self,
        credentials: ApnsCredentials | None = None,
        headers: dict[str, Any] | None = None,
        **claims: Any,
    ) -> str:
        key = credentials or self.credentials
        payload = {"iss": key.team_id, "iat": int(self.clock.now_s), **claims}
        payload = {name: value for name, value in payload.items() if value is not None}
        header = {"kid": key.key_id, **(headers or {})}
        same = repr((key.key_id, payload, header))
        if same not in self.signed:  # ECDSA signs differently every time, and a new token is an update
            self.signed[same] = jwt.encode(payload, key.private_key, "ES256", headers=header)
        return self.signed[same]

    def fields(self, token: str = TOKEN, **changes: str | None) -> Fields:
        """An ordinary alert's headers; `apns_topic=…` changes one, None leaves it out."""
        headers: dict[str, str | None] = {
            ":method": "POST",
            ":scheme": "https",
            ":authority": "localhost",
            ":path": f"/3/device/{token}",
            "authorization": f"bearer {self.jwt()}",
            "apns-topic": TOPIC,
            "apns-push-type": "alert",
        }
        for name, value in changes.items():
            headers[f":{name}" if f":{name}" in headers else name.replace("_", "-")] = value
        return [(name, value) for name, value in headers.items() if value is not None]

    @asynccontextmanager
    async def client(self) -> AsyncIterator[FrameClient]:
        client = await FrameClient.connect(self.port, self.ca)
        try:
            yield client
        finally:
            await client.close()

    async def push(
        self, payload: object = ALERT, token: str = TOKEN, fields: Fields | None = None, **changes: str | None
    ) -> Response:
        """One request on a connection of its own."""
        body = payload if isinstance(payload, bytes) else orjson.dumps(payload)
        async with self.client() as client:
            return await client.request(self.fields(token, **changes) if fields is None else fields, body)

    async def __aenter__(self) -> "Sandbox":
        self.port = await self.server.start("127.0.0.1", 0)
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.server.stop()


@pytest.fixture(scope="session")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ensure_certificates(tmp_path_factory.mktemp("apns"))


@pytest.fixture(scope="session")
def credentials() -> ApnsCredentials:
    return make_apns_key((TOPIC,))


@pytest.fixture
async def apns(ca: Path, credentials: ApnsCredentials) -> AsyncIterator[Sandbox]:
    async with Sandbox(ca, credentials) as sandbox:
        yield sandbox


# -- an ordinary push


async def test_a_push_is_accepted_echoes_its_id_and_lands_in_the_inbox(apns: Sandbox) -> None:
    answer = await apns.push(apns_id=APNS_ID, apns_collapse_id="c1", apns_expiration="0", apns_priority="5")
    assert (answer.status, answer.body, answer.headers["apns-id"]) == (200, b"", APNS_ID)
    (received,) = await apns.inbox.wait("apns", TOKEN)
    assert received.message_id == APNS_ID
    assert received.payload == ALERT
    assert received.headers["apns-collapse-id"] == "c1"


async def test_an_id_is_made_when_the_client_sends_none(apns: Sandbox) -> None:
    answer = await apns.push()
    assert UUID.fullmatch(answer.headers["apns-id"])
    assert apns.inbox.by_token("apns", TOKEN)[0].message_id == answer.headers["apns-id"]


async def test_only_the_development_host_gives_a_unique_id(ca: Path, credentials: ApnsCredentials) -> None:
    for environment, expected in (("development", True), ("production", False)):
        async with Sandbox(ca, credentials, environment) as apns:  # type: ignore[arg-type]
            answer = await apns.push()
            assert ("apns-unique-id" in answer.headers) is expected


async def test_a_replacing_push_leaves_both_in_the_inbox(apns: Sandbox) -> None:
    async with apns.client() as client:
        for _ in range(2):
            await client.request(apns.fields(apns_collapse_id="c1"), orjson.dumps(ALERT))
    assert [r.headers["apns-collapse-id"] for r in apns.inbox.by_token("apns", TOKEN)] == ["c1", "c1"]


async def test_a_token_in_upper_case_is_the_same_device(apns: Sandbox) -> None:
    assert (await apns.push(token=TOKEN.upper())).status == 200
    assert len(apns.inbox.by_token("apns", TOKEN)) == 1


async def test_without_payloads_pushes_are_only_counted(apns: Sandbox) -> None:
    apns.inbox.keep_payloads = False
    assert (await apns.push()).status == 200
    assert apns.inbox.counters["apns"] == 1
    assert apns.inbox.all() == []


# -- every refusal

HEADER_RULES: list[tuple[dict[str, Any], str]] = [
    ({"apns_id": "nonsense"}, "400 BadMessageId"),
    ({"apns_id": APNS_ID.upper()}, "400 BadMessageId"),
    ({"method": "GET"}, "405 MethodNotAllowed"),
    ({"apns_topic": None}, "400 MissingTopic"),
    ({"apns_topic": ""}, "400 MissingTopic"),
    ({"apns_topic": "a topic"}, "400 BadTopic"),
    ({"apns_topic": "app.of.another.team"}, "400 TopicDisallowed"),
    ({"apns_collapse_id": "c" * 64}, "200"),
    ({"apns_collapse_id": "c" * 65}, "400 BadCollapseId"),
    ({"apns_collapse_id": "я" * 33}, "400 BadCollapseId"),
    ({"apns_expiration": "0"}, "200"),
    ({"apns_expiration": "1999999999"}, "200"),
    ({"apns_expiration": "-1"}, "400 BadExpirationDate"),
    ({"apns_expiration": "soon"}, "400 BadExpirationDate"),
    ({"apns_priority": "10"}, "200"),
    ({"apns_priority": "1"}, "200"),
    ({"apns_priority": "7"}, "400 BadPriority"),
    ({"apns_push_type": None}, "400 InvalidPushType"),
    ({"apns_push_type": "shout"}, "400 InvalidPushType"),
    ({"path": "/3/device/"}, "400 MissingDeviceToken"),
    ({"path": "/3/device/xyz"}, "400 BadDeviceToken"),
    ({"path": "/3/device/abc"}, "400 BadDeviceToken"),
    ({"path": "/3/device"}, "404 BadPath"),
    ({"path": "/4/device/ab"}, "404 BadPath"),
]


def outcome(answer: Response) -> str:
    return f"{answer.status} {answer.reason}" if answer.body else str(answer.status)


@pytest.mark.parametrize(("changes", "expected"), HEADER_RULES)
async def test_each_header_rule_has_its_reason(apns: Sandbox, changes: dict[str, Any], expected: str) -> None:
    answer = await apns.push(fields=apns.fields(**changes))
    assert outcome(answer) == expected
    assert len(apns.inbox.all()) == (expected == "200")
    assert UUID.fullmatch(answer.headers["apns-id"])


@pytest.mark.parametrize("name", ["apns-topic", "apns-id", "apns-priority", "authorization"])
async def test_a_repeated_header_is_refused(apns: Sandbox, name: str) -> None:
    fields = apns.fields(apns_id=APNS_ID, apns_priority="10")
    answer = await apns.push(fields=[*fields, *(f for f in fields if f[0] == name)])
    assert outcome(answer) == "400 DuplicateHeaders"


LIVE = {"timestamp": 1, "event": "update", "content-state": {"eta": 3}}
PUSH_TYPES: list[tuple[str, str, str | None, dict[str, Any], str]] = [
    ("background", "", "5", {"content-available": 1}, "200"),
    ("background", "", "10", {"content-available": 1}, "400 BadPriority"),
    ("background", "", None, {"content-available": 1}, "400 BadPriority"),
    ("background", "", "1", {"content-available": 1}, "400 BadPriority"),
    ("liveactivity", ".push-type.liveactivity", "10", LIVE, "200"),
    ("liveactivity", ".push-type.liveactivity", "1", LIVE, "400 BadPriority"),
    ("liveactivity", "", "10", LIVE, "400 BadTopic"),
    ("voip", ".voip", "10", {}, "200"),
    ("voip", "", "10", {}, "400 BadTopic"),
    ("alert", ".voip", "10", {"alert": "x"}, "400 TopicDisallowed"),
    ("pushtotalk", ".voip-ptt", "10", {}, "200"),
    ("complication", ".complication", "10", {}, "200"),
    ("fileprovider", ".pushkit.fileprovider", "10", {}, "200"),
    ("location", ".location-query", "10", {}, "200"),
    ("controls", ".push-type.controls", "10", {}, "200"),
    ("widgets", ".push-type.widgets", "10", {}, "200"),
    ("accessory", ".push-type.accessory", "10", {}, "200"),
]


@pytest.mark.parametrize(("push_type", "suffix", "priority", "aps", "expected"), PUSH_TYPES)
async def test_each_push_type_has_its_topic_and_priority(
    apns: Sandbox, push_type: str, suffix: str, priority: str | None, aps: dict[str, Any], expected: str
) -> None:
    answer = await apns.push({"aps": aps}, apns_push_type=push_type, apns_topic=TOPIC + suffix, apns_priority=priority)
    assert outcome(answer) == expected


async def test_the_push_type_may_be_made_optional(apns: Sandbox) -> None:
    apns.faults.switch("apns.push_type", "optional")
    assert (await apns.push(apns_push_type=None)).status == 200


def padded(size: int) -> bytes:
    empty = orjson.dumps({"aps": {"alert": ""}})
    return orjson.dumps({"aps": {"alert": "a" * (size - len(empty))}})


@pytest.mark.parametrize(
    ("push_type", "suffix", "size", "expected"),
    [
        ("alert", "", 4096, "200"),
        ("alert", "", 4097, "413 PayloadTooLarge"),
        ("alert", "", 60_000, "413 PayloadTooLarge"),
        ("voip", ".voip", 5120, "200"),
        ("voip", ".voip", 5121, "413 PayloadTooLarge"),
    ],
)
async def test_a_payload_has_a_limit(apns: Sandbox, push_type: str, suffix: str, size: int, expected: str) -> None:
    # the frame client sends one DATA frame of at most the default frame size
    body = padded(size)[:16_384]
    answer = await apns.push(body, apns_push_type=push_type, apns_topic=TOPIC + suffix)
    assert outcome(answer) == expected


async def test_an_empty_body_is_refused(apns: Sandbox) -> None:
    assert outcome(await apns.push(b"")) == "400 PayloadEmpty"


BAD_APS: list[dict[str, Any]] = [
    {"badge": "1"},
    {"badge": True},
    {"badge": -1},
    {"alert": 5},
    {"alert": None},
    {"alert": {"title": 1}},
    {"alert": {"titel": "x"}},
    {"alert": {"loc-args": ["a", 1]}},
    {"alert": "x", "sound": 1},
    {"alert": "x", "sound": {"critical": 1, "name": "s", "volume": 1.5}},
    {"alert": "x", "sound": {"critical": 1}},
    {"alert": "x", "thread-id": 7},
    {"alert": "x", "category": []},
    {"alert": "x", "content-available": True},
    {"alert": "x", "mutable-content": "1"},
    {"badge": 1, "mutable-content": 1},
    {"alert": "x", "interruption-level": "loud"},
    {"alert": "x", "relevance-score": 1.1},
    {"alert": "x", "event": "update"},
    {"thread-id": "nothing to show"},
]


@pytest.mark.parametrize("aps", BAD_APS)
async def test_a_wrong_aps_key_is_refused_with_the_key_s_name(apns: Sandbox, aps: dict[str, Any]) -> None:
    answer = await apns.push({"aps": aps})
    assert outcome(answer) == "400 BadRequestPayload"
    assert "aps" in answer.headers["sandbox-detail"]


async def test_every_aps_key_of_the_page_is_accepted(apns: Sandbox) -> None:
    texts = ("title", "subtitle", "body", "launch-image", "title-loc-key", "subtitle-loc-key", "loc-key")
    lists = ("title-loc-args", "subtitle-loc-args", "loc-args")
    aps = {
        "alert": {**dict.fromkeys(texts, "x"), **{key: ["a"] for key in lists}},
        "badge": 0,
        "sound": {"critical": 1, "name": "default", "volume": 0.5},
        "thread-id": "t",
        "category": "c",
        "content-available": 1,
        "mutable-content": 1,
        "target-content-id": "w",
        "interruption-level": "time-sensitive",
        "relevance-score": 0.5,
        "filter-criteria": "f",
        "custom": {"is": "ignored"},
    }
    assert (await apns.push({"aps": aps, "link": "x1"})).status == 200


@pytest.mark.parametrize("payload", [b"{", b"[]", b'"x"', b"\xff", b'{"aps":[]}', b"{}", b"[" * 2000])
async def test_a_body_that_is_no_payload_is_refused(apns: Sandbox, payload: bytes) -> None:
    assert outcome(await apns.push(payload)) == "400 BadRequestPayload"


START = {
    **LIVE,
    "event": "start",
    "attributes-type": "Ride",
    "attributes": {"number": 1},
    "alert": {"title": {"loc-key": "k", "loc-args": ["1"]}, "body": "b", "sound": "s"},
    "input-push-token": 1,
}
LIVE_RULES: list[tuple[dict[str, Any], str]] = [
    (START, "200"),
    ({**LIVE, "relevance-score": 75.0, "stale-date": 2}, "200"),
    ({"timestamp": 1, "event": "end", "dismissal-date": 1}, "200"),
    ({k: v for k, v in START.items() if k != "alert"}, "400 BadRequestPayload"),
    ({k: v for k, v in START.items() if k != "attributes"}, "400 BadRequestPayload"),
    ({**START, "alert": "text"}, "400 BadRequestPayload"),
    ({**LIVE, "attributes": {}}, "400 BadRequestPayload"),
    ({**LIVE, "dismissal-date": 1}, "400 BadRequestPayload"),
    ({**LIVE, "event": "pause"}, "400 BadRequestPayload"),
    ({**LIVE, "timestamp": "now"}, "400 BadRequestPayload"),
    ({"event": "update", "content-state": {}}, "400 BadRequestPayload"),
    ({"timestamp": 1, "event": "update"}, "400 BadRequestPayload"),
]


@pytest.mark.parametrize(("aps", "expected"), LIVE_RULES)
async def test_live_activities_have_their_own_rules(apns: Sandbox, aps: dict[str, Any], expected: str) -> None:
    answer = await apns.push({"aps": aps}, apns_push_type="liveactivity", apns_topic=f"{TOPIC}.push-type.liveactivity")
    assert outcome(answer) == expected


@pytest.mark.parametrize("extra", [{"alert": "x"}, {"sound": "s"}, {"badge": 1}])
async def test_a_background_push_shows_nothing(apns: Sandbox, extra: dict[str, Any]) -> None:
    answer = await apns.push({"aps": {"content-available": 1, **extra}}, apns_push_type="background", apns_priority="5")
    assert outcome(answer) == "400 BadRequestPayload"


async def test_the_lenient_reading_accepts_mistakes_and_delivers_nothing_unreadable(apns: Sandbox) -> None:
    apns.faults.switch("apns.payload", "accept")
    assert (await apns.push({"aps": {"badge": "1"}})).status == 200
    assert (await apns.push(b"{")).status == 200
    assert [r.payload for r in apns.inbox.all()] == [{"aps": {"badge": "1"}}]


# -- provider tokens

JWT_RULES: list[tuple[str, Callable[[Sandbox], str | None], str]] = [
    ("absent", lambda s: None, "403 MissingProviderToken"),
    ("empty", lambda s: "", "403 MissingProviderToken"),
    ("another scheme", lambda s: f"basic {s.jwt()}", "403 InvalidProviderToken"),
    ("capital Bearer", lambda s: f"Bearer {s.jwt()}", "200"),
    ("nonsense", lambda s: "bearer a.b.c", "403 InvalidProviderToken"),
    ("two parts", lambda s: "bearer " + s.jwt().rpartition(".")[0], "403 InvalidProviderToken"),
    ("padding", lambda s: f"bearer {s.jwt()}==", "403 InvalidProviderToken"),
    ("unknown kid", lambda s: f"bearer {s.jwt(headers={'kid': 'UNKNOWN123'})}", "403 InvalidProviderToken"),
    ("kid not text", lambda s: f"bearer {unsigned_kid(s)}", "403 InvalidProviderToken"),
    ("another team", lambda s: f"bearer {s.jwt(iss='ANOTHER123')}", "403 InvalidProviderToken"),
    ("no team", lambda s: f"bearer {s.jwt(iss=None)}", "403 InvalidProviderToken"),
    ("no iat", lambda s: f"bearer {s.jwt(iat=None)}", "403 InvalidProviderToken"),
    ("another key's signature", lambda s: f"bearer {forged(s)}", "403 InvalidProviderToken"),
    ("a DER signature", lambda s: f"bearer {with_der_signature(s)}", "403 InvalidProviderToken"),
    ("HS256", lambda s: f"bearer {symmetric(s)}", "403 InvalidProviderToken"),
    ("just under an hour", lambda s: f"bearer {s.jwt(iat=int(s.clock.now_s) - 3590)}", "200"),
    ("over an hour", lambda s: f"bearer {s.jwt(iat=int(s.clock.now_s) - 3610)}", "403 ExpiredProviderToken"),
    ("from the future", lambda s: f"bearer {s.jwt(iat=int(s.clock.now_s) + 900)}", "403 ExpiredProviderToken"),
]


def forged(sandbox: Sandbox) -> str:
    stranger = make_apns_key(team_id=sandbox.credentials.team_id)
    return sandbox.jwt(stranger, headers={"kid": sandbox.credentials.key_id})


def symmetric(sandbox: Sandbox) -> str:
    claims = {"iss": sandbox.credentials.team_id, "iat": int(sandbox.clock.now_s)}
    return jwt.encode(claims, "s" * 32, "HS256", headers={"kid": sandbox.credentials.key_id})


def unsigned_kid(sandbox: Sandbox) -> str:
    header = jwt.utils.base64url_encode(b'{"alg":"ES256","kid":[1]}').decode()
    return f"{header}.{sandbox.jwt().partition('.')[2]}"


def with_der_signature(sandbox: Sandbox) -> str:
    signed, _, signature = sandbox.jwt().rpartition(".")
    raw = jwt.utils.base64url_decode(signature)
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    return f"{signed}.{jwt.utils.base64url_encode(der).decode()}"


@pytest.mark.parametrize(("authorization", "expected"), [pytest.param(a, e, id=name) for name, a, e in JWT_RULES])
async def test_a_provider_token_must_be_genuine_and_fresh(
    apns: Sandbox, authorization: Callable[[Sandbox], str | None], expected: str
) -> None:
    assert outcome(await apns.push(authorization=authorization(apns))) == expected


async def test_a_token_that_was_accepted_expires_on_the_same_connection(apns: Sandbox) -> None:
    async with apns.client() as client:
        fields = apns.fields()
        assert (await client.request(fields, orjson.dumps(ALERT))).status == 200
        apns.clock.now_s += 3601
        assert outcome(await client.request(fields, orjson.dumps(ALERT))) == "403 ExpiredProviderToken"


async def test_a_second_new_token_within_twenty_minutes_is_refused_and_the_first_still_works(
    apns: Sandbox,
) -> None:
    body = orjson.dumps(ALERT)
    async with apns.client() as client:
        first = apns.fields()
        assert (await client.request(first, body)).status == 200
        apns.clock.now_s += 1190
        second = apns.fields()
        assert outcome(await client.request(second, body)) == "429 TooManyProviderTokenUpdates"
        assert (await client.request(first, body)).status == 200
        apns.clock.now_s += 20
        assert (await client.request(second, body)).status == 200
        assert (await client.request(first, body)).status == 200


async def test_token_updates_may_be_made_unlimited(apns: Sandbox) -> None:
    apns.faults.switch("apns.token_update_interval_s", "0")
    async with apns.client() as client:
        for _ in range(3):
            assert (await client.request(apns.fields(), orjson.dumps(ALERT))).status == 200


async def on_one_connection(apns: Sandbox, *keys: ApnsCredentials) -> list[str]:
    apns.faults.switch("apns.token_update_interval_s", "0")
    async with apns.client() as client:
        return [
            outcome(await client.request(apns.fields(authorization=f"bearer {apns.jwt(key)}"), orjson.dumps(ALERT)))
            for key in keys
        ]


async def test_a_connection_belongs_to_one_team(apns: Sandbox) -> None:
    other = make_apns_key((TOPIC,))
    apns.server.keys.add(other)
    assert await on_one_connection(apns, apns.credentials, other) == ["200", "403 InvalidProviderToken"]
    assert await on_one_connection(apns, other) == ["200"]


async def test_two_keys_of_a_team_share_a_connection_unless_one_is_topic_scoped(apns: Sandbox) -> None:
    team_wide, scoped = (make_apns_key((TOPIC,), team_id=apns.credentials.team_id) for _ in range(2))
    apns.server.keys.add(team_wide)
    apns.server.keys.add(scoped, topic_scoped=True)
    assert await on_one_connection(apns, apns.credentials, team_wide) == ["200", "200"]
    assert await on_one_connection(apns, apns.credentials, scoped) == ["200", "403 UnrelatedKeyIdInToken"]


async def test_a_key_of_the_other_environment_is_refused_in_either_spelling(apns: Sandbox) -> None:
    key = make_apns_key((TOPIC,))
    apns.server.keys.add(key, environment="production")
    assert await on_one_connection(apns, key) == ["403 BadEnvironmentKeyIdInToken"]
    apns.faults.switch("apns.bad_environment_reason", "BadEnvironmentKeyInToken")
    assert await on_one_connection(apns, key) == ["403 BadEnvironmentKeyInToken"]


async def test_a_revoked_key_is_refused_even_though_its_token_was_accepted(apns: Sandbox) -> None:
    async with apns.client() as client:
        fields = apns.fields()
        assert (await client.request(fields, orjson.dumps(ALERT))).status == 200
        apns.server.keys.revoke(apns.credentials.key_id)
        assert outcome(await client.request(fields, orjson.dumps(ALERT))) == "403 InvalidProviderToken"


# -- devices


async def test_a_dead_token_is_answered_410_with_milliseconds(apns: Sandbox) -> None:
    apns.server.devices.mark_dead(TOKEN, since_ms=1_700_000_000_123)
    answer = await apns.push()
    assert answer.status == 410
    assert answer.json == {"reason": "Unregistered", "timestamp": 1_700_000_000_123}
    apns.server.devices.mark_dead(TOKEN, since_ms=5, reason="ExpiredToken")
    assert (await apns.push()).json == {"reason": "ExpiredToken", "timestamp": 5}
    apns.server.devices.forget(TOKEN)
    assert (await apns.push()).status == 200


async def test_a_token_may_be_of_another_environment_or_app(apns: Sandbox) -> None:
    apns.server.devices.mark_bad(TOKEN)
    apns.server.devices.assign("cd" * 32, "app.rpns.other")
    apns.server.devices.assign("ef" * 32, TOPIC)
    assert outcome(await apns.push()) == "400 BadDeviceToken"
    assert outcome(await apns.push(token="cd" * 32)) == "400 DeviceTokenNotForTopic"
    assert outcome(await apns.push(token="ef" * 32)) == "200"


async def test_an_offline_device_gets_only_the_newest_push_when_it_returns(apns: Sandbox) -> None:
    apns.server.devices.go_offline(TOKEN)
    for title in ("one", "two"):
        assert (await apns.push({"aps": {"alert": title}})).status == 200
    await apns.push({"aps": {"alert": "now or never"}}, apns_expiration="0")
    assert apns.inbox.all() == []
    assert [r.payload["aps"]["alert"] for r in apns.server.bring_online(TOKEN)] == ["two"]
    assert [r.payload["aps"]["alert"] for r in apns.inbox.all()] == ["two"]


async def test_a_push_that_expired_while_the_device_was_offline_is_not_delivered(apns: Sandbox) -> None:
    apns.server.devices.go_offline(TOKEN)
    await apns.push(apns_expiration=str(int(apns.clock.now_s) + 60))
    apns.clock.now_s += 61
    assert apns.server.bring_online(TOKEN) == []


# -- faults

ALL_REASONS = """
400 BadCollapseId BadDeviceToken BadExpirationDate BadMessageId BadPriority BadTopic DeviceTokenNotForTopic
400 DuplicateHeaders IdleTimeout InvalidPushType MissingDeviceToken MissingTopic PayloadEmpty TopicDisallowed
403 BadCertificate BadCertificateEnvironment BadEnvironmentKeyIdInToken BadEnvironmentKeyInToken
403 ExpiredProviderToken Forbidden InvalidProviderToken MissingProviderToken UnrelatedKeyIdInToken
404 BadPath
405 MethodNotAllowed
410 ExpiredToken Unregistered
413 PayloadTooLarge
429 TooManyProviderTokenUpdates TooManyRequests
500 InternalServerError
503 ServiceUnavailable Shutdown
"""
ROWS = [
    (int(status), reason)
    for status, *reasons in (line.split() for line in ALL_REASONS.strip().splitlines())
    for reason in reasons
]


@pytest.mark.parametrize(("status", "reason"), ROWS)
async def test_every_reason_of_the_table_can_be_ordered_for_a_token(apns: Sandbox, status: int, reason: str) -> None:
    apns.faults.order("apns", Fault("status", reason=reason, token=TOKEN, times=1))
    other = await apns.push(token="cd" * 32)
    struck = await apns.push(apns_id=APNS_ID)
    after = await apns.push()
    assert (other.status, struck.status, struck.reason, after.status) == (200, status, reason, 200)
    assert ("timestamp" in struck.json) is (status == 410)
    assert struck.headers["content-type"] == "application/json"
    assert "retry-after" not in struck.headers


async def test_a_fault_may_be_of_any_status_time_and_retry_after(apns: Sandbox) -> None:
    date = "Wed, 21 Oct 2037 07:28:00 GMT"
    apns.faults.order("apns", Fault("status", 599, "Novelty", retry_after=date, timestamp_ms=7, times=1))
    answer = await apns.push()
    assert (answer.status, answer.json) == (599, {"reason": "Novelty", "timestamp": 7})
    assert answer.headers["retry-after"] == date


async def test_retry_after_can_be_switched_on_for_429_and_503(apns: Sandbox) -> None:
    apns.faults.switch("apns.retry_after_s", "30")
    for reason, expected in (("ServiceUnavailable", "30"), ("TooManyRequests", "30"), ("BadTopic", None)):
        apns.faults.order("apns", Fault("status", reason=reason, times=1))
        assert (await apns.push()).headers.get("retry-after") == expected


async def test_a_slow_answer_is_overtaken_by_others(apns: Sandbox) -> None:
    apns.faults.order("apns", Fault("slow", delay_ms=150, token=TOKEN))
    async with apns.client() as client:
        await client.request(apns.fields("cd" * 32), orjson.dumps(ALERT))
        started = time.monotonic()
        slow = client.send(apns.fields(), orjson.dumps(ALERT))
        quick = client.send(apns.fields("cd" * 32), orjson.dumps(ALERT))
        assert (await client.response(quick)).status == 200
        assert not client.answered(slow)
        assert (await client.response(slow)).status == 200
        assert time.monotonic() - started >= 0.15


async def test_a_hanging_request_holds_up_no_other(apns: Sandbox) -> None:
    apns.faults.order("apns", Fault("hang", token=TOKEN))
    async with apns.client() as client:
        await client.request(apns.fields("cd" * 32), orjson.dumps(ALERT))
        hanging = client.send(apns.fields(), orjson.dumps(ALERT))
        assert (await client.request(apns.fields("cd" * 32), orjson.dumps(ALERT))).status == 200
        await client.ping()
        assert not client.answered(hanging)
        assert apns.inbox.by_token("apns", TOKEN) == []


async def test_a_refused_stream_was_not_processed(apns: Sandbox) -> None:
    apns.faults.order("apns", Fault("refused-stream", times=1))
    async with apns.client() as client:
        refused = client.send(apns.fields(), orjson.dumps(ALERT))
        await client.ping()
        assert client.resets == {refused: REFUSED_STREAM}
        assert apns.inbox.all() == []
        assert (await client.request(apns.fields(), orjson.dumps(ALERT))).status == 200


async def test_a_reset_ends_the_connection_by_rst_before_processing(apns: Sandbox) -> None:
    apns.faults.order("apns", Fault("reset", times=1))
    async with apns.client() as client:
        await client.ping()
        client.send(apns.fields(), orjson.dumps(ALERT))
        with pytest.raises(ConnectionResetError):
            await client.ended()
    assert apns.inbox.all() == []


async def test_a_connection_dropped_after_the_write_has_processed_the_push(apns: Sandbox) -> None:
    apns.faults.order("apns", Fault("drop-after-write", times=1))
    async with apns.client() as client:
        stream_id = client.send(apns.fields(), orjson.dumps(ALERT))
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await client.response(stream_id)
    assert len(apns.inbox.by_token("apns", TOKEN)) == 1


async def test_after_goaway_earlier_streams_are_answered_and_later_ones_never_processed(
    apns: Sandbox,
) -> None:
    apns.faults.order("apns", Fault("slow", delay_ms=100, token="01"))
    apns.faults.order("apns", Fault("goaway", reason="ServiceUnavailable", token="02"))
    async with apns.client() as client:
        await client.request(apns.fields("00"), orjson.dumps(ALERT))
        earlier, struck, later = (client.send(apns.fields(t), orjson.dumps(ALERT)) for t in ("01", "02", "03"))
        assert (await client.response(earlier)).status == 200
        assert client.goaway is not None
        assert client.goaway.last_stream_id == earlier
        assert orjson.loads(client.goaway.additional_data) == {"reason": "ServiceUnavailable"}
        await client.ended()
        assert not client.answered(struck)
        assert not client.answered(later)
    assert [r.token for r in apns.inbox.all()] == ["00", "01"]


async def test_the_last_stream_of_a_goaway_can_be_chosen(apns: Sandbox) -> None:
    apns.faults.order("apns", Fault("goaway", reason="Shutdown", token="01", value=5))
    async with apns.client() as client:
        await client.request(apns.fields("00"), orjson.dumps(ALERT))
        struck, promised, beyond = (client.send(apns.fields(t), orjson.dumps(ALERT)) for t in ("01", "02", "03"))
        assert (struck, promised) == (3, 5)
        assert (await client.response(struck)).status == 200
        assert (await client.response(promised)).status == 200
        await client.ended()
        assert client.goaway is not None
        assert client.goaway.last_stream_id == 5
        assert not client.answered(beyond)


async def test_goaway_can_come_after_the_answer(apns: Sandbox) -> None:
    apns.faults.order("apns", Fault("goaway-after", reason="Shutdown", times=1))
    async with apns.client() as client:
        assert (await client.request(apns.fields(), orjson.dumps(ALERT))).status == 200
        await client.ended()
        assert client.goaway is not None
        assert client.goaway.last_stream_id == 1


async def test_a_stopping_server_says_goaway_with_reason_shutdown(apns: Sandbox) -> None:
    async with apns.client() as client:
        await client.request(apns.fields(), orjson.dumps(ALERT))
        stopping = asyncio.create_task(apns.server.stop())
        await client.ended()
        await stopping
        assert client.goaway is not None
        assert orjson.loads(client.goaway.additional_data) == {"reason": "Shutdown"}


async def test_an_unknown_kind_of_fault_is_told(apns: Sandbox) -> None:
    apns.faults.order("apns", Fault("earthquake", times=1))
    answer = await apns.push()
    assert outcome(answer) == "500 InternalServerError"
    assert "earthquake" in answer.headers["sandbox-detail"]


# -- stream limits


async def test_one_stream_until_a_provider_token_was_accepted(apns: Sandbox) -> None:
    async with apns.client() as client:
        await client.ping()
        assert client.stream_limit == 1
        await client.request(apns.fields(authorization=None), orjson.dumps(ALERT))
        await client.ping()
        assert client.stream_limit == 1
        await client.request(apns.fields(), orjson.dumps(ALERT))
        await client.ping()
        assert client.stream_limit == 1000


async def test_a_second_stream_before_the_client_has_seen_the_limit_is_refused(apns: Sandbox) -> None:
    apns.faults.order("apns", Fault("slow", delay_ms=50, token=TOKEN))
    async with apns.client() as client:
        first = client.send(apns.fields(), orjson.dumps(ALERT))
        second = client.send(apns.fields("cd" * 32), orjson.dumps(ALERT))
        assert (await client.response(first)).status == 200
        assert client.resets == {second: REFUSED_STREAM}


async def test_a_client_that_knows_the_limit_and_exceeds_it_loses_the_connection(apns: Sandbox) -> None:
    apns.faults.order("apns", Fault("hang", token=TOKEN))
    async with apns.client() as client:
        await client.ping()
        client.send(apns.fields(), orjson.dumps(ALERT))
        client.send(apns.fields("cd" * 32), orjson.dumps(ALERT))
        await client.ended()
        assert client.goaway is not None
        assert client.goaway.error_code == PROTOCOL_ERROR


async def test_the_limits_can_be_switched(apns: Sandbox) -> None:
    apns.faults.switch("apns.first_stream_limit", "50")
    apns.faults.switch("apns.stream_limit", "50")
    async with apns.client() as client:
        await client.request(apns.fields(), orjson.dumps(ALERT))
        await client.ping()
        assert client.stream_limit == 50


async def test_the_limit_can_change_while_requests_run(apns: Sandbox) -> None:
    apns.faults.order("apns", Fault("stream-limit", value=1, token="01"))
    async with apns.client() as client:
        await client.request(apns.fields("00"), orjson.dumps(ALERT))
        await client.request(apns.fields("01"), orjson.dumps(ALERT))
        await client.ping()
        assert client.stream_limit == 1
        apns.server.set_stream_limit(20)
        await client.ping()
        assert client.stream_limit == 20


async def test_fifty_streams_at_once_are_all_answered(apns: Sandbox) -> None:
    async with apns.client() as client:
        await client.request(apns.fields("00"), orjson.dumps(ALERT))
        streams = [client.send(apns.fields(f"{n:04x}"), orjson.dumps(ALERT)) for n in range(50)]
        assert {(await client.response(s)).status for s in streams} == {200}


# -- the wire


async def test_a_client_without_h2_is_turned_away(apns: Sandbox) -> None:
    client = await FrameClient.connect(apns.port, apns.ca, alpn=("http/1.1",))
    with pytest.raises(ConnectionError):
        await client.ping()
    await client.close()
    assert not apns.server.connections


async def test_old_tls_is_not_spoken(ca: Path) -> None:
    assert server_context(ca.parent, ("h2",)).minimum_version == ssl.TLSVersion.TLSv1_2


async def test_a_client_that_does_not_speak_http2_is_cut_off_and_others_are_not(apns: Sandbox) -> None:
    async with apns.client() as good:
        async with apns.client() as bad:
            bad.writer.write(b"\x00\x00\x00\xff\xff" * 20)
            with pytest.raises(ConnectionError):
                await bad.response(1)
        assert (await good.request(apns.fields(), orjson.dumps(ALERT))).status == 200


async def test_a_request_that_is_cancelled_in_the_same_breath_harms_no_other(apns: Sandbox) -> None:
    async with apns.client() as client:
        await client.request(apns.fields(), orjson.dumps(ALERT))
        cancelled = client.send(apns.fields(), orjson.dumps(ALERT), then=RstStreamFrame(3, CANCEL))
        assert (await client.request(apns.fields(), orjson.dumps(ALERT))).status == 200
        assert not client.answered(cancelled)


async def test_a_request_may_end_in_trailers(apns: Sandbox) -> None:
    async with apns.client() as client:
        stream_id = client.send(apns.fields(), orjson.dumps(ALERT), trailers=[("x-checksum", "1")])
        assert (await client.response(stream_id)).status == 200
    assert [r.payload for r in apns.inbox.by_token("apns", TOKEN)] == [ALERT]


header_value = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x17F, exclude_categories=["Cc"]))


async def test_no_header_or_body_goes_unanswered(apns: Sandbox) -> None:
    loop = asyncio.get_running_loop()
    async with apns.client() as client:
        await client.request(apns.fields(), orjson.dumps(ALERT))

        @hypothesis_settings(max_examples=60, deadline=None, database=None)
        @given(
            name=st.sampled_from(
                ["apns_id", "apns_topic", "apns_push_type", "apns_priority", "apns_collapse_id", "authorization"]
            ),
            value=header_value,
            body=st.binary(max_size=200),
        )
        def ask(name: str, value: str, body: bytes) -> None:
            request = client.request(apns.fields(**{name: value}), body)
            answer = asyncio.run_coroutine_threadsafe(request, loop).result(10)
            assert 400 <= answer.status < 500
            assert answer.reason

        await asyncio.to_thread(ask)


# -- independent clients


@asynccontextmanager
async def aioapns_client(apns: Sandbox, **options: Any) -> AsyncIterator[aioapns.APNs]:
    """aioapns with its pool pointed at the sandbox; it knows no other address than Apple's."""

    async def no_report(request: Any, result: Any) -> None:
        """The test looks at the result."""

    key = apns.credentials
    client = aioapns.APNs(
        key=key.private_key,
        key_id=key.key_id,
        team_id=key.team_id,
        topic=TOPIC,
        ssl_context=ssl.create_default_context(cafile=str(apns.ca)),
        err_func=no_report,
        **options,
    )
    client.pool.ssl_context.set_alpn_protocols(["h2"])  # type: ignore[union-attr]
    client.pool.protocol_class = type(
        "SandboxProtocol",
        (APNsProductionClientProtocol,),
        {"APNS_SERVER": "localhost", "APNS_PORT": apns.port},
    )
    try:
        yield client
    finally:
        client.pool.close()


async def test_aioapns_sends_and_reads_every_answer(apns: Sandbox) -> None:
    apns.server.devices.mark_dead("cd" * 32, since_ms=1_700_000_000_123)
    async with aioapns_client(apns) as client:
        for token, collapse in ((TOKEN, "c1"), (TOKEN, None)):
            request = aioapns.NotificationRequest(
                token, ALERT, collapse_key=collapse, time_to_live=60, push_type=aioapns.PushType.ALERT
            )
            assert (await client.send_notification(request)).is_successful
        dead = aioapns.NotificationRequest("cd" * 32, ALERT, push_type=aioapns.PushType.ALERT)
        result = await client.send_notification(dead)
    assert (result.status, result.description) == ("410", "Unregistered")
    assert str(result.timestamp) == "1700000000123"
    assert [r.headers.get("apns-collapse-id") for r in apns.inbox.by_token("apns", TOKEN)] == ["c1", None]


async def test_aioapns_survives_a_goaway_by_reconnecting(apns: Sandbox) -> None:
    apns.faults.order("apns", Fault("goaway", reason="Shutdown", times=1))
    async with aioapns_client(apns) as client:
        request = aioapns.NotificationRequest(TOKEN, ALERT, push_type=aioapns.PushType.ALERT)
        assert (await client.send_notification(request)).is_successful
    assert len(apns.inbox.by_token("apns", TOKEN)) == 1


def test_the_server_runs_on_uvloop(ca: Path, credentials: ApnsCredentials) -> None:
    async def scenario() -> None:
        async with Sandbox(ca, credentials) as apns:
            assert (await apns.push()).status == 200
            apns.faults.order("apns", Fault("reset", times=1))
            async with apns.client() as client:
                await client.ping()
                client.send(apns.fields(), orjson.dumps(ALERT))
                with pytest.raises(ConnectionResetError):
                    await client.ended()

    run: Callable[[Awaitable[None]], None] = uvloop.run  # type: ignore[assignment]
    with ThreadPoolExecutor(1) as thread:
        thread.submit(run, scenario()).result(20)
