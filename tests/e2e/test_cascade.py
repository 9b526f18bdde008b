"""Cascades on the real stack: the next link goes out when it must, once, and not when it need not."""

import json
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from deploy.local.provision import LOGIN as PARTNER
from deploy.local.provision import PASSWORD, SERVICE_NUMBER
from deploy.sandbox.phone.device import Device, Habits
from deploy.sandbox.phone.sdk_push import read_push
from tests.e2e.test_batch import ask
from tests.e2e.test_cli import rpns
from tests.support.waiting import eventually
from tests.support.world import DELIVERED, READ, SENT, UNDELIVERED, Json, World, assert_forward

SHORT_S = 30  # the shortest lifetime of a push
MESSAGES = 48  # while status is killed
QUIET = Habits(None)


def link(kind: str, text: str, ttl_s: int = 60, **data: Any) -> Json:
    return {"type": kind, "data": {"text": text, "ttl": ttl_s, "ttlUnit": "SECONDS", **data}}


def chain(*steps: Any) -> Json:
    """state, message, state, message …"""
    state, message, *rest = steps
    return {"state": state, "message": message} | ({"nextLink": chain(*rest)} if rest else {})


async def send(world: World, phone: str, *steps: Any, **about: Any) -> str:
    """A push with a chain behind it; its id at the bank."""
    ref = world.new_ref()
    body = world.bank.request(world.new_text(), phone=phone, ref=ref, **about)
    answer = await world.bank.post(body | {"cascadeChainLink": chain(*steps)})
    assert answer.http_status == 200, answer
    return ref


async def reports_by_type(world: World, ref: str, *wanted: tuple[str, int]) -> dict[str, list[Json]]:
    """The reports by type, as soon as the last of each of these types has this status; none goes backwards."""
    found: dict[str, list[Json]] = {}

    async def have_come() -> bool:
        found.clear()
        for entry in await world.control.reports(ref):
            found.setdefault(entry["report"]["type"], []).append(entry["report"])
        return all(found.get(kind, [{}])[-1].get("status") == status for kind, status in wanted)

    await eventually(have_come, lambda: f"{ref} reported {wanted}; so far {found}", SHORT_S + 30)
    for reports in found.values():
        assert_forward(reports)
    return found


async def decisions(world: World, ref: str) -> list[str]:
    return [entry["detail"] for entry in (await world.trace(ref))["trace"] if entry["what"] == "onward"]


@dataclass
class Waiting:
    """Pushes whose lifetime has to pass; they wait side by side."""

    unseen: str  # nobody confirms it in time
    unseen_phone: Device
    unread: str  # delivered, and READ is awaited
    unread_phone: Device
    cancelled: str  # while nobody has confirmed it
    cancelled_number: str
    packet: Json  # the answer for its message; the packet was cancelled likewise
    packet_phone: Device
    packet_number: str


@pytest.fixture(scope="module")
async def waiting(world: World) -> Waiting:
    phones = [world.new_phone(), world.new_phone(), world.new_phone()]
    unseen = await world.enrol("android", phones[0], Habits(None, delivered_after_s=86_400))
    unread = await world.enrol("ios", phones[1], QUIET)
    await world.enrol("android", phones[2], Habits(None, delivered_after_s=86_400))
    refs = [
        await send(world, phone, state, link("SMS", world.new_text()), ttl=SHORT_S)
        for phone, state in zip(phones, ("DELIVERED", "READ", "DELIVERED"), strict=True)
    ]
    await reports_by_type(world, refs[2], ("PUSH", SENT))
    asked = await rpns(world, "cancel", "message", (await world.trace(refs[2]))["messageId"], "--json")
    assert (json.loads(asked.out)["link"], json.loads(asked.out)["channels"]) == (1, ["SMS"])
    number = world.new_phone()
    holder = await world.enrol("android", number, Habits(None, delivered_after_s=86_400))
    return Waiting(
        unseen=refs[0],
        unseen_phone=unseen,
        unread=refs[1],
        unread_phone=unread,
        cancelled=refs[2],
        cancelled_number=phones[2],
        packet=await cancelled_packet(world, number),
        packet_phone=holder,
        packet_number=number,
    )


async def cancelled_packet(world: World, phone: str) -> Json:
    """Of one push with an SMS behind it, cancelled while nobody has confirmed the push; the answer for its message."""
    push = {"from": SERVICE_NUMBER, "to": phone, "text": world.new_text(), "type": "PUSH", "validity": SHORT_S}
    message = push | {"cascadeChainLink": chain("DELIVERED", link("SMS", world.new_text()))}
    _, answer = await ask(world, "POST", "/v3/batch", {"messages": [message]})
    sent: Json = answer["result"][0]
    assert await world.control.reports(sent["messageId"], count=1)
    assert (await rpns(world, "cancel", "packet", f"{PARTNER}/{sent['packetId']}")).code == 0
    return sent


