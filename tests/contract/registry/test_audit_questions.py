"""Questions of the audit trail: each finds what it asks for, in pages that hold every record once."""

import random

import pytest

from schemas import ids
from schemas.audit_events import Audited, AuditedChange
from services.registry.audit_trail import store
from services.registry.audit_trail.store import MOST_COUNTED, Place
from services.registry.audit_trail.wanted import Wanted
from services.runtime.clock import now_ms
from services.runtime.looks import SubjectKind
from tests.support.audit_trail import Trail, idle_trail, record_of, stored, trail

__all__ = ["idle_trail", "trail"]  # fixtures
BEGIN = now_ms() - 10_000
"""What is older than a year the database throws away."""


def is_about(event: Audited, wanted: Wanted) -> bool:
    others = list(wanted.subjects)
    named = [name for message_id in event.messages for name in (message_id, ids.mt_num_of(message_id))]
    if wanted.message in named:
        others.pop()
    return all(names & set(event.subjects) for _, names in others)


def is_listed(event: Audited, wanted: Wanted) -> bool:
    """What the query asks for, said once more."""
    places = (event.path, *(change.entity for change in event.changes))
    return (
        wanted.since <= event.at < wanted.until
        and (wanted.who is None or wanted.who in (event.who, event.who.partition(":")[2]))
        and (wanted.kind is None or (bool(event.changes) if wanted.kind == "change" else event.look == wanted.kind))
        and (wanted.what is None or any(wanted.what in place for place in places))
        and (event.is_wide and not (wanted.subjects and is_about(event, wanted)) if wanted.wide else True)
        and (wanted.wide or is_about(event, wanted))
    )


def is_beside(event: Audited, wanted: Wanted) -> bool:
    everybody = Wanted(wanted.since, wanted.until, who=wanted.who, what=wanted.what, kind=wanted.kind)
    counted = bool(wanted.subjects) and not wanted.wide and event.is_wide
    return counted and is_listed(event, everybody) and not is_about(event, wanted)


MESSAGES = [ids.uuid7() for _ in range(3)]
PEOPLE = ["f00d", "beef", "cafe"]


def drawn_record(draw: random.Random) -> Audited:
    changes = [AuditedChange(entity=f"partner/{draw.choice('ab')}") for _ in range(draw.randrange(3))]
    return record_of(
        draw.choice(["operator:duty", "operator:desk", "partner:duty", "bootstrap"]),
        draw.choice(["/v1/partners/a", "/v1/stops", "/v1/messages (x)"]),
        *changes,
        at=BEGIN + draw.randrange(20),
        is_wide=draw.random() < 0.3,
        look=draw.choice(["", "look", "search"]),
        subjects=tuple(draw.sample(PEOPLE, draw.randrange(3))),
        messages=tuple(draw.sample(MESSAGES, draw.randrange(3))),
    )


def drawn_question(draw: random.Random) -> Wanted:
    since = BEGIN + draw.randrange(15)
    message = draw.choice([None, None, MESSAGES[0], ids.mt_num_of(MESSAGES[1]), "own-id", "f00d"])
    subjects: list[tuple[SubjectKind, frozenset[str]]] = [
        ("phone", frozenset(draw.sample(PEOPLE, 2))) for _ in range(draw.randrange(3))
    ]
    return Wanted(
        since,
        since + 1 + draw.randrange(20),
        who=draw.choice([None, None, "duty", "partner:duty", "bootstrap", ""]),
        what=draw.choice([None, None, "partner/a", "partners/", "s (", "."]),
        kind=draw.choice([None, None, "change", "look"]),
        message=message,
        subjects=subjects if message is None else [*subjects, ("id", frozenset({"cafe"}))],
        wide=draw.random() < 0.3,
    )


@pytest.mark.parametrize("seed", range(4))
async def test_every_question_finds_what_it_asks_for_in_pages_that_hold_each_once(idle_trail: Trail, seed: int) -> None:
    draw = random.Random(seed)
    events = [drawn_record(draw) for _ in range(120)]
    await stored(idle_trail.trail, events)
    for _ in range(60):
        wanted, limit = drawn_question(draw), draw.randrange(1, 9)
        expected = [event for event in events if is_listed(event, wanted)]
        seen, behind = list[Audited](), None
        while True:
            page = await idle_trail.trail.page(wanted, limit, behind)
            seen = page.records + seen
            assert len(page.records) <= limit
            assert page.left_out == len(expected) - len(seen)
            if (behind := page.behind) is None:
                break
        assert sorted(event.event_id for event in seen) == sorted(event.event_id for event in expected)
        assert [event.at for event in seen] == sorted(event.at for event in seen)
        assert await idle_trail.trail.count_beside(wanted) == sum(is_beside(event, wanted) for event in events)


