"""APNs over the wire: every row of the table, connections that leave, provider tokens, what the device gets."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from deploy.sandbox.apns.keys import ApnsCredentials, make_apns_key
from deploy.sandbox.faults.orders import Fault
from deploy.sandbox.phone.sdk_push import Action, read_push
from deploy.sandbox.tls.authority import ensure_certificates
from schemas.application_events import ApplicationChanged
from schemas.values import Button, Content, SecureValues
from services.dispatch.provider import (
    Accepted,
    BadCredentials,
    Opening,
    Push,
    Rejected,
    Result,
    Retry,
    TokenGone,
    Uncertain,
)
from services.dispatch.providers.apns import client
from services.dispatch.providers.apns import sender as apns
from services.dispatch.providers.apns.table import TABLE
from services.runtime.settings import Settings
from tests.support.apns_harness import TOKEN, TOPIC, Sandbox
from tests.support.pushes import DELIVERY_ID, push_of
from tests.support.senders import pointed_at

OTHER_TOKEN = "ff" * 32
APPLICATION = ApplicationChanged(event_id="e", at=0, application_id="app", name="Demo", api_key_digests=())


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ensure_certificates(tmp_path_factory.mktemp("apns"))


@pytest.fixture
async def sandbox(ca: Path) -> AsyncIterator[Sandbox]:
    """With a key of its own, so that no provider token of another test is used again."""
    async with Sandbox(ca, make_apns_key((TOPIC,)), "production") as running:
        yield running


def opening(sandbox: Sandbox, **changes: Any) -> Opening:
    key = sandbox.credentials
    given = {"team_id": key.team_id, "key_id": key.key_id, "private_key": key.private_key, "topic": TOPIC}
    url = f"https://localhost:{sandbox.port}"
    addresses = {"APNS_URL": url, "APNS_SANDBOX_URL": "https://localhost:1", "PROVIDER_CA_FILE": str(sandbox.ca)}
    return Opening(Settings.from_environment(addresses), APPLICATION, {**given, **changes})


@pytest.fixture
async def sender(sandbox: Sandbox) -> AsyncIterator[apns.ApnsSender]:
    opened = await apns.open_sender(opening(sandbox))
    yield opened
    await opened.close()


def a_push(content: Content | None = None, **changes: Any) -> Push:
    return push_of(content, **{"token": TOKEN, "expires_at": time.time_ns() // 1_000_000 + 60_000, **changes})


async def answers_to(sandbox: Sandbox, sender: apns.ApnsSender, times: int = 1, **fault: Any) -> Result:
    """The result of a push that an ordered fault strikes."""
    sandbox.faults.order("apns", Fault(**{"kind": "status", "times": times, **fault}))
    result = await sender.send(a_push())
    sandbox.faults.clear()
    return result


# -- an ordinary push


async def test_a_push_arrives_as_the_sdk_reads_it(sandbox: Sandbox, sender: apns.ApnsSender) -> None:
    content = Content(
        title="Card blocked",
        text="Tap to see why",
        content_category="IMAGE",
        content_url="https://img.example/1.png",
        actions=(Button(title="Call", action="link", options="tel:1"),),
        custom_payload='{"screen":"cards"}',
    )
    result = await sender.send(a_push(content, link=3, lane="bulk"))
    (received,) = await sandbox.inbox.wait("apns", TOKEN)
    read = read_push("apns", received.payload)
    assert result == Accepted(DELIVERY_ID, 200)
    assert (read.delivery_id, read.link, read.bulk, read.more) == (DELIVERY_ID, 3, True, False)
    assert (read.title, read.text, read.category) == ("Card blocked", "Tap to see why", "IMAGE")
    assert read.actions == (Action("Call", "link", "tel:1"),)
    assert read.custom_payload == '{"screen":"cards"}'
    assert received.payload["aps"]["mutable-content"] == received.payload["aps"]["content-available"] == 1
    assert (received.payload["aps"]["category"], received.payload["aps"]["sound"]) == ("rpns-1", "default")


async def test_headers_name_the_delivery_and_its_end(sandbox: Sandbox, sender: apns.ApnsSender) -> None:
    push = a_push()
    await sender.send(push)
    (received,) = await sandbox.inbox.wait("apns", TOKEN)
    assert received.headers == {
        "apns-topic": TOPIC,
        "apns-push-type": "alert",
        "apns-priority": "10",
        "apns-id": DELIVERY_ID,
        "apns-collapse-id": DELIVERY_ID,
        "apns-expiration": str(push.expires_at // 1000),
    }


@pytest.mark.parametrize("bundle", ["app.of.somebody.else", "not_a_bundle"])
async def test_a_bundle_that_a_device_made_up_never_stops_the_application(
    sandbox: Sandbox, sender: apns.ApnsSender, bundle: str
) -> None:
    result = await sender.send(a_push(bundle=bundle))
    assert isinstance(result, Rejected)
    assert not result.alert
    assert await sender.send(a_push()) == Accepted(DELIVERY_ID, 200)


@pytest.mark.parametrize("reason", ["InvalidProviderToken", "Forbidden", "UnrelatedKeyIdInToken"])
async def test_keys_that_are_refused_for_a_bundle_that_nobody_provisioned_are_about_that_bundle(
    sandbox: Sandbox, sender: apns.ApnsSender, reason: str
) -> None:
    sandbox.faults.order("apns", Fault(kind="status", reason=reason, token=OTHER_TOKEN))
    other = a_push(token=OTHER_TOKEN, bundle=f"{TOPIC}.widgets")
    sandbox.server.keys.add(sandbox.credentials.model_copy(update={"topics": (TOPIC, f"{TOPIC}.widgets")}))
    assert await sender.send(other) == Rejected(reason, 403)
    assert await sender.send(other._replace(bundle=TOPIC)) == Rejected(reason, 403, alert=True)


async def test_a_text_over_4096_bytes_is_shortened_and_accepted(sandbox: Sandbox, sender: apns.ApnsSender) -> None:
    result = await sender.send(a_push(Content(text="щ" * 5000)))
    (received,) = await sandbox.inbox.wait("apns", TOKEN)
    read = read_push("apns", received.payload)
    assert result == Accepted(DELIVERY_ID, 200, shortened=True)
    assert read.more
    assert read.text.endswith("щ…")
    assert len(read.text) > 1500


async def test_secret_values_are_masked_and_fetched(sandbox: Sandbox, sender: apns.ApnsSender) -> None:
    secure = SecureValues(names=("code",), hour=1, sealed="")
    await sender.send(a_push(Content(text="Your code is %code%", secure=secure)))
    (received,) = await sandbox.inbox.wait("apns", TOKEN)
    assert received.payload["aps"]["alert"]["body"] == "Your code is •••"
    assert received.payload["rpns"]["text"] == "Your code is %code%"
    assert received.payload["rpns"]["more"] is True


async def test_environment_and_bundle_come_from_the_token(sandbox: Sandbox, ca: Path) -> None:
    """A development token goes to the development service, for the bundle that it was made for."""
    key = make_apns_key((TOPIC, "app.other"), sandbox.credentials.team_id)
    async with Sandbox(ca, key, "development") as development:
        made = opening(sandbox, key_id=key.key_id, private_key=key.private_key)
        settings = pointed_at(made.settings, APNS_SANDBOX_URL=f"https://localhost:{development.port}")
        sender = await apns.open_sender(Opening(settings, APPLICATION, made.credentials))
        result = await sender.send(a_push(token_environment="sandbox", bundle="app.other"))
        await sender.close()
        (received,) = development.inbox.all()
    assert isinstance(result, Accepted)
    assert received.headers["apns-topic"] == "app.other"
    assert sandbox.inbox.all() == []


async def test_tokens_that_never_worked_have_a_connection_of_their_own(
    sandbox: Sandbox, sender: apns.ApnsSender
) -> None:
    await sender.send(a_push(token_worked=True))
    assert len(sandbox.server.connections) == 1
    await sender.send(a_push(token_worked=False))
    assert len(sandbox.server.connections) == 2


# -- refusals

_RESULTS: dict[str, Result] = {
    "this token is dead": TokenGone("", 0),
    "this message will never be taken": Rejected("", 0),
    "none of this application will be taken": Rejected("", 0, alert=True),
    "later, this device only": Retry("", scope="token"),
    "later, the provider is in trouble": Retry("", scope="provider"),
}


@pytest.mark.parametrize(
    ("status", "reason"), [row for row, action in TABLE.items() if action.value in _RESULTS], ids=str
)
async def test_every_refusal_is_what_the_table_says(
    sandbox: Sandbox, sender: apns.ApnsSender, status: int, reason: str
) -> None:
    result = await answers_to(sandbox, sender, status=status, reason=reason)
    expected = _RESULTS[TABLE[status, reason].value]
    assert type(result) is type(expected)
    assert isinstance(result, TokenGone | Rejected | Retry)
    assert (result.detail, result.status) == (reason, status)
    if isinstance(result, Rejected) and isinstance(expected, Rejected):
        assert result.alert is expected.alert
    if isinstance(result, Retry) and isinstance(expected, Retry):
        assert result.scope == expected.scope


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"status": 418, "reason": "Teapot"}, Rejected("Teapot", 418)),
        ({"status": 410, "reason": "SomethingNew"}, Rejected("SomethingNew", 410)),
        ({"status": 403, "reason": "SomethingNew"}, Rejected("SomethingNew", 403)),
        ({"status": 403, "reason": "two words"}, Rejected("status 403", 403)),
        ({"status": 403}, Rejected("status 403", 403)),
        ({"status": 400}, Rejected("status 400", 400)),
        ({"status": 408}, Retry("status 408", 408, None, "provider", 2)),
        ({"status": 302}, Retry("status 302", 302, None, "provider", 2)),
        ({"status": 502, "reason": "Odd"}, Retry("Odd", 502, None, "provider", 2)),
        ({"status": 429, "reason": "Odd"}, Retry("Odd", 429, None, "token")),
    ],
)
async def test_words_that_nobody_knows_never_retire_a_token(
    sandbox: Sandbox, sender: apns.ApnsSender, fault: dict[str, Any], expected: Result
) -> None:
    assert await answers_to(sandbox, sender, **fault) == expected


async def test_a_dead_token_is_told_with_its_moment(sandbox: Sandbox, sender: apns.ApnsSender) -> None:
    sandbox.server.devices.mark_dead(TOKEN, 1_700_000_000_123)
    assert await sender.send(a_push()) == TokenGone("Unregistered", 410, 1_700_000_000_123)


async def test_a_token_that_cannot_stand_in_a_path_is_no_token(sandbox: Sandbox, sender: apns.ApnsSender) -> None:
    assert isinstance(await sender.send(a_push(token="no/../token\n")), TokenGone)
    assert not sandbox.server.connections


@pytest.mark.parametrize(("given", "after_s"), [("7", 7.0), ("soon", None)])
async def test_retry_after_is_read_when_it_is_there(
    sandbox: Sandbox, sender: apns.ApnsSender, given: str, after_s: float | None
) -> None:
    result = await answers_to(sandbox, sender, reason="TooManyRequests", retry_after=given)
    assert result == Retry("TooManyRequests", 429, after_s, "token")


# -- provider tokens


async def test_an_expired_provider_token_too_young_to_renew_is_an_alert(
    sandbox: Sandbox, sender: apns.ApnsSender
) -> None:
    result = await answers_to(sandbox, sender, reason="ExpiredProviderToken", times=5)
    assert result == Rejected("ExpiredProviderToken", 403, alert=True)


async def test_a_young_provider_token_called_expired_once_is_tried_again_on_a_new_connection(
    sandbox: Sandbox, sender: apns.ApnsSender
) -> None:
    assert isinstance(await answers_to(sandbox, sender, reason="ExpiredProviderToken"), Accepted)


async def test_an_expired_provider_token_is_renewed_once_on_a_new_connection(
    sandbox: Sandbox, sender: apns.ApnsSender, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sender.send(a_push())
    now = time.time_ns() // 1_000_000
    monkeypatch.setattr(client, "now_ms", lambda: now + 21 * 60_000)
    sandbox.clock.now_s += 21 * 60
    result = await answers_to(sandbox, sender, reason="ExpiredProviderToken")
    assert isinstance(result, Accepted)
    assert isinstance(await sender.send(a_push()), Accepted)


async def test_too_many_provider_tokens_go_back_to_the_one_before(
    sandbox: Sandbox, sender: apns.ApnsSender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sandbox refuses a second new token on a connection within 20 minutes of the first."""
    sandbox.faults.switch("apns.token_update_interval_s", "7200")
    await sender.send(a_push())
    now = time.time_ns() // 1_000_000
    monkeypatch.setattr(client, "now_ms", lambda: now + 55 * 60_000)
    sandbox.clock.now_s += 55 * 60
    assert isinstance(await sender.send(a_push()), Accepted)
    assert sandbox.server.pushes.refused["TooManyProviderTokenUpdates"] == 1
    assert isinstance(await sender.send(a_push()), Accepted)
    assert sandbox.server.pushes.refused["TooManyProviderTokenUpdates"] == 1


