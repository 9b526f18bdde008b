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
    by_kind = {
        kind: [recipient for recipient in people if recipient.kind == kind]
        for kind in {recipient.kind for recipient in people}
    }
    order = world.control.order
    await order("fcm", "status", reason="UNAVAILABLE")
    await order("hms", "status", reason="FLOW_CONTROL", times=EACH)
    for recipient in by_kind["huawei"][:HANGING]:
        assert recipient.device is not None
        await order("hms", "hang", token=recipient.device.token, times=1)
    for recipient in by_kind["gone"]:
        assert recipient.device is not None
        await order("web", "status", reason="GONE", token=recipient.device.token, times=1)


async def test_everybody_ends_with_a_reason_and_nobody_is_sent_anything_twice(world: World) -> None:
    kinds = {"android": "android", "huawei": "huawei", "browser": "web", "gone": "web", "nobody": None}
    world.alerts.add(("provider is away: its partitions are paused", "fcm"))
    people = [recipient for kind, platform in kinds.items() for recipient in await _enrolled(world, kind, platform)]
    await _faults(world, people)
    push = {"type": "PUSH", "data": {"serviceNumber": "E2eBank", "text": "m {{n}}", "ttl": 60, "ttlUnit": "SECONDS"}}
    cascade = chain("DELIVERED", link("SMS", "m {{n}}"))
    async with Mailings(world) as mailings:
        mailing = await mailings.draft(push, cascadeChainLink=cascade)
        lines = [{"to": recipient.phone, "id": recipient.ref, "n": place} for place, recipient in enumerate(people)]
        await mailings.upload(mailing, lines)
        await mailings.ok("POST", f"/{mailing}/start")
        await mailings.ended(mailing)
        await _come_back(world, [recipient for recipient in people if recipient.kind == "android"])
        ended = await _ended(world, people)
        await world.fleet.drained()
    posted = Counter(sending["phone"] for sending in await world.control.channel_messages())
    for place, recipient in enumerate(people):
        if recipient.device is not None:
            shown = [push.text for push in recipient.device.shown]
            assert shown == ([] if recipient.kind == "gone" else [f"m {place}"]), recipient
        assert [_end_of(part) for part in ended[recipient.ref]["links"]] == WANTED[recipient.kind], recipient
        assert posted[recipient.phone] == len(WANTED[recipient.kind]) - 1, recipient


async def _come_back(world: World, people: Sequence[Recipient]) -> None:
    """FCM, once it has refused everybody."""

    async def all_were_refused() -> bool:
        return all([await world.attempts(recipient.ref) for recipient in people])

    await eventually(all_were_refused, "FCM has refused everybody", look_s=0.3)
    await world.control.clear_faults("fcm")


WANTED: dict[str, list[tuple[str, str, str | None]]] = {
    "android": [("PUSH", "READ", None)],
    "huawei": [("PUSH", "READ", None)],
    "browser": [("PUSH", "READ", None)],
    "gone": [("PUSH", "REFUSED", "provider-refused"), ("SMS", "DELIVERED", None)],
    "nobody": [("PUSH", "REFUSED", "unknown-phone"), ("SMS", "DELIVERED", None)],
}


def _end_of(part: Json) -> tuple[str, str, str | None]:
    return part["channel"], part["state"], None if part["reason"] is None else part["reason"]["name"]


async def _ended(world: World, people: Sequence[Recipient]) -> dict[str, Json]:
    """What the platform knows of each, as soon as each is as wanted."""
    found: dict[str, Json] = {}

    def waiting() -> list[str]:
        return [
            f"{recipient.kind}: {[_end_of(part) for part in found.get(recipient.ref, {}).get('links', ())]}"
            for recipient in people
            if recipient.ref not in found
            or [_end_of(part) for part in found[recipient.ref]["links"]] != WANTED[recipient.kind]
        ]

    async def all_are_over() -> bool:
        for recipient in people:
            known = found.get(recipient.ref)
            if known is None or [_end_of(part) for part in known["links"]] != WANTED[recipient.kind]:
                message = await world.bank.message(recipient.ref)
                found.update({recipient.ref: message} if message is not None else {})
        return not waiting()

    await eventually(all_are_over, lambda: f"{len(waiting())} are not over: {Counter(waiting())}", SETTLED_S, 1.0)
    return found
