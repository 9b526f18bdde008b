"""Cascades on the real stack: the next link goes out when it must, once, and not when it need not."""

from typing import Any

from tests.e2e.world import DELIVERED, READ, UNDELIVERED, Json, World, eventually

SHORT_S = 30  # the shortest lifetime of a push


def link(kind: str, text: str, ttl_s: int = 60, **data: Any) -> Json:
    return {"type": kind, "data": {"text": text, "ttl": ttl_s, "ttlUnit": "SECONDS", **data}}


def chain(*steps: Any) -> Json:
    """state, message, state, message …"""
    state, message, *rest = steps
    return {"state": state, "message": message} | ({"nextLink": chain(*rest)} if rest else {})


async def send(world: World, phone: str, steps: list[Any], **about: Any) -> str:
    """A push with a chain behind it; its id at the bank."""
    ref = world.new_ref()
    body = world.bank.request(world.new_text(), phone=phone, ref=ref, **about)
    answer = await world.bank.post(body | {"cascadeChainLink": chain(*steps)})
    assert answer.http_status == 200, answer
    return ref


async def told(world: World, ref: str, *wanted: tuple[str, int]) -> list[Json]:
    """The reports as soon as the last of each of these types has this status."""
    found: list[Json] = []

    async def have_come() -> bool:
        found[:] = [one["report"] for one in await world.control.reports(ref)]
        last = {one["type"]: one["status"] for one in found}
        return all(last.get(kind) == status for kind, status in wanted)

    await eventually(have_come, lambda: f"{ref} told {wanted}; so far {found}")
    return found


async def test_a_push_that_cannot_go_lets_the_sms_out_at_once(world: World) -> None:
    phone, text = world.new_phone(), world.new_text()
    ref = await send(world, phone, ["DELIVERED", link("SMS", text)])
    (posted,) = await world.control.channel_messages(phone, 1)
    reports = await told(world, ref, ("PUSH", UNDELIVERED), ("SMS", DELIVERED))
    assert (posted["type"], posted["data"]["text"], posted["repeats"]) == ("SMS", text, 0)
    assert 50 <= posted["data"]["ttl"] <= 60
    assert {report["mtNum"] for report in reports} == {(await world.trace(ref))["mt_num"]}
    assert {report["errorCode"] for report in reports if report["type"] == "PUSH"} == {"20"}
    message = await world.trace(ref)
    assert [one["channel"] for one in message["links"]] == ["PUSH", "SMS"]
    assert message["state"] == "DELIVERED"
    assert posted["id"] == message["links"][1]["deliveries"][0]["delivery_id"]
    assert [entry["detail"] for entry in message["trace"] if entry["what"] == "onward"] == [
        "SMS goes out: unknown-phone"
    ]


async def test_a_push_that_was_delivered_saves_the_sms(world: World) -> None:
    phone = world.new_phone()
    await world.enrol("android", phone)
    ref = await send(world, phone, ["DELIVERED", link("SMS", world.new_text())])
    await world.reported(ref, READ)
    message = await world.trace(ref)
    (decision,) = [entry["detail"] for entry in message["trace"] if entry["what"] == "onward"]
    assert decision.endswith("not needed: SMS")
    assert await world.control.channel_messages(phone) == []