async def test_a_key_of_another_team_is_an_alert(sandbox: Sandbox) -> None:
    stranger: ApnsCredentials = make_apns_key((TOPIC,))
    sender = await apns.open_sender(opening(sandbox, key_id=stranger.key_id, private_key=stranger.private_key))
    assert await sender.send(a_push()) == Rejected("InvalidProviderToken", 403, alert=True)
    await sender.close()


async def test_one_spurious_refusal_of_the_provider_token_loses_nothing(
    sandbox: Sandbox, sender: apns.ApnsSender
) -> None:
    await sender.send(a_push())
    first = set(sandbox.server.connections)
    assert isinstance(await answers_to(sandbox, sender, reason="InvalidProviderToken"), Accepted)
    assert set(sandbox.server.connections) - first
    twice = await answers_to(sandbox, sender, reason="InvalidProviderToken", times=2)
    assert twice == Rejected("InvalidProviderToken", 403, alert=True)


async def test_a_device_that_is_refused_again_and_again_costs_its_neighbours_no_connection(
    sandbox: Sandbox, sender: apns.ApnsSender
) -> None:
    sandbox.faults.order("apns", Fault(kind="status", reason="InvalidProviderToken", token=OTHER_TOKEN))
    await sender.send(a_push(token=OTHER_TOKEN))
    await sender.send(a_push())
    there = set(sandbox.server.connections)
    for _ in range(5):
        assert isinstance(await sender.send(a_push(token=OTHER_TOKEN)), Rejected)
        assert isinstance(await sender.send(a_push()), Accepted)
    assert set(sandbox.server.connections) == there


