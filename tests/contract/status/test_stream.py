"""The stream of changes: nothing lost, nothing twice, however many write and however often a reader comes back."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import orjson
import pytest

from schemas import ids
from services.runtime import mongo
from services.runtime.settings import Settings
from services.status.stream.store import ChangeStore
from tests.support.status_events import Story
from tests.support.status_service import Running, basic, partner, running
from tests.support.waiting import eventually


@pytest.fixture
async def service(settings: Settings) -> AsyncIterator[Running]:
    async with running(settings, [partner(), partner("shop", uuid=ids.uuid7())]) as started:
        yield started


class Listener:
    """Reads one stream."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._answer = answer
        self.last_id = ""

    async def next(self, name: str = "status") -> dict[str, Any]:
        """The next event of that name. Raises TimeoutError."""
        kind, data = "", b""
        async with asyncio.timeout(20):
            async for line in self._answer.content:
                field, _, value = line.decode().rstrip("\n").partition(": ")
                if field == "id":
                    self.last_id = value
                elif field == "event":
                    kind = value
                elif field == "data":
                    data = value.encode()
                elif not field and kind == name:
                    return dict(orjson.loads(data))
        raise AssertionError("the stream ended")


@asynccontextmanager
async def listening(
    service: Running, login: str = "bank", last_id: str = "", query: str = ""
) -> AsyncIterator[Listener]:
    headers = basic(login) | ({"Last-Event-ID": last_id} if last_id else {})
    async with service.http.get(f"{service.url}/v1/events{query}", headers=headers) as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        first = await answer.content.readline()
        assert first.startswith(b"retry:")
        yield Listener(answer)


async def test_a_listener_hears_every_change_of_its_own_messages(service: Running) -> None:
    story, foreign = Story(), Story(partner_id="shop")
    async with listening(service) as listener:
        await service.append(foreign.requested(), foreign.planned("i-1"), foreign.receipt())
        await service.append(story.requested(), story.planned("i-1"))
        assert (await listener.next())["state"] == "PLANNED"
        await service.append(story.dispatched(outcome="refused"))
        change = await listener.next()
    assert change == {
        "message_id": story.message_id,
        "mt_num": ids.mt_num_of(story.message_id),
        "id": "ref-1",
        "link": 0,
        "channel": "PUSH",
        "state": "REFUSED",
        "at": story.at,
        "reason": "provider-refused",
        "error_code": 28,
    }


async def test_who_comes_back_goes_on_where_it_left_off(service: Running) -> None:
    stories = [Story() for _ in range(30)]
    heard: list[str] = []
    last_id = "0"
    for story in stories:
        await service.append(story.requested(), story.planned("i-1"))
    while len(heard) < 30:
        async with listening(service, last_id=last_id) as listener:
            for _ in range(min(7, 30 - len(heard))):
                heard.append((await listener.next())["message_id"])
            last_id = listener.last_id
    assert sorted(heard) == sorted(story.message_id for story in stories)
    assert last_id == "30"


async def test_an_event_that_comes_again_takes_no_number(service: Running) -> None:
    story, after = Story(), Story()
    async with listening(service) as listener:
        await service.append(story.requested(), story.planned("i-1"), *[story.receipt()] * 5)
        assert [(await listener.next())["state"] for _ in range(2)] == ["PLANNED", "DELIVERED"]
        await service.append(*[story.receipt()] * 5)
        await service.append(after.requested(), after.planned("i-1"))
        assert (await listener.next())["message_id"] == after.message_id
        assert listener.last_id == "3"


async def test_changes_kept_no_longer_are_reported_as_lost(service: Running) -> None:
    async with mongo.database(service.settings) as database:
        changes = ChangeStore(database)
        await changes.add("bank", {f"m/{number}": {"n": number} for number in range(10)})
        await database["changes"].delete_many({"seq": {"$lte": 6}})
        async with listening(service, last_id="2") as listener:
            assert await listener.next("lost") == {"from": 3, "to": 6}
            assert (await listener.next())["n"] == 6


