"""Mailings: one message to many, with broken lines, crashes and stops, on the real stack."""

from collections.abc import AsyncIterator

import pytest

from tests.e2e.mailings import Mailings, push
from tests.e2e.world import PLATFORMS, World


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
    problems = (await mailings.ok("GET", f"/{mailing}/problems"))["problems"]
    assert [(one["line"], one["field"]) for one in problems] == [(2, "to"), (3, "name"), (4, "line")]
    status, refusal = await mailings.call("POST", f"/{mailing}/start")
    assert (status, refusal["errors"][0]["field"]) == (409, "recipients")
    await mailings.ok("PATCH", f"/{mailing}", {"onBadLines": "skip"})
    await mailings.ok("POST", f"/{mailing}/start")
    done = await mailings.counted(mailing, planned=4, read=4)
    assert done["state"] == "done"
    assert [[push.text for push in device.shown] for device in devices] == [[f"Dear N{n}"] for n in range(4)]