@pytest.mark.parametrize("reason", ["ExpiredProviderToken", "IdleTimeout", "Shutdown", "UnrelatedKeyIdInToken"])
async def test_pushes_that_wait_for_a_stream_go_round_again_when_the_connections_are_replaced(
    sandbox: Sandbox, sender: apns.ApnsSender, reason: str
) -> None:
    sandbox.faults.switch("apns.stream_limit", "1")
    await sender.send(a_push())
    sandbox.faults.order("apns", Fault(kind="status", reason=reason, times=1))
    results = await asyncio.gather(*(sender.send(a_push(token=f"{number:064x}")) for number in range(100)))
    assert {type(result) for result in results} == {Accepted}
    assert len(sandbox.inbox.all()) == 101


async def test_an_unrelated_key_gets_a_connection_of_its_own_then_it_is_an_alert(
    sandbox: Sandbox, sender: apns.ApnsSender
) -> None:
    once = await answers_to(sandbox, sender, reason="UnrelatedKeyIdInToken")
    twice = await answers_to(sandbox, sender, reason="UnrelatedKeyIdInToken", times=2)
    assert isinstance(once, Accepted)
    assert twice == Rejected("UnrelatedKeyIdInToken", 403, alert=True)


# -- connections


@pytest.mark.parametrize("reason", ["Shutdown", "IdleTimeout"])
async def test_a_service_that_leaves_gets_the_push_over_a_new_connection(
    sandbox: Sandbox, sender: apns.ApnsSender, reason: str
) -> None:
    await sender.send(a_push())
    assert isinstance(await answers_to(sandbox, sender, reason=reason), Accepted)
    result = await answers_to(sandbox, sender, reason=reason, times=2)
    assert isinstance(result, Retry)
    assert result.detail == reason