@pytest.mark.parametrize("seed", range(3))
async def test_pages_that_stop_looking_go_on_behind_what_they_looked_through(
    idle_trail: Trail, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    draw = random.Random(seed)
    events = [drawn_record(draw) for _ in range(120)]
    await stored(idle_trail.trail, events)
    monkeypatch.setattr(store, "SLICE", 7)
    monkeypatch.setattr(store, "LOOK_S", -1.0)
    for _ in range(30):
        wanted = drawn_question(draw)
        expected = [event for event in events if is_listed(event, wanted)]
        seen, behind, looked_back_to = list[str](), None, wanted.until
        while True:
            page = await idle_trail.trail.page(wanted, 5, behind)
            seen += [event.event_id for event in page.records]
            since = wanted.since if page.searched_since is None else page.searched_since
            assert since <= looked_back_to
            assert len([event for event in expected if event.at > since]) <= len(seen) + page.left_out
            looked_back_to = since
            if (behind := page.behind) is None:
                break
        assert looked_back_to == wanted.since
        assert sorted(seen) == sorted(event.event_id for event in expected)


async def test_the_answer_says_how_far_back_it_looked(trail: Trail, monkeypatch: pytest.MonkeyPatch) -> None:
    at = now_ms() - 100
    for number in range(10):
        await trail.record("operator:duty", f"/{number}", at=at + number)
    await trail.paths()
    monkeypatch.setattr(store, "SLICE", 4)
    monkeypatch.setattr(store, "LOOK_S", -1.0)
    query = {"what": "/1", "since": at - 1}
    first = await trail.answer(**query)
    assert (first["records"], first["searchedSince"], first["leftOut"]) == ([], at + 6, 0)
    second = await trail.answer(**query, cursor=first["cursor"])
    assert (second["records"], second["searchedSince"]) == ([], at + 2)
    third = await trail.answer(**query, cursor=second["cursor"])
    assert ([record["path"] for record in third["records"]], third["searchedSince"]) == (["/1"], at - 1)
    assert third["cursor"] is None


async def test_pages_by_until_miss_nothing_unless_one_millisecond_has_more_than_a_page(idle_trail: Trail) -> None:
    events = [record_of("bootstrap", f"/{number}", at=BEGIN + number // 3) for number in range(30)]
    await stored(idle_trail.trail, events)
    seen, until = list[str](), BEGIN + 1_000
    while True:
        page = await idle_trail.trail.page(Wanted(0, until), 4)
        seen += [record.event_id for record in page.records]
        if not page.left_out:
            break
        until = page.records[0].at
    assert sorted(seen) == sorted(event.event_id for event in events)


async def test_what_is_left_out_is_counted_up_to_a_bound(idle_trail: Trail, monkeypatch: pytest.MonkeyPatch) -> None:
    await stored(
        idle_trail.trail, [record_of("bootstrap", "/", at=BEGIN + number, is_wide=True) for number in range(30)]
    )
    assert MOST_COUNTED == 1_000
    monkeypatch.setattr("services.registry.audit_trail.store.MOST_COUNTED", 7)
    assert (await idle_trail.trail.page(Wanted(0, BEGIN + 100), 5)).left_out == 7
    assert await idle_trail.trail.count_beside(Wanted(0, BEGIN + 100, subjects=[("phone", frozenset({"f00d"}))])) == 7


async def test_the_route_gives_a_cursor_and_takes_it_and_no_other(trail: Trail) -> None:
    at = now_ms()
    for number in range(5):
        await trail.record("operator:duty", f"/{number}", at=at)
    seen, query = list[str](), {"limit": 2}
    while True:
        answer = await trail.answer(**query)
        seen = [record["path"] for record in answer["records"]] + seen
        if answer["cursor"] is None:
            break
        query["cursor"] = answer["cursor"]
    assert sorted(seen) == [f"/{number}" for number in range(5)]
    for wrong in ("", "x", "1", ".x", "-1.x", "9" * 16 + ".x"):
        refused = await trail.client.get("/v1/audit", params={"cursor": wrong})
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "cursor"), wrong


async def test_a_place_beyond_the_year_of_a_cursor_is_no_error(idle_trail: Trail) -> None:
    assert (await idle_trail.trail.page(Wanted(0, 10), 5, Place(10**14, "x"))).records == []
