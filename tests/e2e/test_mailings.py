"""Mailings: one message to many, with broken lines, crashes and stops, on the real stack."""

import re
from collections.abc import AsyncIterator

import pytest

from deploy.sandbox.phone.device import Habits
from tests.support.mailings import Mailings, push
from tests.support.waiting import eventually
from tests.support.world import PLATFORMS, World

MANY, LARGE = 1_500, 40_000
SILENT = Habits(None, receipts_sent=0)
"""Receipts of so many messages would take longer than all of the rest."""


async def pieces(piece: bytes, times: int) -> AsyncIterator[bytes]:
    for _ in range(times):
        yield piece


@pytest.fixture
async def mailings(world: World) -> AsyncIterator[Mailings]:
    async with Mailings(world) as opened:
        yield opened


async def test_a_list_with_broken_lines_is_refused_and_then_sent_without_them(world: World, mailings: Mailings) -> None:
    phones = [world.new_phone() for _ in range(4)]
    devices = [await world.enrol(kind, phone) for kind, phone in zip(PLATFORMS, phones, strict=True)]
    mailing = await mailings.draft(push(world))
    good = [b'{"to": "%s", "name": "N%d"}' % (phone.encode(), place) for place, phone in enumerate(phones)]
    broken = [b'{"to": "12", "name": "x"}', b'{"to": "%s"}' % phones[0].encode(), b"no json"]
    answer = await mailings.upload(mailing, b"\n".join([good[0], *broken, *good[1:]]))
    assert (answer["accepted"], answer["refused"]) == (4, 3)
    problems = await mailings.problems(mailing)
    assert [(problem["line"], problem["field"]) for problem in problems] == [(2, "to"), (3, "name"), (4, "line")]
    in_russian = [problem["rule"] for problem in await mailings.problems(mailing, "ru")]
    assert in_russian[:2] == [
        "нужен номер телефона: российский или с плюсом и кодом страны",
        "обязательно: в сообщении есть такая подстановка",
    ]
    assert all(re.search("[а-яё]", rule) for rule in in_russian)
    status, refusal = await mailings.call("POST", f"/{mailing}/start")
    assert (status, refusal["errors"][0]["field"]) == (409, "recipients")
    await mailings.ok("PATCH", f"/{mailing}", {"onBadLines": "skip"})
    await mailings.ok("POST", f"/{mailing}/start")
    done = await mailings.counted(mailing, planned=4, read=4)
    assert done["state"] == "done"
    assert [[push.text for push in device.shown] for device in devices] == [[f"Dear N{n}"] for n in range(4)]


