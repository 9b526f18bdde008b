"""The device API on real Kafka and MongoDB: what a device writes it reads, and no other can."""

import asyncio
import base64
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from schemas import codec, ids
from schemas.application_events import CredentialsChanged
from schemas.device_events import InstallationChanged, TokenRegistered
from schemas.events import Event, ReceiptReceived
from schemas.topics import DEVICE_EVENTS, INSTALLATIONS, STATUS_EVENTS, Topic
from services.registry.devices.publish import InstallationPublisher
from services.runtime.access.device_pace import ENTRIES, INSTALLATION, SITE_INSTALLS
from services.runtime.clock import now_ms
from tests.conftest import Servers, own_settings
from tests.support.device_events import AppEvents
from tests.support.log_reader import all_events_of
from tests.support.registry_app import API_KEY, Phone, Registry, registry
from tests.support.waiting import eventually


@pytest.fixture(scope="module")
async def here(stack_servers: Servers) -> AsyncIterator[Registry]:
    async with registry(own_settings(stack_servers)) as opened:
        yield opened


WEB = {"endpoint": "http://push.example/", "keys": {"p256dh": "", "auth": ""}}
POINT = ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
SUBSCRIPTION = {
    "endpoint": "https://push.example/a",
    "expirationTime": 2_000_000_000_000,
    "keys": {"p256dh": base64.urlsafe_b64encode(POINT).decode(), "auth": base64.urlsafe_b64encode(bytes(16)).decode()},
}


async def appended(here: Registry, topic: Topic, about: str, count: int = 1) -> list[Event]:
    """The events of a topic that tell of `about`, an installation or a message, once there are `count`."""

    async def come() -> list[Event]:
        found = [event for event in await all_events_of(here.settings, topic) if about in str(event)]
        return found if len(found) >= count else []

    return await eventually(come, f"{count} events about {about}")


def token() -> dict[str, str]:
    """A token that no other test has."""
    return {"provider": "apns", "token": secrets.token_hex(32)}


async def test_install_gives_a_credential_and_a_repeat_gives_it_again(here: Registry) -> None:
    phone = here.phone()
    first, again = await phone.install(), await phone.install()
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["credential"] == again.json()["credential"]
    assert first.json()["installation"] == again.json()["installation"]
    assert (await phone.ok("GET"))["appVersion"] == "1.2.3"


async def test_a_known_id_cannot_be_installed_without_its_proof(here: Registry) -> None:
    phone, thief = await here.installed(), here.phone()
    thief.installation_id = phone.installation_id
    assert (await thief.install()).status_code == 409


async def test_of_two_that_install_one_id_at_once_one_is_refused(here: Registry) -> None:
    phones = [here.phone() for _ in range(4)]
    for phone in phones:
        phone.installation_id = phones[0].installation_id
    answers = await asyncio.gather(*(phone.install() for phone in phones))
    [winner] = [phone for phone, answer in zip(phones, answers, strict=True) if answer.is_success]
    assert (await winner.call("GET")).status_code == 200


async def test_one_device_never_speaks_for_another(here: Registry) -> None:
    mine, theirs = await here.installed(), await here.installed()
    theirs.credential = mine.credential
    for method, path in (("GET", ""), ("POST", "/depersonalize"), ("DELETE", "/token"), ("GET", "/profile")):
        assert (await theirs.call(method, path)).status_code == 401


async def test_the_doors_are_closed_without_key_or_credential(here: Registry) -> None:
    assert (await here.phone().install(api_key="wrong")).status_code == 401
    phone = await here.installed()
    assert (await phone.call("GET", headers={"X-Api-Key": "wrong"})).status_code == 401
    assert (await phone.call("GET", headers={"X-Api-Key": API_KEY})).status_code == 200
    phone.credential = ""
    assert (await phone.call("GET")).status_code == 401


async def test_a_token_is_sealed_in_the_log_and_the_database(here: Registry) -> None:
    phone = await here.installed()
    apns = token()
    answer = await phone.ok("PUT", "/token", apns)
    assert answer["token"]["provider"] == "apns"
    assert answer["token"]["environment"] == "production"
    assert answer["token"]["bundle"] == "com.example.app"
    _, registered = await appended(here, DEVICE_EVENTS, phone.installation_id, 2)
    assert isinstance(registered, TokenRegistered)
    assert here.secrets.open(registered.sealed, b"token").decode() == apns["token"]
    assert apns["token"] not in str(await here.devices.installations.find_one({"_id": phone.installation_id}))


