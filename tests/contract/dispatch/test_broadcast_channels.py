"""Broadcast channels over the wire: managed, sent on, refused, and every row of the table."""

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from deploy.sandbox.apns.auth import TokenVerifier
from deploy.sandbox.apns.broadcast import ApnsBroadcastServer
from deploy.sandbox.apns.keys import make_apns_key
from deploy.sandbox.faults.orders import Fault, Faults
from deploy.sandbox.inbox import Inbox
from deploy.sandbox.tls.authority import ensure_certificates, server_context
from schemas.application_events import ApplicationChanged
from services.dispatch.provider import Opening, Rejected, Retry, Uncertain
from services.dispatch.providers.apns import sender as apns
from services.dispatch.providers.apns.channels import ApnsChannels, ChannelAnswer, Done, Gone
from services.dispatch.providers.apns.channels_table import TABLE, ChannelAction
from services.dispatch.providers.apns.table import Action
from services.runtime.settings import Settings
from tests.support.apns_harness import TOPIC

REQUEST_ID = "0193c5f0-aaaa-7bbb-8ccc-000000000001"
APS = {"timestamp": 1, "event": "update", "content-state": {"goals": 1}}
UNKNOWN = "AAAAAAAAAAAAAAAAAAAAAA=="


class Bench:
    """A server, and the client of an application."""

    def __init__(self, server: ApnsBroadcastServer, channels: ApnsChannels, faults: Faults, inbox: Inbox) -> None:
        self.server, self.channels, self.faults, self.inbox = server, channels, faults, inbox

    async def create(self, keep_latest: bool = False) -> str:
        made = await self.channels.create("production", keep_latest)
        assert isinstance(made, Done), made
        assert made.status == 201
        return made.headers["apns-channel-id"]

    async def send(self, channel: str, expires_at: int | None = None, **aps: Any) -> ChannelAnswer:
        return await self.channels.send("production", channel, REQUEST_ID, {**APS, **aps}, expires_at)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    ca, key, faults, inbox = ensure_certificates(tmp_path), make_apns_key((TOPIC,)), Faults(), Inbox()
    keys = TokenVerifier("production", faults.switches)
    keys.add(key)
    server = ApnsBroadcastServer(inbox, faults, keys, server_context(tmp_path, ("h2",)))
    url = f"https://localhost:{await server.start('127.0.0.1', 0)}"
    addresses = {"APNS_CHANNELS_URL": url, "APNS_BROADCAST_URL": url, "PROVIDER_CA_FILE": str(ca)}
    given = {"team_id": key.team_id, "key_id": key.key_id, "private_key": key.private_key, "topic": TOPIC}
    application = ApplicationChanged(event_id="e", at=0, application_id="app", name="Demo", api_key_digests=())
    sender = await apns.open_sender(Opening(Settings.from_environment(addresses), application, given))
    yield Bench(server, sender.channels, faults, inbox)
    await sender.close()
    await server.stop()


async def test_channels_are_made_listed_read_and_deleted(bench: Bench) -> None:
    kept, plain = await bench.create(keep_latest=True), await bench.create()
    listed = await bench.channels.listed("production")
    assert isinstance(listed, Done)
    assert listed.body == {"channels": [kept, plain]}
    about = await bench.channels.read("production", kept)
    assert isinstance(about, Done)
    assert about.body == {"message-storage-policy": 1, "push-type": "LiveActivity"}
    deleted = await bench.channels.delete("production", kept)
    assert isinstance(deleted, Done)
    assert deleted.status == 204
    assert isinstance(await bench.channels.delete("production", kept), Gone)
    assert isinstance(await bench.channels.read("production", kept), Gone)


async def test_a_message_goes_to_a_channel_and_is_kept_only_where_the_channel_keeps(bench: Bench) -> None:
    kept, plain = await bench.create(keep_latest=True), await bench.create()
    at = time.time_ns() // 1_000_000 + 60_000
    assert isinstance(await bench.send(kept, at, alert={"title": "Goal"}), Done)
    assert isinstance(await bench.send(plain), Done)
    (on_kept,), (on_plain,) = (bench.inbox.by_token("apns", f"channel/{channel}") for channel in (kept, plain))
    assert on_plain.payload == {"aps": APS}
    assert (on_kept.headers["apns-expiration"], on_plain.headers["apns-expiration"]) == (str(at // 1000), "0")
    assert (on_kept.headers["apns-priority"], on_plain.headers["apns-priority"]) == ("10", "5")
    assert on_plain.message_id == REQUEST_ID


@pytest.mark.parametrize(
    ("expires_at", "aps", "reason"),
    [
        (1_900_000_000_000, {}, "BadExpirationDate"),
        (None, {"event": "start", "attributes-type": "T", "attributes": {}, "alert": {}}, "BadRequestPayload"),
        (None, {"content-state": []}, "BadRequestPayload"),
    ],
)
async def test_the_sandbox_refuses_what_apple_refuses(
    bench: Bench, expires_at: int | None, aps: dict[str, Any], reason: str
) -> None:
    answer = await bench.send(await bench.create(), expires_at, **aps)
    assert isinstance(answer, Rejected)
    assert (answer.detail, answer.alert) == (reason, False)


async def test_an_unknown_channel_is_gone_and_too_much_is_not_sent_at_all(bench: Bench) -> None:
    assert isinstance(await bench.send(UNKNOWN), Gone)
    answer = await bench.send(await bench.create(), None, **{"content-state": {"text": "x" * 5120}})
    assert isinstance(answer, Rejected)
    assert answer.status == 0


async def test_a_lost_answer_is_uncertain(bench: Bench) -> None:
    channel = await bench.create()
    bench.faults.order("apns_broadcast", Fault("drop-after-write", times=1))
    assert isinstance(await bench.send(channel), Uncertain)
    assert len(bench.inbox.by_token("apns", f"channel/{channel}")) == 1


RESULTS: dict[object, type] = {
    Action.FIX_PAYLOAD: Rejected,
    Action.ALERT: Rejected,
    Action.RETRY: Retry,
    Action.RECONNECT: Retry,
    Action.REFRESH_AUTH: Rejected,
    Action.OWN_CONNECTION: Rejected,
    Action.KEEP_AUTH: Retry,
    ChannelAction.GONE: Gone,
    ChannelAction.FULL: Rejected,
}


async def test_every_row_of_the_table(bench: Bench) -> None:
    channel = await bench.create()
    for (status, reason), action in TABLE.items():
        bench.faults.order("apns_broadcast", Fault("status", status, reason, times=2))
        answer = await bench.send(channel)
        bench.faults.clear()
        assert isinstance(answer, RESULTS[action]), (status, reason, answer)
        if isinstance(answer, Rejected):
            assert answer.alert is (action in (Action.ALERT, Action.REFRESH_AUTH, Action.OWN_CONNECTION)), reason
    assert isinstance(await bench.send(channel), Done)