@pytest.fixture(autouse=True)
def started_early(waiting: Waiting) -> None:
    """The lifetimes run while the other tests do."""


async def test_a_push_that_cannot_go_lets_the_sms_out_at_once(world: World) -> None:
    phone, text = world.new_phone(), world.new_text()
    ref = await send(world, phone, "DELIVERED", link("SMS", text))
    (posted,) = await world.control.channel_messages(phone, 1)
    reports = await reports_by_type(world, ref, ("PUSH", UNDELIVERED), ("SMS", DELIVERED))
    assert (posted["type"], posted["data"]["text"], posted["repeats"]) == ("SMS", text, 0)
    assert 50 <= posted["data"]["ttl"] <= 60
    message = await world.trace(ref)
    assert {report["mtNum"] for of_type in reports.values() for report in of_type} == {message["mtNum"]}
    assert {report["id"] for of_type in reports.values() for report in of_type} == {ref}
    assert [report["errorCode"] for report in reports["PUSH"]] == ["20"]
    assert [link["channel"] for link in message["links"]] == ["PUSH", "SMS"]
    assert posted["id"] == message["links"][1]["deliveries"][0]["deliveryId"]
    assert await decisions(world, ref) == ["SMS goes out: unknown-phone"]


async def test_a_push_that_was_delivered_saves_the_sms(world: World) -> None:
    phone = world.new_phone()
    await world.enrol("android", phone)
    before = await world.bank.savings()
    ref = await send(world, phone, "DELIVERED", link("SMS", world.new_text()))
    await world.reported(ref, READ)
    (decision,) = await decisions(world, ref)
    assert decision.endswith("has come: not needed: SMS")
    assert await world.control.channel_messages(phone) == []
    assert (await world.bank.savings()).get("SMS", 0) == before.get("SMS", 0) + 1


async def test_four_links_deep_each_failure_lets_the_next_one_out(world: World) -> None:
    phone = world.new_phone()
    await world.control.order("channels", "status", reason="8", token=phone, times=1)  # the first is not even taken
    instant = {"type": "TEXT", "data": {"text": world.new_text()}}
    viber = link("VIBER", "", instantContent=instant)
    await world.control.channel_plan(phone, {"status": 5, "error_code": 2}, {"status": 5, "error_code": 2})
    steps = ["DELIVERED", viber, "READ", link("SMS", world.new_text()), "DELIVERED", link("FLASHINGCALL", "code 1234")]
    ref = await send(world, phone, *steps)
    posted = await world.control.channel_messages(phone, 2)
    reports = await reports_by_type(
        world, ref, ("PUSH", UNDELIVERED), ("VIBER", UNDELIVERED), ("SMS", UNDELIVERED), ("FLASHINGCALL", UNDELIVERED)
    )
    assert {kind: of_type[-1]["errorCode"] for kind, of_type in reports.items()} == {
        "PUSH": "20",
        "VIBER": "8",
        "SMS": "2",
        "FLASHINGCALL": "2",
    }
    assert [sending["type"] for sending in posted] == ["SMS", "FLASHINGCALL"]
    assert (await world.trace(ref))["state"] == "REFUSED"


async def test_an_sms_of_its_own_is_read_on_a_platform_that_hiccups(world: World) -> None:
    """503 and too many connections pass; repeated reports count once; a repeated request sends nothing."""
    phone, ref, text = world.new_phone(), world.new_ref(), world.new_text()
    for reason in ("1", "3"):
        await world.control.order("channels", "status", reason=reason, token=phone, times=1)
    await world.control.channel_plan(phone, {"status": 0}, {"status": 2, "times": 3}, {"status": 9}, {"status": 2})
    body = world.bank.request(text, phone=phone, ref=ref) | {"message": link("SMS", text)}
    for _ in range(2):
        assert (await world.bank.post(body)).http_status == 200
    reports = (await reports_by_type(world, ref, ("SMS", READ)))["SMS"]
    assert {report["status"] for report in reports} <= {SENT, DELIVERED, READ}
    (posted,) = await world.control.channel_messages(phone)
    assert posted["data"]["text"] == text
    assert set(posted["answered"]) == {200}


