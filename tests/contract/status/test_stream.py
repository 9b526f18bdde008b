"""The stream of changes: nothing lost, nothing twice, however many write and however often a reader comes back."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import orjson
import pytest

from schemas import ids
from schemas.topics import APPLICATION_EVENTS
from services.runtime import mongo
from services.runtime.clock import now_ms
from services.runtime.log.kafka import Append
from services.runtime.settings import Settings
from services.status.stream.packs import IN_A_PACK, NewChange
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
        assert "RateLimit" in answer.headers
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
        "messageId": story.message_id,
        "mtNum": ids.mt_num_of(story.message_id),
        "id": "ref-1",
        "link": 0,
        "channel": "PUSH",
        "state": "REFUSED",
        "at": story.at,
        "reason": "provider-refused",
        "errorCode": 28,
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
                heard.append((await listener.next())["messageId"])
            last_id = listener.last_id
    assert sorted(heard) == sorted(story.message_id for story in stories)
    assert last_id == "30"


async def test_a_brief_stream_tells_that_something_of_ones_own_has_changed_and_nothing_of_it(service: Running) -> None:
    story, foreign = Story(), Story(partner_id="shop")
    async with listening(service, query="?brief=true") as brief, listening(service, "shop") as other:
        await service.append(foreign.requested(), foreign.planned("i-1"))
        assert (await other.next())["messageId"] == foreign.message_id
        await service.append(story.requested(), story.planned("i-1"))
        assert await brief.next("changed") == {}
        assert brief.last_id == "1"
        await service.append(story.receipt())
        assert await brief.next("changed") == {}
        assert brief.last_id == "2"
    async with listening(service, last_id="1", query="?brief=true") as brief:
        assert await brief.next("changed") == {}
        assert brief.last_id == "2"


async def test_a_stream_of_either_kind_ends_when_its_password_is_drawn_anew(service: Running) -> None:
    async with listening(service) as whole, listening(service, query="?brief=true") as brief:
        changed = partner(event_id="p2", password_hash="of another")
        await service.log.append([Append(APPLICATION_EVENTS, changed.entity_key, changed)])
        for listener in (whole, brief):
            with pytest.raises(AssertionError, match="ended"):
                await listener.next("never")


async def test_an_event_that_comes_again_takes_no_number(service: Running) -> None:
    story, after = Story(), Story()
    async with listening(service) as listener:
        await service.append(story.requested(), story.planned("i-1"), *[story.receipt()] * 5)
        assert [(await listener.next())["state"] for _ in range(2)] == ["PLANNED", "DELIVERED"]
        await service.append(*[story.receipt()] * 5)
        await service.append(after.requested(), after.planned("i-1"))
        assert (await listener.next())["messageId"] == after.message_id
        assert listener.last_id == "3"


async def test_changes_kept_no_longer_are_reported_as_lost(service: Running) -> None:
    async with mongo.database(service.settings) as database:
        changes = ChangeStore(database)
        for pack in range(3):
            await changes.add("bank", new(*(f"{pack}{number}" for number in range(3))))
        await database["changes"].delete_many({"seq": {"$lte": 4}})
        async with listening(service, last_id="2") as listener:
            assert await listener.next("lost") == {"from": 3, "to": 6}
            assert (await listener.next())["messageId"] == "20"
            assert listener.last_id == "7"


async def test_numbers_go_on_when_nothing_is_kept_any_more(service: Running) -> None:
    async with mongo.database(service.settings) as database:
        await ChangeStore(database).add("bank", new("a", "b", "c"))
        await database["changes"].delete_many({})
        async with listening(service, last_id="3") as listener:
            await ChangeStore(database).add("bank", new("d"))
            assert ((await listener.next())["messageId"], listener.last_id) == ("d", "4")


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
        async with listening(service, query="?brief=true"):
            pass  # pages take none of the programs' streams
        for answer in answers:
            answer.close()


def new(*names: str, begun: int = 0, again: bool = False, origin: str = "status-events/0") -> list[NewChange]:
    """Changes of messages of these names, brought by as many records in a row."""
    return [
        NewChange(
            f"{name}/0/SENT",
            orjson.dumps({"message_id": name, "link": 0, "state": "SENT"}),
            origin=f"{origin}/{offset}",
            at=now_ms(),
            again=again,
        )
        for offset, name in enumerate(names, begun)
    ]


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[mongo.Database]:
    async with mongo.database(settings) as made:
        await ChangeStore(made).prepare()
        yield made


async def numbers(database: mongo.Database) -> list[tuple[int, Any]]:
    """Every number that is stored, with its message; None where there is none."""
    found = list[tuple[int, Any]]()
    for pack in await ChangeStore(database).after("bank", 0, 1_000):
        heard = {seq: orjson.loads(line)["messageId"] for seq, line in pack.behind(0)}
        found += [(seq, heard.get(seq)) for seq in range(pack.first, pack.last + 1)]
    return found


async def test_a_batch_is_one_document_until_it_is_too_large(database: mongo.Database) -> None:
    changes = ChangeStore(database)
    await changes.add("bank", new(*(str(number) for number in range(IN_A_PACK))))
    assert len(await changes.after("bank", 0, 1_000)) == 1
    await changes.add("bank", new(*(f"more/{number}" for number in range(2 * IN_A_PACK + 1)), begun=IN_A_PACK))
    packs = await changes.after("bank", 0, 1_000)
    assert [len(pack.lines) for pack in packs] == [IN_A_PACK] * 3 + [1]
    assert [seq for seq, _ in await numbers(database)] == list(range(1, 3 * IN_A_PACK + 2))


async def test_a_batch_that_comes_again_takes_no_number(database: mongo.Database) -> None:
    changes = ChangeStore(database)
    await changes.add("bank", new("a", "b"))
    await changes.add("bank", new("a", "b", "c", again=True))  # the last one had been saved, not stored
    await changes.add("bank", new("d", begun=3))
    assert await numbers(database) == [(1, "a"), (2, "b"), (3, "c"), (4, "d")]


async def test_a_process_that_knows_nothing_yet_stores_nothing_twice(database: mongo.Database) -> None:
    """The one before was killed between its append and its commit, in the middle of a batch of several packs."""
    names = [str(number) for number in range(3 * IN_A_PACK)]
    for begun in range(0, len(names), 10):
        await ChangeStore(database).add("bank", new(*names[begun : begun + 10], begun=begun))
    await ChangeStore(database).add("bank", new(*names[: 2 * IN_A_PACK], again=True))
    await ChangeStore(database).add("bank", new("last", begun=len(names)))
    assert await numbers(database) == list(enumerate([*names, "last"], 1))


async def test_a_writer_that_is_late_leaves_out_what_its_successor_has_stored(database: mongo.Database) -> None:
    """It has saved the messages, lost their partition, and stores their changes only when it wakes up."""
    late, successor = ChangeStore(database), ChangeStore(database)
    await late.add("bank", new("a"))
    await successor.add("bank", new("b", "c", "d", begun=1, again=True))
    await late.add("bank", new("b", "c", "x", begun=1))
    assert await numbers(database) == [(1, "a"), (2, "b"), (3, "c"), (4, "d"), (5, "x")]


async def test_writers_side_by_side_leave_every_change_under_one_number_without_a_hole(
    database: mongo.Database,
) -> None:
    async def write(writer: int) -> None:
        changes = ChangeStore(database)
        for batch in range(3):
            names = [f"{writer}/{batch}/{number}" for number in range(8)]
            await changes.add("bank", new(*names, begun=10 * batch, origin=f"status-events/{writer}"))

    await asyncio.gather(*(write(writer) for writer in range(6)))
    found = await numbers(database)
    assert [seq for seq, _ in found] == list(range(1, 6 * 3 * 8 + 1))
    assert len({name for _, name in found}) == 6 * 3 * 8


async def test_two_lanes_of_one_process_store_side_by_side(database: mongo.Database) -> None:
    changes = ChangeStore(database)
    for batch in range(3):
        await asyncio.gather(
            changes.add("bank", new(f"single/{batch}", begun=batch), "single"),
            changes.add("bank", new(f"bulk/{batch}", begun=batch, origin="status-events.bulk/0"), "bulk"),
        )
    assert [seq for seq, _ in await numbers(database)] == list(range(1, 7))


async def test_whoever_was_left_within_a_pack_goes_on_behind_its_number(service: Running) -> None:
    async with mongo.database(service.settings) as database:
        changes = ChangeStore(database)
        await changes.add("bank", new(*(str(number) for number in range(1, 21))))
        await changes.add("bank", new("21", begun=20))
    for last in (0, 1, 7, 19, 20):
        async with listening(service, last_id=str(last)) as listener:
            for number in range(last + 1, 22):
                assert (await listener.next())["messageId"] == str(number)
                assert listener.last_id == str(number)


async def test_changes_of_former_releases_are_read_and_their_repetitions_known(service: Running) -> None:
    """As they were stored: one by one, under their names, with holes between them and behind them."""
    former: list[dict[str, Any]] = [
        {"_id": "m/0/PLANNED", "partner_id": "bank", "seq": 1, "event": {"message_id": "m", "state": "PLANNED"}},
        {"_id": "hole/bank/2", "partner_id": "bank", "seq": 2},
        {"_id": "m/0/SENT", "partner_id": "bank", "seq": 4, "event": {"message_id": "m", "state": "SENT"}},
    ]
    read = NewChange("m/0/READ", orjson.dumps({"message_id": "m", "state": "READ"}), "status-events/0/9", now_ms())
    async with mongo.database(service.settings) as database:
        kept_until = datetime.now(UTC) + timedelta(days=7)
        await database["changes"].insert_many([document | {"kept_until": kept_until} for document in former])
        await database["change_counters"].insert_one({"_id": "bank", "seq": 5})
        repeated = [read._replace(name=name, again=True, is_former=True) for name in ("m/0/PLANNED", "m/0/SENT")]
        await ChangeStore(database).add("bank", [*repeated, read])
    async with listening(service, query="?after=0") as listener:
        assert [(await listener.next())["state"] for _ in range(3)] == ["PLANNED", "SENT", "READ"]
        assert listener.last_id == "6"
    async with listening(service, last_id="2") as listener:
        assert (await listener.next())["state"] == "SENT"


async def test_a_hole_is_closed_up_to_what_has_come_meanwhile(database: mongo.Database) -> None:
    await database["change_counters"].insert_one({"_id": "bank", "seq": 2})
    changes = ChangeStore(database)
    await changes.add("bank", new("c", "d"))
    await changes.close("bank", range(1, 5))
    assert await numbers(database) == [(1, None), (2, None), (3, "c"), (4, "d")]
