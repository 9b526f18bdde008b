"""Google's own Admin SDK, unchanged but for the address, works against the FCM sandbox and reads its errors.

Its synchronous path repeats 500 and 503 four times and then, as urllib3 does, whatever carries Retry-After; the
asynchronous one repeats 500 and 503 only (`docs/providers.md` §2.5).
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import firebase_admin
import pytest
from firebase_admin import _http_client, credentials, exceptions, messaging

from tests.support.sandbox_http import TOKEN, running_process

# the product addresses registration tokens, and FCM still takes them
pytestmark = pytest.mark.filterwarnings("ignore:Message.token is deprecated:DeprecationWarning")


@pytest.fixture(scope="module")
async def sandbox(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[dict[str, Any]]:
    """Its own process: the SDK blocks the loop while it fetches a token."""
    async with running_process(tmp_path_factory.mktemp("sandbox")) as description:
        yield description


@pytest.fixture
async def control(sandbox: dict[str, Any]) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(sandbox["control"]) as session:
        for path in ("/faults", "/received", "/switches"):
            (await session.delete(path)).raise_for_status()
        yield session


@pytest.fixture
def app(sandbox: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[firebase_admin.App]:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", sandbox["ca_file"])
    monkeypatch.setenv("SSL_CERT_FILE", sandbox["ca_file"])
    url = f"{sandbox['fcm']}/v1/projects/{{0}}/messages:send"
    monkeypatch.setattr(messaging._MessagingService, "FCM_URL", url)
    monkeypatch.setattr(_http_client.DEFAULT_RETRY_CONFIG, "backoff_factor", 0.01)  # same repeats, sooner
    app = firebase_admin.initialize_app(credentials.Certificate(sandbox["credentials"]["fcm"]), name="sandbox")
    yield app
    firebase_admin.delete_app(app)


def _message() -> messaging.Message:
    """One of everything the SDK can put into a message for Android."""
    notification = messaging.AndroidNotification(
        title="t",
        body="b",
        color="#aabbcc",
        tag="one",
        image="https://example.com/i.png",
        priority="high",
        visibility="public",
        notification_count=3,
        vibrate_timings_millis=[100, 200],
        light_settings=messaging.LightSettings("#aabbcc", 100, 200),
        sticky=True,
    )
    android = messaging.AndroidConfig(
        collapse_key="k",
        priority="high",
        ttl=60,
        data={"x": "y"},
        notification=notification,
        fcm_options=messaging.AndroidFCMOptions("label"),
    )
    aps = messaging.Aps(alert="hello", badge=1, mutable_content=True)
    apns = messaging.APNSConfig(headers={"apns-priority": "10"}, payload=messaging.APNSPayload(aps))
    return messaging.Message(
        token=TOKEN,
        data={"k": "v"},
        notification=messaging.Notification("t", "b"),
        android=android,
        apns=apns,
    )


async def _send(app: firebase_admin.App, message: messaging.Message | None = None) -> str:
    name: str = await asyncio.to_thread(messaging.send, message or _message(), False, app)
    return name


async def _order(control: aiohttp.ClientSession, provider: str = "fcm", **fault: Any) -> None:
    async with control.post(f"/faults/{provider}", json={"kind": "status", **fault}) as response:
        assert response.status == 201, await response.text()


async def _strikes_left(control: aiohttp.ClientSession) -> int:
    async with control.get("/faults") as response:
        return sum(fault["left"] for fault in (await response.json())["faults"])


async def test_it_sends_and_the_push_arrives(app: firebase_admin.App, control: aiohttp.ClientSession) -> None:
    name = await _send(app)
    async with control.get(f"/inbox/fcm/{TOKEN}", params={"count": 1}) as response:
        (received,) = (await response.json())["received"]
    assert received["message_id"] == name
    assert received["payload"]["message"]["android"]["notification"]["notification_priority"] == "PRIORITY_HIGH"


async def test_its_asynchronous_path_and_dry_run_work_too(
    app: firebase_admin.App, control: aiohttp.ClientSession
) -> None:
    batch = await messaging.send_each_async([_message(), _message()], False, app)
    assert batch.success_count == 2, [response.exception for response in batch.responses]
    dry = await messaging.send_each_async([_message()], True, app)
    assert dry.responses[0].message_id.endswith("fake_message_id")
    async with control.get("/counters") as response:
        assert (await response.json())["accepted"] == {"fcm": 2}


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("UNREGISTERED", messaging.UnregisteredError),
        ("UNREGISTERED_APNS", messaging.UnregisteredError),
        ("NOT_FOUND", exceptions.NotFoundError),
        ("SENDER_ID_MISMATCH", messaging.SenderIdMismatchError),
        ("PERMISSION_DENIED", exceptions.PermissionDeniedError),
        ("THIRD_PARTY_AUTH_ERROR", messaging.ThirdPartyAuthError),
        ("INVALID_TOKEN", exceptions.InvalidArgumentError),
        ("INVALID_ARGUMENT_BARE", exceptions.InvalidArgumentError),
        ("QUOTA_EXCEEDED", messaging.QuotaExceededError),
        ("RATE_LIMIT_EXCEEDED", exceptions.ResourceExhaustedError),
        ("BAD_GATEWAY", exceptions.UnknownError),
        ("DEADLINE_EXCEEDED", exceptions.DeadlineExceededError),
    ],
)
async def test_it_reads_our_errors_as_googles(
    app: firebase_admin.App, control: aiohttp.ClientSession, reason: str, expected: type[Exception]
) -> None:
    await _order(control, reason=reason)
    with pytest.raises(exceptions.FirebaseError) as raised:
        await _send(app)
    assert type(raised.value) is expected


async def test_a_lasting_503_is_asked_five_times(app: firebase_admin.App, control: aiohttp.ClientSession) -> None:
    await _order(control, reason="UNAVAILABLE", times=6)
    with pytest.raises(exceptions.UnavailableError):
        await _send(app)
    assert await _strikes_left(control) == 1


async def test_it_refreshes_a_token_that_the_sandbox_has_revoked(
    app: firebase_admin.App, control: aiohttp.ClientSession
) -> None:
    await _send(app)
    async with control.post("/bearers/fcm/expire") as response:
        assert (await response.json())["expired"] >= 1
    assert (await _send(app)).startswith("projects/")


async def test_it_repeats_a_request_whose_connection_was_reset(
    app: firebase_admin.App, control: aiohttp.ClientSession
) -> None:
    await _order(control, kind="reset", times=1)
    assert (await _send(app)).startswith("projects/")
    assert await _strikes_left(control) == 0