async def test_the_same_token_again_is_not_another_event(here: Registry) -> None:
    phone = await here.installed()
    apns = token()
    assert await phone.ok("PUT", "/token", apns) == await phone.ok("PUT", "/token", apns)


async def test_a_token_moves_with_the_newer_installation(here: Registry) -> None:
    old, new = await here.installed(), await here.installed()
    apns = token()
    await old.ok("PUT", "/token", apns)
    await new.ok("PUT", "/token", apns)
    assert (await old.ok("GET"))["token"] is None
    assert (await new.ok("GET"))["token"] is not None
    assert (await new.ok("DELETE", "/token"))["token"] is None


async def test_a_browsers_subscription_is_kept_whole(here: Registry) -> None:
    phone = await here.installed()
    await phone.ok("PUT", "/token", {"provider": "web", "subscription": SUBSCRIPTION})
    (device,) = (await here.devices.load([phone.installation_id])).values()
    assert device.token is not None
    kept = orjson.loads(here.secrets.open(device.token.sealed, b"token"))
    assert (kept["endpoint"], kept["expirationTime"]) == (SUBSCRIPTION["endpoint"], SUBSCRIPTION["expirationTime"])
    assert kept["keys"]["p256dh"] == base64.urlsafe_b64encode(POINT).decode().rstrip("=")


def web_key() -> str:
    point = ec.generate_private_key(ec.SECP256R1()).public_key()
    raw = point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


async def test_a_subscription_remembers_the_key_that_it_was_made_for(here: Registry) -> None:
    """The application's when it was first seen, unless the page says another; a rotation changes nothing of it."""

    def rotate(public_key: str) -> None:
        about = {"application_id": "app", "provider": "web", "sealed": "", "fingerprint": public_key[:9]}
        changed = CredentialsChanged.stored(
            {"event_id": "c", "at": 0, **about, "public_key": public_key, "enabled": True}
        )
        here.directory.apply(changed.entity_key, codec.encode(changed))

    async def noted(phone: Phone, **fields: str) -> str | None:
        await phone.ok("PUT", "/token", {"provider": "web", "subscription": {**SUBSCRIPTION, **fields}})
        (device,) = (await here.devices.load([phone.installation_id])).values()
        assert device.token is not None
        return device.token.server_key

    first, second, foreign = web_key(), web_key(), web_key()
    rotate(first)
    phone = await here.installed()
    assert await noted(phone) == first
    rotate(second)
    assert await noted(phone) == first
    assert await noted(phone, applicationServerKey=f"{second}=") == second
    assert await noted(phone, endpoint="https://push.example/b") == second
    assert await noted(phone, endpoint="https://push.example/c", applicationServerKey=foreign) == foreign


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (
            {"provider": "web", "subscription": {**SUBSCRIPTION, "applicationServerKey": "x"}},
            "subscription.applicationServerKey",
        ),
        (
            {"provider": "web", "subscription": {**SUBSCRIPTION, "applicationServerKey": 7}},
            "subscription.applicationServerKey",
        ),
        ({"provider": "apns", "token": "no hex"}, "token"),
        ({"provider": "fcm", "token": "with blank"}, "token"),
        ({"provider": "fcm"}, "token"),
        ({"provider": "fcm", "token": "x", "carrier": "hms"}, "carrier"),
        ({"provider": "rustore", "token": "x", "carrier": "hms", "variant": "native"}, "carrier"),
        ({"provider": "channel", "token": "x"}, "provider"),
        ({"provider": "web", "token": "x"}, "subscription"),
        ({"provider": "web", "subscription": WEB}, "subscription.endpoint"),
        ({"provider": "fcm", "token": "x" * 5000}, "token"),
        ({"provider": "fcm", "token": "a\x00b"}, "token"),
    ],
)
async def test_a_token_that_no_provider_gave_is_refused_by_field(
    here: Registry, body: dict[str, object], field: str
) -> None:
    answer = await (await here.installed()).call("PUT", "/token", body)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"][0]["field"] == field


async def test_personalize_normalises_the_phone_and_answers_the_mark(here: Registry) -> None:
    phone = await here.installed()
    answer = await phone.ok("POST", "/personalize", {"externalUserId": "u", "phone": "8 (916) 123-45-67"})
    assert (answer["externalUserId"], answer["phone"]) == ("u", "79161234567")
    assert answer["recipientMark"] == ids.recipient_mark_of("app", "u", None)
    profile = await phone.ok("GET", "/profile")
    assert profile == {name: answer[name] for name in ("externalUserId", "phone", "recipientMark", "primary", "proved")}


