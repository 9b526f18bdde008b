"""`GET /v1/messages/{id}/live` on real servers: what is told of a message that changes, to whom, what is recorded."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import orjson
import pytest

from schemas import ids
from schemas.audit_events import Audited
from schemas.topics import AUDIT_EVENTS
from services.runtime.settings import Settings
from tests.support.listening import ADMIN
from tests.support.log_reader import all_events_of
from tests.support.status_events import Story
from tests.support.status_service import Running, basic, partner, running


@pytest.fixture
async def service(settings: Settings) -> AsyncIterator[Running]:
    async with running(settings, [partner(), partner("shop", uuid=ids.uuid7())]) as started:
        yield started


class Follower:
    """Reads one stream."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._answer = answer
        self.last_id = ""

    async def next(self) -> dict[str, Any]:
        """The message that comes next. Raises TimeoutError; EOFError when the stream has ended."""
        async with asyncio.timeout(20):
            async for line in self._answer.content:
                field, _, value = line.decode().rstrip("\n").partition(": ")
                if field == "id":
                    self.last_id = value
                elif field == "data":
                    return dict(orjson.loads(value))
        raise EOFError

    async def until(self, state: str) -> dict[str, Any]:
        while (message := await self.next())["state"] != state:
            pass
        return message


@asynccontextmanager
async def following(
    service: Running, path: str, headers: dict[str, str] | None = None, last_id: str = ""
) -> AsyncIterator[Follower]:
    headers = (headers or basic("bank")) | ({"Last-Event-ID": last_id} if last_id else {})
    url = service.operators_url if "Bearer" in headers["Authorization"] else service.url
    async with service.http.get(f"{url}/v1/messages/{path}", headers=headers) as answer:
        assert answer.status == 200, await answer.text()
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        yield Follower(answer)


async def planned(service: Running) -> Story:
    story = Story()
    await service.append(story.requested(), story.planned("i-1"))
    await service.until_state(story, "PLANNED")
    return story


async def test_a_change_is_told_as_the_query_would_tell_it(service: Running) -> None:
    story = await planned(service)
    async with following(service, f"{story.message_id}/live") as follower:
        assert (await follower.next())["state"] == "PLANNED"
        await service.append(story.receipt())
        assert await follower.until("DELIVERED") == (await service.get(f"/v1/messages/{story.message_id}"))[1]


async def test_who_comes_back_is_told_only_what_has_changed(service: Running) -> None:
    story = await planned(service)
    path = f"{story.message_id}/live"
    async with following(service, path) as follower:
        await follower.next()
        known = follower.last_id
    async with following(service, path, last_id=known) as follower:
        await service.append(story.receipt())
        assert (await follower.next())["state"] == "DELIVERED"
        known = follower.last_id
    await service.append(story.dispatched())
    await service.until(story, lambda found: len(found["trace"]) > 3, "it was dispatched")
    async with following(service, path, last_id=known) as follower:
        assert len((await follower.next())["trace"]) > 3


async def test_nobody_follows_what_he_may_not_look_at(service: Running) -> None:
    story = await planned(service)
    path = f"/v1/messages/{story.message_id}/live"
    assert [
        (await service.get(path, auth))[0] for auth in (basic("shop"), basic("bank", "wrong"), {"Authorization": "x"})
    ] == [404, 401, 401]
    async with service.http.get(service.operators_url + path, headers={"Authorization": "Bearer no"}) as answer:
        assert answer.status == 401


async def test_few_streams_of_one_partner_however_many_come_at_once(service: Running) -> None:
    story = await planned(service)
    url = f"{service.url}/v1/messages/{story.message_id}/live"
    async with aiohttp.ClientSession() as http:
        answers = await asyncio.gather(*(http.get(url, headers=basic("bank")) for _ in range(30)))
        assert Counter(answer.status for answer in answers) == {200: 20, 429: 10}
        assert {answer.headers["Retry-After"] for answer in answers if answer.status == 429} == {"10"}


async def test_it_ends_with_the_service(settings: Settings) -> None:
    async with running(settings, [partner()]) as service:
        story = await planned(service)
        async with following(service, f"{story.message_id}/live") as follower:
            await follower.next()
            service.process.stop.set()
            with pytest.raises(EOFError):
                await follower.next()


async def test_an_operator_is_recorded_once_for_a_stream_and_never_masked(service: Running) -> None:
    story = await planned(service)
    async with following(service, f"{story.message_id}/live?masked=true", ADMIN) as masked:
        assert "•" in (await masked.next())["phone"]
        async with following(service, f"{story.message_id}/live", ADMIN) as shown:
            assert "•" not in (await shown.next())["phone"]
            await service.append(story.receipt())
            assert "•" not in (await shown.until("DELIVERED"))["phone"]
            assert "•" in (await masked.until("DELIVERED"))["phone"]
    looks = [event for event in await all_events_of(service.settings, AUDIT_EVENTS) if isinstance(event, Audited)]
    assert [(event.look, event.route) for event in looks if event.look] == [("look", "/v1/messages/{any_id}/live")]
    assert looks[0].messages == (story.message_id,)
    assert looks[0].subjects


async def test_whose_it_is_becomes_known_in_a_stream_that_is_recorded(service: Running) -> None:
    """A receipt may come before the request: the look that was recorded named nobody."""
    story = Story()
    await service.append(story.receipt())
    await service.until(story, lambda _: True, "a message of which nobody knows whose", ADMIN)
    async with following(service, f"{story.message_id}/live", ADMIN) as follower:
        assert (await follower.next())["phone"] is None
        await service.append(story.requested(), story.planned("i-1"))
        with pytest.raises(EOFError):
            await follower.next()