async def test_a_killed_ingest_and_router_in_the_middle_lose_nobody_and_send_to_nobody_twice(
    world: World, mailings: Mailings
) -> None:
    phones = [world.new_phone() for _ in range(4)]
    devices = [await world.enrol(kind, phone, SILENT) for kind, phone in zip(PLATFORMS, phones, strict=True)]
    mailing = await mailings.draft(push(world, text="m {{n}}"), ratePerS=600, onRepeated="send")
    await mailings.upload(mailing, ({"to": phones[n % 4], "n": n} for n in range(MANY)))
    await mailings.ok("POST", f"/{mailing}/start")
    for victim, after in (("ingest", MANY // 5), ("router", MANY // 2)):

        async def has_come_so_far(after: int = after) -> bool:
            return bool((await mailings.ok("GET", f"/{mailing}"))["progress"]["planned"] >= after)

        await eventually(has_come_so_far, f"{after} are planned")
        world.stack.kill(victim)
        await world.restart(victim)
    await mailings.counted(mailing, planned=MANY, sent=MANY, timeout_s=90)
    shown = sorted(push.text for device in devices for push in device.shown)
    assert shown == sorted(f"m {n}" for n in range(MANY))


async def test_a_mailing_rests_goes_on_and_is_cancelled(world: World, mailings: Mailings) -> None:
    phone = world.new_phone()
    device = await world.enrol("android", phone)
    mailing = await mailings.draft(push(world, text="r {{n}}"), ratePerS=20, onRepeated="send")
    await mailings.upload(mailing, ({"to": phone, "n": n} for n in range(400)))
    await mailings.ok("POST", f"/{mailing}/start")

    async def some_are_shown() -> bool:
        return len(device.shown) >= 3

    await eventually(some_are_shown, "the first are shown")
    paused = await mailings.ok("POST", f"/{mailing}/pause")
    assert paused["state"] == "paused"
    await mailings.ok("PATCH", f"/{mailing}", {"ratePerS": 40})
    await mailings.ok("POST", f"/{mailing}/resume")
    before = len(device.shown)

    async def more_are_shown() -> bool:
        return len(device.shown) >= before + 5

    await eventually(more_are_shown, "it goes on")
    cancelled = await mailings.ok("POST", f"/{mailing}/cancel")
    assert cancelled["state"] == "cancelled"
    assert (await mailings.call("POST", f"/{mailing}/resume"))[0] == 409
    assert (await mailings.call("POST", f"/{mailing}/start"))[0] == 409
    after = await mailings.ok("GET", f"/{mailing}")
    assert 8 <= after["progress"]["planned"] < 400
    await world.fleet.drained()
    assert len({push.text for push in device.shown}) == len(device.shown)


async def test_a_small_mailing_is_sent_while_a_large_one_is_still_planned(world: World, mailings: Mailings) -> None:
    phones = [world.new_phone() for _ in range(3)]
    devices = [await world.enrol("android", phone) for phone in phones]
    large = await mailings.draft(push(world), onRepeated="send")
    small = await mailings.draft(push(world))
    line = b'{"to": "%s", "name": "N"}\n' % world.new_phone().encode()
    await mailings.upload(large, pieces(line * (LARGE // 40), 40))
    await mailings.upload(small, ({"to": phone, "name": "N"} for phone in phones))
    await mailings.ok("POST", f"/{large}/start")

    async def is_well_begun() -> bool:
        return bool((await mailings.ok("GET", f"/{large}"))["progress"]["planned"] >= LARGE // 20)

    await eventually(is_well_begun, "the large one is planned for some seconds ahead")
    await mailings.ok("POST", f"/{small}/start")
    await mailings.counted(small, sent=len(phones))
    await mailings.ok("POST", f"/{large}/cancel")
    rest = (await mailings.ok("GET", f"/{large}"))["progress"]
    assert 0 < rest["planned"] < LARGE
    assert [len(device.shown) for device in devices] == [1, 1, 1]


async def test_a_segment_is_everybody_who_fits_once(world: World, mailings: Mailings) -> None:
    zone, user = "Pacific/Chatham", world.new_ref()
    theirs = [await world.enrol(kind, None, user=user, time_zone=zone) for kind in ("android", "ios")]
    elsewhere = await world.enrol("android", None, user=user, time_zone="Europe/Berlin")
    nobodys = await world.fleet.enrol("rustore", phone=None, time_zone=zone, name="nobody's")
    segment = {"timeZones": [zone]}
    mailing = await mailings.draft(push(world, text="everybody there"), segment=segment)
    dry = await mailings.ok("GET", f"/{mailing}/forecast")
    assert dry["recipients"] == 2
    await mailings.ok("POST", f"/{mailing}/start")
    await mailings.counted(mailing, planned=2, delivered=2)
    await world.fleet.drained()
    assert [len(device.shown) for device in (*theirs, nobodys, elsewhere)] == [1, 1, 1, 0]


async def test_the_list_of_mailings_is_paged_to_its_end(world: World, mailings: Mailings) -> None:
    made = {await mailings.draft(push(world)) for _ in range(5)}
    seen: list[str] = []
    page = await mailings.ok("GET", "", limit=2)
    while page["mailings"]:
        seen += [mailing["id"] for mailing in page["mailings"]]
        page = await mailings.ok("GET", "", limit=2, before=page["before"]) if page["before"] else {"mailings": []}
    assert made <= set(seen)
    assert len(seen) == len(set(seen))
    assert (await mailings.ok("GET", "", before=1))["mailings"] == []  # a moment, UTC ms
    assert (await mailings.call("GET", "", before="yesterday"))[0] == 400