async def test_logging_out_unlinks(here: Registry) -> None:
    phone = await here.installed()
    await phone.ok("POST", "/personalize", {"phone": "+79161234567"})
    assert (await phone.ok("POST", "/depersonalize"))["recipientMark"] == ""
    assert (await phone.ok("GET", "/profile"))["phone"] is None


@pytest.mark.parametrize("body", [{}, {"phone": "8916abc"}, {"externalUserId": ""}, {"externalUserId": None}])
async def test_personalize_needs_a_user_or_a_real_phone(here: Registry, body: dict[str, object]) -> None:
    assert (await (await here.installed()).call("POST", "/personalize", body)).status_code == 400


async def test_the_last_claim_has_the_primary_mark(here: Registry) -> None:
    first, second = await here.installed(), await here.installed()
    for phone in (first, second):
        await phone.ok("POST", "/personalize", {"externalUserId": "primary-user"})
    assert (await first.ok("PUT", "/settings", {"primary": True}))["primary"]
    assert (await second.ok("POST", "/sessions", {"primary": True}))["primary"]
    assert not (await first.ok("GET"))["primary"]
    assert not (await second.ok("PUT", "/settings", {"primary": False}))["primary"]


async def test_a_claim_before_the_login_counts_at_the_login(here: Registry) -> None:
    phone = await here.installed()
    assert not (await phone.ok("PUT", "/settings", {"primary": True}))["primary"]
    assert (await phone.ok("POST", "/personalize", {"externalUserId": "early"}))["primary"]


async def test_settings_change_only_what_they_name(here: Registry) -> None:
    phone = await here.installed()
    await phone.ok("PUT", "/settings", {"pushEnabled": False, "subscriptions": [{"id": "news", "value": False}]})
    answer = await phone.ok("PUT", "/settings", {"pushOsEnabled": False, "subscriptions": [{"id": "ads"}]})
    assert (answer["pushEnabled"], answer["pushOsEnabled"]) == (False, False)
    assert [(entry["id"], entry["value"]) for entry in answer["subscriptions"]] == [("ads", True), ("news", False)]


async def test_a_session_with_an_id_counts_once(here: Registry) -> None:
    phone = await here.installed()
    session = {"sessionId": ids.uuid7(), "appVersion": "2.0"}
    await phone.ok("POST", "/sessions", session)
    await phone.ok("POST", "/sessions", session)
    answer = await phone.ok("POST", "/sessions", {})
    assert (answer["launches"], answer["appVersion"]) == (2, "2.0")


async def test_receipts_are_judged_one_by_one_and_go_to_their_lane(here: Registry) -> None:
    phone = await here.installed()
    message, now = ids.uuid7(), now_ms()
    delivery = here.secrets.delivery_ids.of(message, 0, phone.installation_id)
    good = {"messageId": message, "deliveryId": delivery, "kind": "read", "happenedAt": now - 1000}
    entries = [
        good,
        good,
        {**good, "bulk": True, "kind": "clicked", "action": "buy"},
        {**good, "deliveryId": ids.uuid7()},
        {**good, "deliveryId": None},
        {**good, "kind": "eaten"},
        "nonsense",
    ]
    results = (await phone.ok("POST", "/receipts", {"receipts": entries}))["results"]
    assert [result["accepted"] for result in results] == [True, True, True, False, False, False, False]
    assert [[error["field"] for error in result["errors"]] for result in results[3:]] == [
        ["deliveryId"],
        ["deliveryId"],
        ["kind"],
        ["receipt"],
    ]
    [bulk] = await appended(here, STATUS_EVENTS["bulk"], message, 1)
    assert isinstance(bulk, ReceiptReceived)
    assert (bulk.action, bulk.installation_id, bulk.lane) == ("buy", phone.installation_id, "bulk")
    assert len(await appended(here, STATUS_EVENTS["single"], message)) == 1  # though it stood there twice


async def test_an_installation_that_a_strangers_record_has_made_does_not_stop_the_publishing(here: Registry) -> None:
    stranger = AppEvents("order 1").installed(0)
    await here.devices.apply([stranger])
    phone = await here.installed()
    while await InstallationPublisher(here.devices, here.sink).publish():
        pass
    [published] = await appended(here, INSTALLATIONS, phone.installation_id, 1)
    assert isinstance(published, InstallationChanged)