async def test_a_stream_ends_when_the_service_does(settings: Settings) -> None:
    async with running(settings, [partner()]) as service, listening(service) as listener:
        service.process.stop.set()
        with pytest.raises(AssertionError, match="ended"):
            await listener.next()


async def test_no_more_streams_are_open_than_may_be_however_many_come_at_once(service: Running) -> None:
    async with aiohttp.ClientSession() as http:
        answers = await asyncio.gather(
            *(http.get(f"{service.url}/v1/events", headers=basic("bank")) for _ in range(60))
        )
        assert Counter(answer.status for answer in answers) == {200: 10, 429: 50}
        assert {answer.headers.get("Retry-After") for answer in answers if answer.status == 429} == {"10"}
        for answer in answers:
            answer.close()
    await eventually(lambda: _is_opened(service), "streams that were closed do not count any more")


async def _is_opened(service: Running) -> bool:
    async with service.http.get(f"{service.url}/v1/events", headers=basic("bank")) as answer:
        return answer.status == 200


async def test_streams_of_one_partner_are_bounded(service: Running) -> None:
    async with aiohttp.ClientSession() as http:
        answers = [await http.get(f"{service.url}/v1/events", headers=basic("bank")) for _ in range(10)]
        for answer in answers:
            await answer.content.readline()
        status, problem = await service.get("/v1/events")
        assert (status, problem["title"]) == (429, "Too many streams")
        for answer in answers:
            answer.close()


@pytest.fixture
async def changes(settings: Settings) -> AsyncIterator[ChangeStore]:
    async with mongo.database(settings) as database:
        made = ChangeStore(database)
        await made.prepare()
        yield made


async def numbers(changes: ChangeStore) -> list[tuple[int, Any]]:
    return [(change.seq, change.event and change.event["n"]) for change in await changes.after("bank", 0, 100)]


async def test_a_repeated_change_is_one_and_leaves_no_hole(changes: ChangeStore) -> None:
    await changes.add("bank", {"a": {"n": "a"}, "b": {"n": "b"}})
    await changes.add("bank", {"b": {"n": "b"}, "c": {"n": "c"}, "a": {"n": "a"}})
    assert await numbers(changes) == [(1, "a"), (2, "b"), (3, None), (4, "c"), (5, None)]


async def test_a_writer_that_is_later_than_a_closed_hole_takes_a_new_number(changes: ChangeStore) -> None:
    await changes.close("bank", [1, 2])
    await changes.add("bank", {"a": {"n": "a"}, "b": {"n": "b"}, "c": {"n": "c"}})
    found = await numbers(changes)
    assert found[:2] == [(1, None), (2, None)]
    assert [seq for seq, _ in found] == list(range(1, len(found) + 1))
    assert sorted(n for _, n in found if n) == ["a", "b", "c"]


async def test_closing_what_is_no_hole_changes_nothing(changes: ChangeStore) -> None:
    await changes.add("bank", {"a": {"n": "a"}})
    await changes.close("bank", [1])
    assert await numbers(changes) == [(1, "a")]


async def test_writers_side_by_side_leave_every_change_under_one_number(changes: ChangeStore) -> None:
    await asyncio.gather(*(changes.add("bank", {f"{w}/{n}": {"n": f"{w}/{n}"} for n in range(8)}) for w in range(10)))
    found = await numbers(changes)
    assert [seq for seq, _ in found] == list(range(1, 81))
    assert len({n for _, n in found}) == 80


async def test_a_reader_closes_a_hole_that_stays(service: Running) -> None:
    async with mongo.database(service.settings) as database:
        changes = ChangeStore(database)
        await database["change_counters"].insert_one({"_id": "bank", "seq": 2})  # taken by a writer that died
        await changes.add("bank", {"a": {"n": "a"}})
        async with listening(service, query="?after=0") as listener:
            assert (await listener.next())["n"] == "a"
