"""A list holds each recipient once: over chunks, broken uploads, spellings, and planners that die."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from services.ingest.mailing.dry_run import DryRun
from services.ingest.mailing.service import change_of
from services.ingest.mailing.upload import ListForm
from services.runtime import mongo
from services.runtime.http.server import Problem
from services.runtime.installations.reader import Installations
from tests.contract.ingest.test_mailings import Bench, bench, lines

__all__ = ["bench"]  # a fixture
SPELT = [b'{"to": "+7 916 000 00 0%d"}\n' % number for number in range(5)]


async def problems(bench: Bench, mailing_id: str) -> list[tuple[int, str]]:
    return [(line.line, line.rule) for line in await bench.mailings.lists.problems(mailing_id, 0, 1000)]


async def test_a_repeated_recipient_is_left_out_counted_and_told(bench: Bench) -> None:
    body = [*lines(0, 700), *SPELT, b"broken\n", *lines(700, 710)]
    mailing = await bench.upload(await bench.draft(ratePerS=100_000, onBadLines="skip"), body)
    assert (mailing.accepted, mailing.refused, mailing.repeated, mailing.recipients) == (715, 1, 5, 710)
    found = await problems(bench, mailing.mailing_id)
    assert found[:5] == [(701 + place, f"repeats the recipient of line {place + 1}") for place in range(5)]
    forecast = await DryRun(bench.service, bench.recipients, Installations(bench.database)).run(mailing, 0)
    assert (forecast.recipients, forecast.repeated, forecast.looked_at) == (710, 5, 710)
    done = await bench.plan(await bench.service.start(mailing, None))
    assert (done.state, done.planned) == ("done", 710)
    asked = await bench.requested(710)
    assert len({message.recipient.phone for message in asked}) == 710


async def test_repeated_recipients_are_sent_to_when_that_is_wanted(bench: Bench) -> None:
    mailing = await bench.upload(await bench.draft(ratePerS=100_000), [*lines(0, 5), *SPELT])
    mailing = await bench.service.change(mailing, change_of({"onRepeated": "send"}))
    assert mailing.recipients == 10
    done = await bench.plan(await bench.service.start(mailing, None))
    assert (done.planned, len(await bench.requested(10))) == (10, 10)
    with pytest.raises(Problem, match="done"):
        await bench.service.change(done, change_of({"onRepeated": "skip"}))


async def test_what_a_running_mailing_does_with_repeated_recipients_stays(bench: Bench) -> None:
    running = await bench.service.start(await bench.upload(await bench.draft(), SPELT), None)
    with pytest.raises(Problem) as caught:
        await bench.service.change(running, change_of({"onRepeated": "send"}))
    assert caught.value.body.detail == "only a draft changes onRepeated"
    assert (await bench.service.change(running, change_of({"onRepeated": "skip", "ratePerS": 7}))).rate_per_s == 7


async def test_an_upload_that_goes_on_knows_who_was_sent_before(bench: Bench) -> None:
    mailing = await bench.draft(ratePerS=100_000)

    async def breaks() -> AsyncIterator[bytes]:
        for line in [*lines(0, 600), *SPELT]:
            yield line
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await bench.service.upload(mailing, breaks(), ListForm(False))
    whole = [*lines(0, 600), *SPELT, *lines(600, 610), *lines(0, 600)]
    after = await bench.upload(mailing, whole)
    again = await bench.upload(mailing, whole)
    for stored in (after, again):
        assert (stored.accepted, stored.repeated, stored.recipients) == (1215, 605, 610)
    assert len(await problems(bench, mailing.mailing_id)) == 605
    assert (await bench.plan(await bench.service.start(again, None))).planned == 610


async def test_a_planner_that_died_passes_the_same_lines_over(bench: Bench) -> None:
    body = [*lines(0, 3), *SPELT[:3], *lines(3, 6)]
    running = await bench.service.start(await bench.upload(await bench.draft(ratePerS=4), body), None)
    await bench.plan(running, steps=2)
    found = await bench.mailings.find(running.mailing_id)
    assert found is not None
    done = await bench.plan(replace(found))
    assert (done.state, done.planned) == ("done", 6)
    assert len(await bench.requested(6)) == 6


async def test_a_list_of_nothing_but_broken_and_repeated_lines_ends_at_once(bench: Bench) -> None:
    mailing = await bench.upload(await bench.draft(ratePerS=100_000), [*lines(0, 1), *[*lines(0, 1)] * 1200])
    assert (await bench.plan(await bench.service.start(mailing, None))).planned == 1


async def test_a_mailing_of_before_sends_to_every_line(bench: Bench) -> None:
    mailing = await bench.draft(ratePerS=100_000)
    unset = {"$unset": {"on_repeated": "", "repeated": ""}}
    await mongo.durable(bench.database["mailings"]).update_one({"_id": mailing.mailing_id}, unset)
    after = await bench.upload(mailing, [*lines(0, 5), *SPELT])
    assert (after.on_repeated, after.recipients) == ("send", 10)
    assert (await bench.plan(await bench.service.start(after, None))).planned == 10


async def test_a_list_that_cannot_be_read_is_refused_with_how_it_was_read(bench: Bench) -> None:
    with pytest.raises(Problem) as caught:
        await bench.upload(await bench.draft(), [b"sep=;\rto;phone\r79161234567;A\r"], csv=True)
    assert caught.value.body.status == 400
    assert caught.value.body.detail == "read as CSV in UTF-8, `;` between"
    assert caught.value.body.errors == [{"field": "header", "rule": "names a column twice: `to`"}]
