"""A mailing with a cascade while one provider answers 503, another sends too much back and hangs, and a part of the web
subscriptions is gone: everybody ends, with a reason, and nobody is sent anything twice.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from deploy.sandbox.phone.device import Device, Habits
from tests.e2e.test_cascade import chain, link
from tests.support.mailings import Mailings
from tests.support.waiting import eventually
from tests.support.world import Json, World

EACH = 12
HANGING = 2
READS = Habits("read", after_s=0.1)
SETTLED_S = 90.0


@dataclass(frozen=True)
class Recipient:
    kind: str
    ref: str
    phone: str
    device: Device | None


async def _enrolled(world: World, kind: str, platform: str | None) -> list[Recipient]:
    made = []
    for _ in range(EACH):
        phone = world.new_phone()
        device = await world.enrol(platform, phone, READS) if platform else None
        made.append(Recipient(kind, world.new_ref(), phone, device))
    return made


async def _faults(world: World, people: Sequence[Recipient]) -> None:
    """503 for a while, too much for a while, some that are never answered, subscriptions that are gone."""
    by_kind = {kind: [one for one in people if one.kind == kind] for kind in {one.kind for one in people}}
    order = world.control.order
    await order("fcm", "status", reason="UNAVAILABLE")
    await order("hms", "status", reason="FLOW_CONTROL", times=EACH)
    for one in by_kind["huawei"][:HANGING]:
        assert one.device is not None
        await order("hms", "hang", token=one.device.token, times=1)
    for one in by_kind["gone"]:
        assert one.device is not None
        await order("web", "status", reason="GONE", token=one.device.token, times=1)


async def test_everybody_ends_with_a_reason_and_nobody_is_sent_anything_twice(world: World) -> None:
    kinds = {"android": "android", "huawei": "huawei", "browser": "web", "gone": "web", "nobody": None}
    world.alerts.add(("provider is away: its partitions are paused", "fcm"))
    people = [one for kind, platform in kinds.items() for one in await _enrolled(world, kind, platform)]
    await _faults(world, people)
    push = {"type": "PUSH", "data": {"serviceNumber": "E2eBank", "text": "m {{n}}", "ttl": 60, "ttlUnit": "SECONDS"}}
    cascade = chain("DELIVERED", link("SMS", "m {{n}}"))
    async with Mailings(world) as mailings:
        mailing = await mailings.draft(push, cascadeChainLink=cascade)
        lines = [{"to": one.phone, "id": one.ref, "n": place} for place, one in enumerate(people)]
        await mailings.upload(mailing, lines)
        await mailings.ok("POST", f"/{mailing}/start")
        await mailings.ended(mailing)
        await _come_back(world, [one for one in people if one.kind == "android"])
        ended = await _ended(world, people)
        await world.fleet.drained()
    posted = Counter(one["phone"] for one in await world.control.channel_messages())
    for place, one in enumerate(people):
        if one.device is not None:
            shown = [push.text for push in one.device.shown]
            assert shown == ([] if one.kind == "gone" else [f"m {place}"]), one
        assert [_told(part) for part in ended[one.ref]["links"]] == WANTED[one.kind], one
        assert posted[one.phone] == len(WANTED[one.kind]) - 1, one


async def _come_back(world: World, people: Sequence[Recipient]) -> None:
    """FCM, once it has refused everybody."""

    async def all_were_refused() -> bool:
        return all([await world.attempts(one.ref) for one in people])

    await eventually(all_were_refused, "FCM has refused everybody", look_s=0.3)
    await world.control.clear_faults("fcm")


WANTED: dict[str, list[tuple[str, str, str | None]]] = {
    "android": [("PUSH", "READ", None)],
    "huawei": [("PUSH", "READ", None)],
    "browser": [("PUSH", "READ", None)],
    "gone": [("PUSH", "REFUSED", "provider-refused"), ("SMS", "DELIVERED", None)],
    "nobody": [("PUSH", "REFUSED", "unknown-phone"), ("SMS", "DELIVERED", None)],
}


def _told(part: Json) -> tuple[str, str, str | None]:
    return part["channel"], part["state"], None if part["reason"] is None else part["reason"]["name"]


async def _ended(world: World, people: Sequence[Recipient]) -> dict[str, Json]:
    """What the platform knows of each, as soon as each is as wanted."""
    found: dict[str, Json] = {}

    def waiting() -> list[str]:
        return [
            f"{one.kind}: {[_told(part) for part in found[one.ref]['links']] if one.ref in found else None}"
            for one in people
            if one.ref not in found or [_told(part) for part in found[one.ref]["links"]] != WANTED[one.kind]
        ]

    async def all_are_over() -> bool:
        for one in people:
            known = found.get(one.ref)
            if known is None or [_told(part) for part in known["links"]] != WANTED[one.kind]:
                message = await world.bank.message(one.ref)
                found.update({one.ref: message} if message is not None else {})
        return not waiting()

    await eventually(all_are_over, lambda: f"{len(waiting())} are not over: {Counter(waiting())}", SETTLED_S, 1.0)
    return found