async def test_status_killed_in_the_middle_sends_each_sms_exactly_once(world: World) -> None:
    phones = {world.new_phone() for _ in range(MESSAGES)}
    refs = []
    for place, phone in enumerate(phones):
        refs.append(await send(world, phone, "DELIVERED", link("SMS", world.new_text())))
        if place == MESSAGES // 2:
            world.stack.kill("status")
    await world.restart("status")

    async def all_have_one() -> bool:
        taken = [sending for sending in await world.control.channel_messages() if sending["phone"] in phones]
        return {sending["phone"] for sending in taken} == phones

    async def all_are_told() -> bool:
        reported = [entry["report"] for entry in await world.control.reports()]
        # packets of other tests are reported in other words
        reports = [report for report in reported if report.get("id") in refs]
        reached = {report["id"] for report in reports if (report["type"], report["status"]) == ("SMS", DELIVERED)}
        failed = {report["id"] for report in reports if (report["type"], report["status"]) == ("PUSH", UNDELIVERED)}
        return {*refs} <= reached & failed

    await eventually(all_have_one, "an SMS for each customer", 60, 0.3)
    await eventually(all_are_told, "the bank knows of each push and each SMS", 60, 0.3)
    taken = [sending["phone"] for sending in await world.control.channel_messages() if sending["phone"] in phones]
    assert len(taken) == MESSAGES
    for ref in refs[:: MESSAGES // 6]:
        assert await decisions(world, ref) == ["SMS goes out: unknown-phone"]


async def test_a_timeout_sends_the_sms_withdraws_the_push_and_a_late_receipt_is_a_double_reach(
    world: World, waiting: Waiting
) -> None:
    ref, device = waiting.unseen, waiting.unseen_phone
    pushed = (await world.control.inbox("fcm", device.token, 1))[0]
    reports = await reports_by_type(world, ref, ("PUSH", UNDELIVERED), ("SMS", DELIVERED))
    assert reports["PUSH"][-1]["errorCode"] == "7"
    await world.fleet.until(lambda: not device.shown)
    device.report("delivered", read_push("fcm", pushed["payload"]))

    async def is_marked() -> bool:
        return bool((await world.trace(ref))["links"][0]["doubleReach"])

    await eventually(is_marked, "the double reach is seen")
    assert await decisions(world, ref) == ["SMS goes out: expired"]


async def test_delivered_stands_while_read_is_awaited_and_a_later_read_is_reported(
    world: World, waiting: Waiting
) -> None:
    ref, device = waiting.unread, waiting.unread_phone
    reports = await reports_by_type(world, ref, ("PUSH", DELIVERED), ("SMS", DELIVERED))
    assert UNDELIVERED not in {report["status"] for report in reports["PUSH"]}
    await world.fleet.until(lambda: not device.shown)
    assert await decisions(world, ref) == ["SMS goes out: not-read"]
    withdrawn = [
        attempt["detail"] for attempt in await world.attempts(ref) if attempt["detail"].startswith("withdrawal")
    ]
    assert withdrawn == ["withdrawal: accepted"]
    (pushed, _) = await world.control.inbox("apns", device.token)
    device.report("read", read_push("apns", pushed["payload"]))
    await reports_by_type(world, ref, ("PUSH", READ))
    assert (await world.trace(ref))["links"][0]["doubleReach"]


async def test_cancelled_while_its_push_is_out_the_sms_never_goes_and_the_push_is_reported(
    world: World, waiting: Waiting
) -> None:
    reports = await reports_by_type(world, waiting.cancelled, ("PUSH", UNDELIVERED))
    assert [report["status"] for report in reports["PUSH"]] == [SENT, UNDELIVERED]
    assert await decisions(world, waiting.cancelled) == ["cancelled, does not go out: SMS"]
    message = await world.trace(waiting.cancelled)
    cancels = [entry["detail"] for entry in message["trace"] if entry["what"] == "cancel"]
    assert cancels == ["asked for by operator", "too late for this link: it goes out"]
    assert (message["state"], len(message["links"])) == ("EXPIRED", 1)
    assert await world.control.channel_messages(waiting.cancelled_number) == []
    assert (await rpns(world, "cancel", "message", waiting.cancelled)).code == 1  # nothing is left to cancel


async def test_of_a_packet_cancelled_while_its_push_is_out_the_sms_never_goes_and_the_push_stays(
    world: World, waiting: Waiting
) -> None:
    message_id = waiting.packet["messageId"]

    async def are_told() -> bool:
        reported = [entry["report"] for entry in await world.control.reports(message_id)]
        return {(report["type"], report["status"]) for report in reported} >= {("PUSH", "EXPIRED"), ("SMS", "EXPIRED")}

    await eventually(are_told, "the partner is told of the push and of the SMS", SHORT_S + 30)
    assert await world.control.channel_messages(waiting.packet_number) == []
    assert len(waiting.packet_phone.shown) == 1
    basic = {"Authorization": aiohttp.encode_basic_auth(PARTNER, PASSWORD, "utf-8")}
    _, message = await ask(world, "GET", f"/v1/messages/{message_id}", headers=basic)
    assert [link["reason"]["name"] for link in message["links"]] == ["expired", "cancelled"]
    assert not [
        entry for entry in message["trace"] if entry["what"] == "attempt" and "withdrawal" in (entry["detail"] or "")
    ]
