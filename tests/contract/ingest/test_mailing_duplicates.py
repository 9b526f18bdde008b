"""A mailing of a partner who refuses duplicates: an own id is sent to once, whoever used it before."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from schemas import codec, ids
from services.ingest.duplicates.claims_store import DuplicateClaims
from services.ingest.mailing.model import Mailing
from services.runtime.mongo import Database
from tests.contract.ingest.test_mailings import Bench, bench
from tests.support.requests import NOW, PARTNER

__all__ = ["bench"]  # a fixture
STRICT = PARTNER.replace(reject_duplicates=True)


def _list(*names: str) -> list[bytes]:
    """A line for each; an empty name is none."""
    return [
        b'{"to": "7916000%04d"%s}\n' % (number, b', "id": "%s"' % name.encode() if name else b"")
        for number, name in enumerate(names)
    ]


@pytest.fixture
def strict(bench: Bench) -> Bench:
    bench.directory.apply(STRICT.entity_key, codec.encode(STRICT))
    return bench


async def started(bench: Bench, names: Sequence[str]) -> Mailing:
    mailing = await bench.upload(await bench.draft(ratePerS=100_000), _list(*names))
    return await bench.service.start(mailing, None)


async def refused(bench: Bench, mailing: Mailing) -> list[tuple[int, str, str]]:
    return [tuple(line) for line in await bench.mailings.lists.problems(mailing.mailing_id, 0, 100)]  # type: ignore[misc]


def claims_of(database: Database) -> DuplicateClaims:
    return DuplicateClaims(database["claims"])


async def test_a_line_whose_id_was_used_before_is_not_sent_to_and_told(strict: Bench) -> None:
    single = ids.message_id_of(PARTNER.uuid, "used")
    claims = claims_of(strict.database)
    assert await claims.claim(single, "h", NOW)
    await claims.confirm(single)
    done = await strict.plan(await started(strict, ["a", "used", "a", "", "b"]))
    assert (done.state, done.planned, done.accepted, done.refused) == ("done", 3, 3, 2)
    assert await refused(strict, done) == [(2, "id", "was used before"), (3, "id", "was used before")]
    assert {message.partner_ref for message in await strict.requested(3)} == {"a", None, "b"}
    again = await strict.plan(await started(strict, ["b", "c"]))
    assert await refused(strict, again) == [(1, "id", "was used before")]
    assert not await claims.claim(ids.message_id_of(PARTNER.uuid, "a"), "h", NOW)  # nor does `/v6/send`


async def test_a_planner_that_died_before_the_cursor_moved_refuses_the_same_lines_again(strict: Bench) -> None:
    running = await started(strict, ["a", "b", "a"])
    await strict.plan(running, steps=1)
    back = {"cursor": 1, "planned": 0, "accepted": 3, "refused": 0}
    await strict.database["mailings"].update_one({"_id": running.mailing_id}, {"$set": back})
    done = await strict.plan(replace(running, cursor=1))
    assert (done.planned, done.refused) == (2, 1)
    assert await refused(strict, done) == [(3, "id", "was used before")]
    assert {message.partner_ref for message in await strict.requested(4)} == {"a", "b"}


async def test_what_a_planner_claimed_and_did_not_append_goes_with_whoever_asks_next(strict: Bench) -> None:
    await claims_of(strict.database).claim_as({ids.message_id_of(PARTNER.uuid, "a"): "dead/line/1"}, NOW)
    done = await strict.plan(await started(strict, ["a"]))
    assert (done.planned, done.refused) == (1, 0)


async def test_what_a_line_is_about_to_send_nobody_else_takes_meanwhile(strict: Bench) -> None:
    claims, ours = claims_of(strict.database), {"one": "mailing/line/1"}
    assert await claims.claim_as(ours, NOW) == {"one"}
    assert await claims.claim_as({"one": "other/line/1"}, NOW) == set()
    assert not await claims.claim("one", "h", NOW)
    assert await claims.claim_many(["one", "two"], "h", NOW) == ({"two"}, set())
    await claims.confirm("two")
    assert await claims.claim_as({"two": "mailing/line/2"}, NOW) == set()  # nor it what a request has
    assert await claims.claim_as(ours, NOW) == {"one"}  # it comes back itself after a crash
    assert await claims.claim_as({"one": "other/line/1"}, NOW + 61_000) == {"one"}


async def test_where_the_partner_does_not_mind_a_repeated_id_is_left_to_the_router(bench: Bench) -> None:
    done = await bench.plan(await started(bench, ["a", "a"]))
    assert (done.planned, done.refused) == (2, 0)
