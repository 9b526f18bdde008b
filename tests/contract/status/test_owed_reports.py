"""Reports that were only in the memory of a process: whoever comes after it sends what is owed, and nothing else."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from schemas.events import MessageEvent, MessageRequested, ReportAttempted, ReportMissed
from schemas.reports import ReportStatus
from schemas.values import ReportRequest
from services.runtime import mongo
from services.runtime.settings import Settings
from services.status.consumer import FoldStep
from services.status.message import Messages
from services.status.reports.intents import host_of
from tests.contract.status.test_fold_step import run
from tests.support.report_receiver import Receiver, receiving
from tests.support.status_events import NOW, Story
from tests.support.status_service import Running, partner, running


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as started:
        yield started


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.status.consumer.sweeper.MISSED_AFTER_MS", 1_000)
    monkeypatch.setattr("services.status.message.store._OWED_STEP_MS", 100)


def asked(story: Story, receiver: Receiver) -> MessageRequested:
    return story.requested(reports=ReportRequest(notify_url=receiver.url))


def sent(story: Story, receiver: Receiver) -> Sequence[MessageEvent]:
    return asked(story, receiver), story.planned("i-1"), story.dispatched()


async def folded_by_a_process_that_was_killed(settings: Settings, *events: MessageEvent) -> None:
    """Saved and committed; of its reports nothing is left."""
    async with mongo.database(settings) as database:
        messages = Messages(database)
        await messages.prepare()
        await run(FoldStep(messages), *events)


async def until_taken(service: Running, story: Story, status: int) -> None:
    await service.until(story, lambda seen: seen["links"][0]["report"]["taken"] == status, "taken")


async def test_a_report_that_died_with_its_process_is_sent_by_the_next_one(
    settings: Settings, receiver: Receiver
) -> None:
    story = Story()
    await folded_by_a_process_that_was_killed(settings, *sent(story, receiver))
    async with running(settings, [partner()]) as service:
        await until_taken(service, story, 0)
        await service.append(story.receipt())
        await until_taken(service, story, 2)
    assert receiver.statuses() == [0, 2]


async def test_a_report_whose_attempt_is_logged_and_not_read_yet_is_not_sent_again(
    settings: Settings, receiver: Receiver
) -> None:
    story, other = Story(), Story()
    await folded_by_a_process_that_was_killed(settings, *sent(story, receiver))
    attempt = ReportAttempted(
        **story._common("report", NOW), link=0, status=ReportStatus.SENT, attempt=1, delivered=True
    )
    async with running(settings, [partner()]) as service:
        await service.append(attempt, ReportMissed(**story._common("missed", NOW), link=0), *sent(other, receiver))
        await until_taken(service, other, 0)
        await until_taken(service, story, 0)
    assert len(receiver.came) == 1


async def test_who_takes_over_in_the_middle_keeps_the_order_of_each_link(
    settings: Settings, receiver: Receiver
) -> None:
    story = Story()
    await folded_by_a_process_that_was_killed(settings, *sent(story, receiver))
    async with running(settings, [partner()]) as service:
        await service.append(story.receipt())  # its 0 may be under way elsewhere
        await until_taken(service, story, 2)
    assert receiver.statuses() in ([2], [0, 2]), "by what was missed first"


async def test_what_waits_in_memory_when_the_process_ends_is_sent_once_by_the_next_one(
    settings: Settings, receiver: Receiver
) -> None:
    settings = settings.model_copy(update={"report_limit": 1})
    stories = [Story() for _ in range(3)]
    receiver.gate.clear()
    async with running(settings, [partner()]) as service:
        for story in stories:
            await service.append(*sent(story, receiver))
        await receiver.until(lambda: receiver.in_hand == 1, "under way")
        await service.until_state(stories[-1], "SENT")
        asyncio.get_running_loop().call_later(0.5, receiver.gate.set)
    assert len(receiver.came) < len(stories)
    async with running(settings, [partner()]) as service:
        for story in stories:
            await until_taken(service, story, 0)
    assert len(receiver.came) == len(stories)


async def test_a_partner_who_got_a_report_sees_at_least_that_state(settings: Settings, receiver: Receiver) -> None:
    words = {0: ("SENT", "DELIVERED", "READ"), 2: ("DELIVERED", "READ"), 9: ("READ",)}
    async with running(settings, [partner()]) as service:
        seen: list[tuple[int, str]] = []

        async def looked(status: int, message_id: str) -> None:
            _, message = await service.get(f"/v1/messages/{message_id}")
            seen.append((status, message["state"]))

        for _ in range(20):
            story, before = Story(), len(receiver.came)
            await service.append(*sent(story, receiver), story.receipt(), story.receipt(kind="read"))
            await receiver.until(lambda: len(receiver.came) > before, "reported")  # noqa: B023 — called at once
            await looked(receiver.statuses()[-1], story.message_id)
    assert all(state in words[status] for status, state in seen)


async def test_two_processes_report_each_state_once_while_the_partitions_change_hands(
    settings: Settings, receiver: Receiver
) -> None:
    stories = [Story() for _ in range(60)]
    async with running(settings.model_copy(update={"instance": "first"}), [partner()]) as first:
        for story in stories:
            await first.append(*sent(story, receiver))
        async with running(settings.model_copy(update={"instance": "second"}), []) as second:
            for story in stories:
                await second.append(story.receipt())
            for story in stories:
                await until_taken(second, story, 2)
        for story in stories:
            await first.append(story.receipt(kind="read"))
        for story in stories:
            await until_taken(first, story, 9)
    by_message: dict[str, list[int]] = {}
    for report in receiver.came:
        by_message.setdefault(report["mtNum"], []).append(report["status"])
    assert len(by_message) == len(stories)
    assert all(statuses == sorted(set(statuses)) for statuses in by_message.values())


async def test_reports_that_a_former_release_has_stored_are_sent(settings: Settings, receiver: Receiver) -> None:
    story = Story()
    await folded_by_a_process_that_was_killed(settings, *sent(story, receiver))
    stored = {
        "_id": f"{story.message_id}/0",
        "message_id": story.message_id,
        "partner_id": "bank",
        "link": 0,
        "lane": "single",
        "host": host_of(receiver.url),
        "notify_url": receiver.url,
        "rank": 0,
        "status": 0,
        "error_code": 0,
        "body": b'{"status": 0}',
        "due_at": 1,
        "tries": 0,
        "first_tried_at": 0,
        "leased_until": 0,
        "attempt": 0,
    }
    async with mongo.database(settings) as database:
        await database["reports"].insert_one(stored)
        await database["messages"].update_many({}, {"$unset": {"owed_at": "", "owed_link": ""}})
    async with running(settings, [partner()]) as service:
        await until_taken(service, story, 0)
        await service.append(story.receipt())
        await until_taken(service, story, 2)
    assert receiver.statuses() == [0, 2]