async def test_what_changed_is_published_for_readers_outside(here: Registry) -> None:
    phone = await here.installed()
    await phone.ok("POST", "/personalize", {"externalUserId": "u"})
    assert await InstallationPublisher(here.devices, here.sink).publish() >= 1
    assert await InstallationPublisher(here.devices, here.sink).publish() == 0
    [published] = await appended(here, INSTALLATIONS, phone.installation_id, 1)
    assert isinstance(published, InstallationChanged)
    assert (published.installation_id, published.external_user_id) == (phone.installation_id, "u")


BAD = [
    (b"{", "application/json"),
    (b"[" * 60_000, "application/json"),
    (b'{"externalUserId": ' + b"1" * 5000 + b"}", "application/json"),
    (b'{"externalUserId": "\\ud800"}', "application/json"),
    (b'{"externalUserId": "a\\u0000"}', "application/json"),
    (b'{"externalUserId": "\xff\xfe"}', "application/json"),
    (b'{"externalUserId": 7}', "application/json"),
    (b'{"externalUserId": "' + b"x" * 300 + b'"}', "application/json"),
    (b"externalUserId=u", "application/x-www-form-urlencoded"),
    (b'{"externalUserId": "u"}', "text/plain"),
    (b"null", "application/json"),
    (b"", "application/json"),
]


@pytest.mark.parametrize(("content", "kind"), BAD)
async def test_bad_bodies_are_answered_with_a_reason(here: Registry, content: bytes, kind: str) -> None:
    answer = await (await here.installed()).call(
        "POST", "/personalize", content=content, headers={"Content-Type": kind}
    )
    assert answer.status_code == 400
    assert answer.json().get("errors") or answer.json()["title"]


async def test_a_body_over_the_limit_is_too_large(here: Registry) -> None:
    phone = await here.installed()
    answer = await phone.call("POST", "/receipts", {"receipts": ["x" * 530_000]})
    assert answer.status_code == 413
    assert "524288" in answer.json()["title"]


async def until_429(ask: Callable[[int], Awaitable[httpx.Response]], most: int) -> list[int]:
    """The statuses of one call after the other, up to the first 429."""
    statuses: list[int] = []
    while 429 not in statuses and len(statuses) < most:
        statuses.append((await ask(len(statuses))).status_code)
    return statuses


async def test_what_one_installation_may_call_is_bounded_and_slows_no_other_down(here: Registry) -> None:
    phone, other = await here.installed(), await here.installed()
    statuses = await until_429(lambda _: phone.call("GET"), 20 * INSTALLATION.burst)
    assert set(statuses) == {200, 429}
    assert len(statuses) > INSTALLATION.burst - 5  # it was installed just now
    assert (await other.call("GET")).status_code == 200


async def test_what_one_installation_may_tell_is_bounded_and_made_up_receipts_change_nothing(here: Registry) -> None:
    phone, message = await here.installed(), ids.uuid7()
    made_up = {"messageId": message, "deliveryId": ids.uuid7(), "kind": "read", "happenedAt": 1}
    answers: list[httpx.Response] = []

    async def send_receipts(_: int) -> httpx.Response:
        answers.append(await phone.call("POST", "/receipts", {"receipts": [made_up] * 400}))
        return answers[-1]

    statuses = await until_429(send_receipts, 100)
    assert set(statuses) == {200, 429}
    assert not any(result["accepted"] for answer in answers[:-1] for result in answer.json()["results"])
    assert answers[-1].headers["content-type"] == "application/problem+json"
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 400 / ENTRIES.per_s
    logged = [str(event) for event in await all_events_of(here.settings, STATUS_EVENTS["single"])]
    assert not any(message in event for event in logged)


async def test_installs_from_one_network_are_bounded_and_those_from_another_go_on(here: Registry) -> None:
    body = {"proof": "x" * 32, "deviceId": "d", "platform": "ios", "appVersion": "1"}

    async def install(address: str) -> httpx.Response:
        headers = {"X-Api-Key": API_KEY, "X-Forwarded-For": address}
        sent = body | {"installationId": ids.uuid7()}
        return await here.client.post("/sdk/api/v1/installations", json=sent, headers=headers)

    statuses = await until_429(lambda number: install(f"2001:db8:7::{number:x}"), 20 * SITE_INSTALLS.burst)
    assert set(statuses) == {201, 429}
    assert len(statuses) > SITE_INSTALLS.burst
    assert (await install("2001:db8:8::1")).status_code == 201