async def test_goaway_loses_nothing(sandbox: Sandbox, sender: apns.ApnsSender) -> None:
    await sender.send(a_push())
    sandbox.faults.order("apns", Fault(kind="goaway", reason="Shutdown", times=1))
    results = await asyncio.gather(*(sender.send(a_push(token=f"{number:064x}")) for number in range(50)))
    assert {type(result) for result in results} == {Accepted}


async def test_a_refused_stream_is_sent_again(sandbox: Sandbox, sender: apns.ApnsSender) -> None:
    sandbox.faults.order("apns", Fault(kind="refused-stream", times=1))
    assert isinstance(await sender.send(a_push()), Accepted)
    assert len(sandbox.inbox.all()) == 1


async def test_streams_that_are_always_refused_are_told_as_too_much(sandbox: Sandbox, sender: apns.ApnsSender) -> None:
    sandbox.faults.order("apns", Fault(kind="refused-stream"))
    result = await sender.send(a_push())
    assert isinstance(result, Retry)
    assert result.scope == "application"


async def test_one_stream_at_a_time_is_obeyed(sandbox: Sandbox, sender: apns.ApnsSender) -> None:
    sandbox.faults.switch("apns.stream_limit", "1")
    results = await asyncio.gather(*(sender.send(a_push(token=f"{number:064x}")) for number in range(40)))
    assert {type(result) for result in results} == {Accepted}


