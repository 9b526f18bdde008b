"""Broadcast channels on the real stack: made, followed by two phones, sent on, deleted; each step to be read."""

import asyncio
import secrets
from typing import Any

import aiohttp
import pytest

from deploy.local.provision import APPLICATION_ID, admin_of
from tests.e2e.test_cli import done
from tests.e2e.test_live_activities import TYPE, aps
from tests.support.opening import LOGIN
from tests.support.waiting import eventually
from tests.support.world import World

CHANNELS = f"/v1/applications/{APPLICATION_ID}/broadcast-channels"
Call = Any


@pytest.fixture
def call(world: World) -> Call:
    admin = admin_of(world.stack.describe())

    async def called(method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        return await asyncio.to_thread(admin.call, method, CHANNELS + path, {} if body is None else body)

    return called


async def until(call: Call, path: str, state: str) -> dict[str, Any]:
    found: dict[str, Any] = {}

    async def has_come() -> bool:
        found.update(await call("GET", path))
        return bool(found["state"] == state)

    await eventually(has_come, lambda: f"{state}; it is {found}")
    return found


async def opened(call: Call, **about: Any) -> tuple[str, str]:
    """A new channel: its name, and Apple's id of it."""
    name = f"match-{secrets.token_hex(4)}"
    asked = await call("PUT", f"/{name}", about)
    assert asked["state"] == "requested"
    found = await until(call, f"/{name}", "open")
    assert (await call("PUT", f"/{name}", about))["channelId"] == found["channelId"]
    return name, found["channelId"]


async def test_one_message_updates_the_activities_of_all_who_follow_the_channel(world: World, call: Call) -> None:
    name, channel = await opened(call, keepLatest=True)
    phone = world.new_phone()
    viewers = [await world.enrol("ios", number) for number in (phone, world.new_phone())]
    await viewers[0].activities.allow_start(TYPE)
    start = aps("start", {"goals": 0}, attributes_type=TYPE, attributes={}, input_push_channel=channel)
    await world.put("The match begins", phone, {"LIVE_ACTIVITY": start})
    await world.fleet.until(lambda: bool(viewers[0].activities.active))
    followed = [*viewers[0].activities.active, viewers[1].activities.follow(TYPE, {"goals": 0}, channel)]
    body = {"id": "goal-1", "ttlS": 60, "aps": aps("update", {"goals": 1}, 1, alert={"title": "Goal!"})}
    sent = await call("POST", f"/{name}/messages", body)
    again = await call("POST", f"/{name}/messages", body)
    assert again["broadcastId"] == sent["broadcastId"]
    await world.fleet.until(lambda: all(activity.state == {"goals": 1} for activity in followed))
    accepted = await until(call, f"/{name}/messages/{sent['broadcastId']}", "accepted")
    assert (accepted["attempt"], accepted["status"], accepted["id"]) == (1, 200, "goal-1")
    await call("POST", f"/{name}/messages", {"aps": aps("end", {"goals": 2}, 2, dismissal_date="2020-01-01T00:00:00Z")})
    await world.fleet.until(lambda: all(activity.phase == "dismissed" for activity in followed))
    assert len(await world.control.inbox("apns", f"channel/{channel}")) == 2
    assert (await call("DELETE", f"/{name}"))["state"] == "closing"
    await until(call, f"/{name}", "closed")


async def test_a_channel_made_without_an_answer_is_found_and_not_made_twice(world: World, call: Call) -> None:
    await world.control.order("apns_broadcast", "drop-after-write", times=2)  # the list, then the creation
    name, channel = await opened(call)
    sent = await call("POST", f"/{name}/messages", {"aps": aps("update", {"n": 1})})
    await until(call, f"/{name}/messages/{sent['broadcastId']}", "accepted")
    assert (await world.control.inbox("apns", f"channel/{channel}"))[0]["headers"]["apns-expiration"] == "0"
    channels = (await call("GET", "?limit=1000"))["channels"]
    assert len({channel["channelId"] for channel in channels if channel["name"] == name}) == 1


async def test_a_broadcast_that_apns_cannot_take_now_is_sent_later_and_a_bad_one_is_refused(
    world: World, call: Call
) -> None:
    name, channel = await opened(call, keepLatest=True)
    await world.control.order("apns_broadcast", "status", reason="ServiceUnavailable", token=channel, times=1)
    sent = await call("POST", f"/{name}/messages", {"ttlS": 60, "aps": aps("update", {"n": 1})})
    accepted = await until(call, f"/{name}/messages/{sent['broadcastId']}", "accepted")
    assert accepted["attempt"] == 2
    await world.control.order("apns_broadcast", "status", reason="ChannelNotRegistered", token=channel, times=1)
    sent = await call("POST", f"/{name}/messages", {"aps": aps("update", {"n": 2})})
    assert (await until(call, f"/{name}/messages/{sent['broadcastId']}", "refused"))["detail"] == "ChannelNotRegistered"


@pytest.mark.parametrize("scope", ["application", "partner", "provider"])
async def test_a_broadcast_waits_while_what_it_belongs_to_is_paused(world: World, call: Call, scope: str) -> None:
    name, channel = await opened(call)
    stopped = {"application": APPLICATION_ID, "partner": LOGIN, "provider": "apns"}[scope]

    async def sent() -> str:
        """By the partner; where to read of it."""
        body = {"ttlS": 60, "aps": aps("update", {"n": 1}, alert={"title": "Goal!"})}
        url = f"{world.stack.public_url}{CHANNELS}/{name}/messages"
        async with aiohttp.ClientSession(headers=world.bank.auth) as session, session.post(url, json=body) as answer:
            assert answer.status == 202, await answer.text()
            return f"/{name}/messages/{(await answer.json())['broadcastId']}"

    await done(world, "pause", scope, stopped)
    try:
        opened_before: list[str] = []

        async def is_held() -> bool:
            opened_before[:] = [await sent()]
            await eventually(lambda: has_left(opened_before[0]), "dispatch has looked at it")
            return bool((await call("GET", opened_before[0]))["detail"] == f"{scope} is paused")

        async def has_left(path: str) -> bool:
            return bool((await call("GET", path))["state"] != "requested")

        await eventually(is_held, f"{scope} is paused for dispatch")
        before = len(await world.control.inbox("apns", f"channel/{channel}"))
    finally:
        await done(world, "resume", scope, stopped)
    assert (await until(call, opened_before[0], "accepted"))["attempt"] == 1
    assert len(await world.control.inbox("apns", f"channel/{channel}")) == before + 1


async def test_the_command_line_makes_lists_and_deletes_a_channel(world: World) -> None:
    name = f"match-{secrets.token_hex(4)}"
    assert "is open, with the id" in (await done(world, "broadcast-channels", "create", APPLICATION_ID, name)).out
    assert name in (await done(world, "broadcast-channels", "list", APPLICATION_ID)).out
    assert "is closed" in (await done(world, "broadcast-channels", "delete", APPLICATION_ID, name)).out
