"""Reports of a period sent again, over the wire: the last state of each link, marked, in order, and each once."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from schemas.events import MessageRequested
from schemas.values import ReportRequest
from services.runtime import mongo
from services.runtime.clock import now_ms
from services.runtime.mongo.leases import Lease
from services.status.message import Messages
from services.status.resends.runner import ResendRunner
from services.status.resends.store import Resend, Resends
from tests.conftest import Servers, own_settings
from tests.support.listening import ADMIN
from tests.support.report_receiver import Receiver, receiving
from tests.support.status_events import NOW, Story
from tests.support.status_service import Running, basic, partner, running
from tests.support.waiting import eventually

PERIOD = {"since": str(NOW - 1000), "until": str(NOW + 1000)}


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as started:
        yield started


@pytest.fixture(scope="module")
async def service(stack_servers: Servers) -> AsyncIterator[Running]:
    settings = own_settings(stack_servers).model_copy(update={"report_retry_s": 0.3, "report_limit": 4})
    async with running(settings, [partner(), partner("other")]) as started:
        yield started


def asked(story: Story, to: Receiver) -> MessageRequested:
    return story.requested(reports=ReportRequest(notify_url=to.url))


async def post(service: Running, path: str, body: Any, auth: dict[str, str] | None = None) -> tuple[int, Any]:
    url = service.operators_url if auth == ADMIN else service.url
    async with service.http.post(url + path, json=body, headers=service.auth if auth is None else auth) as answer:
        return answer.status, await answer.json()


async def taken(service: Running, story: Story, status: int) -> None:
    """Until the partner has taken this status of it."""

    def is_taken(seen: Any) -> bool:
        report = seen["links"][0]["report"]
        return report is not None and report["taken"] == status

    await service.until(story, is_taken, f"{status} is taken")


async def resent(service: Running, body: dict[str, Any], auth: dict[str, str] | None = None) -> Any:
    """The resend, once it is done."""
    status, made = await post(service, "/v1/report-resends", PERIOD | body, auth)
    assert status == 202, made

    async def done() -> Any:
        _, found = await service.get(f"/v1/report-resends/{made['resendId']}", auth)
        return found if found["state"] == "done" else None

    return await eventually(done, "the resend is done")


async def test_the_last_state_of_each_link_is_sent_again_and_marked(service: Running, receiver: Receiver) -> None:
    read, failed, silent = Story(), Story(), Story()
    quiet = silent.requested(reports=ReportRequest(notify_url=receiver.url, registered_delivery=0))
    await service.append(asked(read, receiver), read.planned("i-1"), read.dispatched(), read.receipt(kind="read"))
    await service.append(asked(failed, receiver), failed.planned("i-1"), failed.dispatched(outcome="refused"))
    await service.append(quiet, silent.planned("i-1"), silent.dispatched())
    await receiver.until(lambda: sorted(receiver.statuses())[-2:] == [5, 9], "reported")
    await taken(service, read, 9)
    await taken(service, failed, 5)
    await service.until(silent, lambda seen: seen["state"] == "SENT", "sent")
    before = len(receiver.came)
    first = dict(receiver.raw)

    found = await resent(service, {"partner": "bank"}, ADMIN)

    await receiver.until(lambda: len(receiver.came) == before + 2, "sent again")
    assert sorted(receiver.statuses()[before:]) == [5, 9]
    assert {headers["X-RPNS-Resend"] for _, headers in receiver.raw[before:]} == {found["resendId"]}
    assert {body for body, _ in receiver.raw[before:]} <= first.keys(), "the same report, byte for byte"
    assert all("X-RPNS-Resend" not in headers for _, headers in receiver.raw[:before])
    message = await service.until(read, lambda seen: _words(seen)[-1].startswith("taken: sent again"), "traced")
    assert _words(message)[-2:] == ["to be sent again", "taken: sent again"]


async def test_a_newer_state_is_not_overtaken_by_the_one_that_is_sent_again(
    service: Running, receiver: Receiver
) -> None:
    story = Story()
    await service.append(asked(story, receiver), story.planned("i-1"), story.dispatched(), story.receipt())
    await taken(service, story, 2)
    before = len(receiver.came)
    receiver.gate.clear()
    await resent(service, {"message": story.message_id})
    await receiver.until(lambda: receiver.in_hand == 1, "under way again")
    await service.append(story.receipt(kind="read"))
    await service.until(story, lambda seen: seen["state"] == "READ", "read")
    receiver.gate.set()
    await receiver.until(lambda: receiver.statuses()[before:] == [2, 9], "in order")


async def test_what_is_asked_for_twice_by_one_resend_is_sent_once(service: Running, receiver: Receiver) -> None:
    """As after a kill between the events and the cursor, and as when their batch is done again."""
    story, other = Story(), Story()
    await service.append(asked(story, receiver), story.planned("i-1"), story.dispatched())
    await taken(service, story, 0)
    before = len(receiver.came)
    made = await resent(service, {"message": story.message_id})
    await receiver.until(lambda: len(receiver.came) == before + 1, "sent again")
    await service.until(story, lambda seen: _words(seen)[-1] == "taken: sent again", "taken again")

    async with mongo.database(service.settings) as database:
        resends = Resends(database)
        again = await resends.find(made["resendId"])
        assert again is not None
        first = Resend(again.resend_id, again.wanted, per_second=again.per_second, by=again.by, at=again.at)
        runner = ResendRunner(resends, Messages(database), service.log, Lease(database, "x", "y"))
        assert await runner.step(first) > 0
    await service.append(asked(other, receiver), other.planned("i-1"), other.dispatched())
    await taken(service, other, 0)
    assert len(receiver.came) == before + 2


async def test_a_resend_of_a_newer_release_is_listed_as_unknown(service: Running, receiver: Receiver) -> None:
    made = await resent(service, {"message": await _reported(service, receiver)})
    async with mongo.database(service.settings) as database:
        await database["report_resends"].update_one({"_id": made["resendId"]}, {"$set": {"state": "asleep"}})
        status, rows = await service.get("/v1/report-resends")
        assert (status, {row["resendId"]: row["state"] for row in rows}[made["resendId"]]) == (200, "unknown")
        status, after = await post(service, f"/v1/report-resends/{made['resendId']}/cancel", None)
        assert (status, after["state"]) == (200, "unknown"), "it is left to the newer one"
        await database["report_resends"].delete_one({"_id": made["resendId"]})


async def _reported(service: Running, receiver: Receiver) -> str:
    story = Story()
    await service.append(asked(story, receiver), story.planned("i-1"), story.dispatched())
    await taken(service, story, 0)
    return story.message_id


async def test_a_page_that_cannot_be_read_holds_up_its_own_resend_alone(service: Running, receiver: Receiver) -> None:
    story = Story()
    await service.append(asked(story, receiver), story.planned("i-1"), story.dispatched())
    await taken(service, story, 0)
    before = len(receiver.came)
    async with mongo.database(service.settings) as database:
        await database["messages"].insert_one({"_id": "damaged", "partner_id": "other", "created_at": 1})
        body = {"partner": "other", "since": "1970-01-01T00:00:00Z", "until": "1971-01-01T00:00:00Z"}
        status, stuck = await post(service, "/v1/report-resends", body, ADMIN)
        assert status == 202, stuck
        try:
            await resent(service, {"message": story.message_id})
            await receiver.until(lambda: len(receiver.came) == before + 1, "sent again")
            _, found = await service.get(f"/v1/report-resends/{stuck['resendId']}", ADMIN)
            assert (found["state"], found["asked"]) == ("running", 0), "nothing of it is lost"
        finally:
            await database["messages"].delete_one({"_id": "damaged"})


async def test_a_partner_asks_for_its_own_and_nothing_is_sent_by_a_dry_run(
    service: Running, receiver: Receiver
) -> None:
    story = Story()
    await service.append(asked(story, receiver), story.planned("i-1"), story.dispatched())
    await taken(service, story, 0)
    before = len(receiver.came)
    only = PERIOD | {"message": story.message_id}
    status, counted = await post(service, "/v1/report-resends", only | {"dryRun": True})
    assert (status, counted["messages"], counted["resendId"]) == (200, 1, None)
    for wrong, code in (
        ({"partner": "other"}, 400),
        ({"message": "unknown"}, 404),
        ({"since": str(now_ms() * 3)}, 400),
        ({"perSecond": 51}, 400),
        ({"speed": 1}, 400),
    ):
        status, problem = await post(service, "/v1/report-resends", only | wrong)
        assert status == code, (wrong, problem)
    mine = await resent(service, {"message": story.message_id})
    await receiver.until(lambda: len(receiver.came) == before + 1, "sent again")
    status, _ = await service.get(f"/v1/report-resends/{mine['resendId']}", basic("other"))
    assert status == 404


def _words(message: Any) -> list[str]:
    return [entry["detail"] for entry in message["trace"] if entry["what"] == "report"]