async def test_a_connection_lost_after_writing_is_uncertain_and_a_resend_replaces(
    sandbox: Sandbox, sender: apns.ApnsSender
) -> None:
    push = a_push()
    assert sender.absorbs_resend(push)
    await sender.send(push)
    sandbox.faults.order("apns", Fault(kind="drop-after-write", times=1))
    assert isinstance(await sender.send(push), Uncertain)
    assert isinstance(await sender.send(push), Accepted)
    assert {push.headers["apns-collapse-id"] for push in sandbox.inbox.all()} == {DELIVERY_ID}


async def test_no_service_at_all_is_the_providers_trouble(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "ANSWER_TIMEOUT_S", 0.5)
    made = opening(sandbox)
    settings = pointed_at(made.settings, APNS_URL="https://localhost:1")
    sender = await apns.open_sender(Opening(settings, APPLICATION, made.credentials))
    result = await sender.send(a_push())
    await sender.close()
    assert isinstance(result, Retry)
    assert result.scope == "provider"


async def test_a_closed_sender_sends_nothing(sandbox: Sandbox) -> None:
    sender = await apns.open_sender(opening(sandbox))
    await sender.close()
    assert await sender.send(a_push()) == Retry("the sender is closed")


@pytest.mark.parametrize(
    ("field", "value"),
    [("team_id", "short"), ("key_id", None), ("private_key", "no key"), ("topic", "no topic")],
)
async def test_credentials_that_cannot_be_used_are_refused_by_name(sandbox: Sandbox, field: str, value: object) -> None:
    with pytest.raises(BadCredentials, match=field):
        await apns.open_sender(opening(sandbox, **{field: value}))


# -- Live Activities


def a_live_push(event: str, slot: str, **aps: Any) -> Push:
    fields = {"event": event, "timestamp": "2026-01-01T00:00:00.000Z", "content-state": {"n": 1}}
    named = {name.replace("_", "-"): value for name, value in aps.items()}
    return a_push(Content(text="Packed", title="Parcel", live_activity=json.dumps({**fields, **named})), slot=slot)


async def test_an_activity_is_updated_under_its_own_topic(sandbox: Sandbox, sender: apns.ApnsSender) -> None:
    assert isinstance(await sender.send(a_live_push("update", "activity/a")), Accepted)
    (received,) = sandbox.inbox.by_token("apns", TOKEN)
    assert received.payload == {"aps": {"timestamp": 1767225600, "event": "update", "content-state": {"n": 1}}}
    assert received.headers["apns-topic"] == f"{TOPIC}.push-type.liveactivity"
    assert (received.headers["apns-push-type"], received.headers["apns-priority"]) == ("liveactivity", "5")


async def test_a_start_is_taken_with_its_alert_and_never_sent_again_blindly(
    sandbox: Sandbox, sender: apns.ApnsSender
) -> None:
    start = a_live_push("start", "start/T", attributes_type="T", attributes={}, input_push_channel="AAAA")
    assert isinstance(await sender.send(start), Accepted)
    aps = sandbox.inbox.by_token("apns", TOKEN)[0].payload["aps"]
    assert (aps["alert"], aps["input-push-channel"]) == ({"title": "Parcel", "body": "Packed"}, "AAAA")
    assert not sender.absorbs_resend(start)
    assert sender.absorbs_resend(a_live_push("update", "activity/a"))


async def test_a_dead_activity_token_is_gone_and_a_state_that_is_too_large_is_not_sent(
    sandbox: Sandbox, sender: apns.ApnsSender
) -> None:
    sandbox.server.devices.mark_dead(TOKEN, 5)
    gone = await sender.send(a_live_push("end", "activity/a"))
    assert isinstance(gone, TokenGone)
    assert gone.dead_at == 5
    assert isinstance(await sender.send(a_live_push("update", "activity/a", content_state={"n": "x" * 4096})), Rejected)
