"""What an ordinary push gets from the APNs sandbox, and what devices make of it."""

from pathlib import Path

import orjson

from deploy.sandbox.apns.keys import ApnsCredentials
from tests.support.apns_harness import ALERT, APNS_ID, TOKEN, TOPIC, UUID, Sandbox, outcome


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
