"""Mailings on real Kafka and MongoDB: uploads that break, planners that die, values that must not lie open."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import orjson
import pytest
from structlog.testing import capture_logs

from schemas import codec, ids, topics
from schemas.application_events import ApplicationChanged, PartnerChanged, SenderChanged, StopChanged, SubscriptionKind
from schemas.codec import Newer
from schemas.events import Event, MessageRequested
from schemas.mailing_events import MailingChanged
from services.ingest.api import application
from services.ingest.duplicates.claims_store import DuplicateClaims
from services.ingest.mailing.api import mailing_routes
from services.ingest.mailing.model import CANNOT_OPEN, Mailing, PageCursor
from services.ingest.mailing.planning import planner as planner_module
from services.ingest.mailing.planning import run as run_module
from services.ingest.mailing.planning.backpressure import PlanningBackpressure
from services.ingest.mailing.planning.messages import MessageWriter
from services.ingest.mailing.planning.planner import Planner
from services.ingest.mailing.planning.recipients import RecipientReader
from services.ingest.mailing.planning.run import MailingRun
from services.ingest.mailing.publisher import MailingPublisher
from services.ingest.mailing.rules.redaction import MASK, People
from services.ingest.mailing.rules.segment import Segment
from services.ingest.mailing.rules.template import Template
from services.ingest.mailing.service import NOTHING_LEFT, MailingService, change_of
from services.ingest.mailing.store import Mailings
from services.ingest.mailing.templates import CannotContinue, CurrentTemplate
from services.ingest.mailing.upload import ListForm
from services.ingest.mailing.views import view_of
from services.runtime import mongo
from services.runtime.access.partner_auth import Caller
from services.runtime.clock import now_ms
from services.runtime.crypto.master_key import Secrets
from services.runtime.directory import Directory
from services.runtime.http.server import Problem
from services.runtime.installations.segments import Segments
from services.runtime.live import LiveStreams
from services.runtime.log import kafka
from services.runtime.log.kafka import Log
from services.runtime.mongo import Database
from services.runtime.mongo.hour_keys import HourKeys
from services.runtime.mongo.mailing_outcomes import Outcomes, OutcomesStore
from services.runtime.settings import Settings
from tests.support.log_reader import all_events_of, events_of
from tests.support.requests import NOW, PARTNER, cascade, option, push
from tests.support.waiting import eventually

BULK = topics.MESSAGE_REQUESTED["bulk"]
NEWS = SubscriptionKind(id="news", name="News", default=True)
KNOWN: tuple[PartnerChanged | SenderChanged | ApplicationChanged, ...] = (
    PARTNER,
    SenderChanged(event_id="s", at=NOW, partner_id="demo", service_number="DemoBank", application_id="bank"),
    SenderChanged(event_id="t", at=NOW, partner_id="demo", service_number="DemoText"),
    ApplicationChanged(
        event_id="a", at=NOW, application_id="bank", name="B", api_key_digests=(), subscriptions=(NEWS,)
    ),
)


@dataclass
class Bench:
    """Mailings without HTTP and without the planner's loop."""

    service: MailingService
    recipients: RecipientReader
    writer: MessageWriter
    database: Database
    settings: Settings
    backpressure: PlanningBackpressure = field(default_factory=lambda: PlanningBackpressure({}))

    @property
    def mailings(self) -> Mailings:
        return self.service.mailings

    @property
    def directory(self) -> Directory:
        return self.service.directory

    async def started(self) -> Mailing:
        """A mailing to three that runs."""
        return await self.service.start(await self.upload(await self.draft(), lines(0, 3)), None)

    def run_of(self, mailing: Mailing) -> MailingRun:
        return MailingRun(
            mailing=mailing,
            mailings=self.mailings,
            publisher=self.service.publisher,
            recipients=self.recipients,
            writer=self.writer,
            directory=self.directory,
            backpressure=self.backpressure,
        )

    def planner(self, stop: asyncio.Event) -> Planner:
        return Planner(
            mailings=self.mailings,
            publisher=self.service.publisher,
            run_of=self.run_of,
            database=self.database,
            owner="one",
            stop=stop,
        )

    async def draft(self, message: dict[str, Any] | None = None, **about: Any) -> Mailing:
        mailing, _ = await self.service.create({"name": "autumn", "message": message or push(), **about}, PARTNER)
        return mailing

    async def upload(self, mailing: Mailing, body: Sequence[bytes], first_line: int = 1, csv: bool = False) -> Mailing:
        async def stream() -> AsyncIterator[bytes]:
            for piece in body:
                yield piece

        now = await self.mailings.find(mailing.mailing_id)
        assert now is not None
        _, after = await self.service.upload(now, stream(), ListForm(csv, first_line=first_line))
        return after

    async def plan(self, mailing: Mailing, steps: int = 1000) -> Mailing:
        run = self.run_of(mailing)
        while steps and await run.step(_at_once):
            steps -= 1
        found = await self.mailings.find(mailing.mailing_id)
        assert found is not None
        return found

    async def published(self, mailing: Mailing, state: str) -> MailingChanged:
        """What the log says of it once it has come to that state."""

        found: list[MailingChanged] = []

        async def is_published() -> bool:
            events = await all_events_of(self.settings, topics.MAILING_EVENTS)
            mine = [
                event
                for event in events
                if isinstance(event, MailingChanged) and event.mailing_id == mailing.mailing_id
            ]
            found[:] = [event for event in mine if event.state == state]
            return bool(found)

        await eventually(is_published, f"the log says that it is {state}")
        return found[-1]

    async def requested(self, count: int) -> list[MessageRequested]:
        found = await events_of(self.settings, BULK, count)
        return [event for event in found if isinstance(event, MessageRequested)]


async def _at_once(_: float) -> None:
    return None


@pytest.fixture
async def bench(settings: Settings) -> AsyncIterator[Bench]:
    await kafka.create_topics(settings, [BULK, topics.MAILING_EVENTS, topics.APPLICATION_EVENTS])
    async with mongo.database(settings) as database, kafka.opened_log(settings) as sink:
        yield await _bench(settings, database, sink)
        await database.client.drop_database(settings.mongo_database)


async def _bench(settings: Settings, database: Database, sink: Log) -> Bench:
    directory, secrets = Directory(), Secrets(settings.master_key)
    for entity in KNOWN:
        directory.apply(entity.entity_key, codec.encode(entity))
    mailings, keys = Mailings(database, secrets), HourKeys(database["hour_keys"], secrets)
    await mailings.prepare()
    await keys.prepare()
    return Bench(
        service=MailingService(
            mailings, directory, MailingPublisher(mailings, directory, sink), OutcomesStore(database)
        ),
        recipients=RecipientReader(mailings, Segments(database), directory),
        writer=MessageWriter(mailings, DuplicateClaims(database["claims"]), keys, sink),
        database=database,
        settings=settings,
    )


def lines(start: int, stop: int) -> list[bytes]:
    return [b'{"to": "7916%07d"}\n' % number for number in range(start, stop)]


async def test_an_own_id_repeated_is_the_same_mailing_and_another_content_is_refused(bench: Bench) -> None:
    first, again = await bench.draft(id="autumn"), await bench.draft(id="autumn")
    assert first.mailing_id == again.mailing_id
    with pytest.raises(Problem) as caught:
        await bench.draft(push(text="other"), id="autumn")
    assert caught.value.body.status == 409
    assert (await bench.service.find("autumn", Caller(PARTNER))).mailing_id == first.mailing_id


async def test_nobody_finds_another_partners_mailing(bench: Bench) -> None:
    mailing = await bench.draft()
    stranger = PARTNER.replace(partner_id="other")
    with pytest.raises(Problem) as caught:
        await bench.service.find(mailing.mailing_id, Caller(stranger))
    assert caught.value.body.status == 404


async def test_a_broken_upload_goes_on_where_it_broke_and_doubles_nobody(bench: Bench) -> None:
    mailing = await bench.draft()

    class Lost(Exception):
        pass

    async def breaks() -> AsyncIterator[bytes]:
        for line in lines(0, 1200):
            yield line
        raise Lost

    with pytest.raises(Lost):
        await bench.service.upload(mailing, breaks(), ListForm(False))
    half = await bench.service.find(mailing.mailing_id, Caller(PARTNER))
    assert (half.next_line, half.accepted, half.is_complete) == (1001, 1000, False)
    with pytest.raises(Problem) as caught:
        await bench.service.start(half, None)
    assert "goes on at line 1001" in caught.value.body.errors[0]["rule"]
    whole = await bench.upload(mailing, lines(1000, 1500), first_line=1001)
    assert (whole.accepted, whole.is_complete) == (1500, True)
    again = await bench.upload(mailing, lines(0, 1500))
    assert (again.accepted, again.next_line) == (1500, 1501)
    with pytest.raises(Problem) as gap:
        await bench.upload(mailing, lines(0, 1), first_line=1600)
    assert gap.value.body.errors[0]["field"] == "firstLine"


async def test_a_table_is_sent_again_with_its_header(bench: Bench) -> None:
    mailing = await bench.draft(push(text="{{n}}"))
    rows = [b"7916%07d;N\n" % number for number in range(900)]
    await bench.upload(mailing, [b"to;n\n", *rows[:600]], csv=True)
    after = await bench.upload(mailing, [b"to;n\n", *rows[400:]], first_line=402, csv=True)
    assert (after.accepted, after.refused, after.next_line) == (900, 0, 902)


async def test_of_two_uploads_at_once_one_yields(bench: Bench) -> None:
    mailing = await bench.draft()

    async def meanwhile() -> AsyncIterator[bytes]:
        yield b"".join(lines(0, 10))
        await bench.upload(mailing, lines(0, 700))
        yield b"".join(lines(10, 900))

    with pytest.raises(Problem) as caught:
        await bench.service.upload(mailing, meanwhile(), ListForm(False))
    assert caught.value.body.status == 409
    after = await bench.mailings.find(mailing.mailing_id)
    assert after is not None
    assert (after.accepted, after.next_line) == (700, 701)


async def begun(bench: Bench, mailing: Mailing, body: list[bytes], go_on: asyncio.Event) -> asyncio.Task[Mailing]:
    """An upload that has begun, and reads its body when it is told to."""
    begins = asyncio.Event()

    async def stream() -> AsyncIterator[bytes]:
        begins.set()
        await go_on.wait()
        for piece in body:
            yield piece

    now = await bench.mailings.find(mailing.mailing_id)
    assert now is not None

    async def upload() -> Mailing:
        return (await bench.service.upload(now, stream(), ListForm(False)))[1]

    task = asyncio.create_task(upload())
    await begins.wait()
    return task


async def test_an_upload_that_yields_leaves_the_list_as_the_other_one_sent_it(bench: Bench) -> None:
    mailing, go_on = await bench.draft(), asyncio.Event()
    slow = await begun(bench, mailing, lines(5000, 5700), go_on)
    await bench.upload(mailing, lines(0, 700))
    go_on.set()
    with pytest.raises(Problem, match="Another upload"):
        await slow
    await bench.service.start(await again(bench, mailing), None)
    await bench.plan(await again(bench, mailing))
    phones = {message.recipient.phone for message in await bench.requested(700)}
    assert phones == {f"7916{number:07d}" for number in range(700)}


async def test_an_upload_that_ends_behind_the_start_sends_to_nobody(bench: Bench) -> None:
    mailing, go_on = await bench.draft(), asyncio.Event()
    await bench.upload(mailing, lines(0, 10))
    slow = await begun(bench, mailing, lines(5000, 5700), go_on)
    await bench.upload(mailing, lines(0, 10))
    await bench.service.start(await again(bench, mailing), None)
    go_on.set()
    with pytest.raises(Problem):
        await slow
    assert (await bench.plan(await again(bench, mailing))).planned == 10


async def test_an_upload_that_was_under_way_when_the_list_was_forgotten_adds_nothing(bench: Bench) -> None:
    mailing, go_on = await bench.draft(), asyncio.Event()
    await bench.upload(mailing, lines(0, 500))
    slow = await begun(bench, mailing, lines(5000, 6200), go_on)
    await bench.service.clear(await again(bench, mailing))
    await bench.upload(mailing, lines(0, 10))
    go_on.set()
    with pytest.raises(Problem):
        await slow
    await bench.service.start(await again(bench, mailing), None)
    assert (await bench.plan(await again(bench, mailing))).planned == 10


async def test_a_list_that_an_upload_has_opened_again_is_not_started(bench: Bench) -> None:
    mailing = await bench.draft()
    await bench.upload(mailing, lines(0, 10))
    known = await again(bench, mailing)
    go_on = asyncio.Event()
    more = await begun(bench, mailing, lines(0, 20), go_on)
    with pytest.raises(Problem, match="not complete"):
        await bench.service.start(known, None)
    go_on.set()
    assert (await more).accepted == 20


async def again(bench: Bench, mailing: Mailing) -> Mailing:
    """The mailing as it is now."""
    found = await bench.mailings.find(mailing.mailing_id)
    assert found is not None
    return found


async def test_a_planner_that_died_before_the_cursor_moved_asks_for_the_same_again(bench: Bench) -> None:
    mailing = await bench.upload(await bench.draft(ratePerS=100_000), lines(0, 1100))
    running = await bench.service.start(mailing, None)
    await bench.plan(running, steps=1)
    moved = await bench.database["mailings"].update_one({"_id": mailing.mailing_id}, {"$set": {"cursor": 1}})
    assert moved.matched_count == 1
    done = await bench.plan(replace(running, cursor=1))
    assert done.state == "done"
    with pytest.raises(Problem):
        await bench.service.change(done, change_of({"ratePerS": 5}))
    found = await bench.requested(1600)
    assert len({message.message_id for message in found}) == 1100
    assert len({(message.message_id, message.event_id) for message in found}) == 1100
    assert await bench.database["mailing_chunks"].count_documents({}) == 0


async def test_a_second_planner_stops_as_soon_as_the_cursor_is_not_where_it_left_it(bench: Bench) -> None:
    mailing = await bench.upload(await bench.draft(ratePerS=100_000), lines(0, 1100))
    running = await bench.service.start(mailing, None)
    zombie = bench.run_of(running)
    await bench.plan(running, steps=1)
    assert not await zombie.step(_at_once)


async def test_no_secure_value_lies_open_in_the_database_or_in_the_log(bench: Bench) -> None:
    message = push(text="Code %code%, %same%", **option("SECURE", {"code": "{{code}}", "same": "hush-for-all"}))
    mailing = await bench.draft(message, ratePerS=100)
    mailing = await bench.upload(mailing, [b'{"to": "79161234567", "code": "hush-4711"}\n'])
    kept = [document for name in ("mailing_chunks", "mailings") async for document in bench.database[name].find()]
    assert len(kept) == 2
    assert "hush" not in str(kept)
    await bench.plan(await bench.service.start(mailing, None))
    (request,) = await bench.requested(1)
    content = request.chain[0].content
    assert content is not None
    assert content.secure is not None
    assert content.secure.names == ("code", "same")
    assert b"hush" not in codec.encode(request)
    events = await events_of(bench.settings, topics.MAILING_EVENTS, 3)
    assert all('"same":""' in event.definition for event in events if isinstance(event, MailingChanged))
    assert not any(b"hush" in codec.encode(event) for event in events)


async def test_a_pause_that_is_lifted_at_once_is_lifted_whatever_the_directory_knows(bench: Bench) -> None:
    mailing = await bench.upload(await bench.draft(), lines(0, 3))
    paused = await bench.service.pause(await bench.service.start(mailing, None))
    await bench.service.resume(paused)
    events = await events_of(bench.settings, topics.APPLICATION_EVENTS, 2)
    assert [event.state for event in events if isinstance(event, StopChanged)] == ["paused", "running"]


async def test_what_the_operator_stopped_is_not_lifted_by_a_change_of_the_mailing(bench: Bench) -> None:
    mailing = await bench.upload(await bench.draft(), lines(0, 3))
    running = await bench.service.resume(await bench.service.pause(await bench.service.start(mailing, None)))
    name = f"demo/{mailing.mailing_id}"
    stop = StopChanged(event_id=ids.uuid7(), at=1, scope="mailing", id=name, state="paused", by="operator")
    bench.directory.apply(stop.entity_key, codec.encode(stop))
    again = await bench.service.pause(await bench.service.change(running, change_of({"ratePerS": 7})))
    await bench.service.publisher.publish(await bench.service.resume(again))
    events = await events_of(bench.settings, topics.APPLICATION_EVENTS, 2)
    assert [event.state for event in events if isinstance(event, StopChanged)] == ["paused", "running"]
    lifted = stop.replace(state="running", at=2)
    bench.directory.apply(lifted.entity_key, codec.encode(lifted))
    await bench.service.cancel(again)
    (*_, last) = await events_of(bench.settings, topics.APPLICATION_EVENTS, 3)
    assert isinstance(last, StopChanged)
    assert last.state == "cancelled"


async def test_of_a_mailing_that_is_done_what_waits_is_held_and_ended(bench: Bench) -> None:
    done = await bench.plan(await bench.service.start(await bench.upload(await bench.draft(), lines(0, 3)), None))
    assert done.state == "done"
    paused = await bench.service.pause(done)
    again = await bench.plan(await bench.service.resume(paused))
    assert (again.state, again.planned) == ("done", 3)
    assert (await bench.service.cancel(again)).state == "cancelled"
    events = await events_of(bench.settings, topics.APPLICATION_EVENTS, 3)
    assert [event.state for event in events if isinstance(event, StopChanged)] == ["paused", "running", "cancelled"]


async def test_of_a_mailing_whose_outcomes_are_all_known_nothing_is_held_or_ended(bench: Bench) -> None:
    done = await bench.plan(await bench.started())
    await bench.service.outcomes.changed([done.mailing_id])
    await bench.service.outcomes.put(done.mailing_id, 1, [("SUPPRESSED", "unknown-phone", 3)], NOW)
    for move in (bench.service.pause, bench.service.cancel):
        with pytest.raises(Problem) as refused:
            await move(done)
        assert (refused.value.body.status, refused.value.body.detail) == (409, NOTHING_LEFT)
    assert await again(bench, done) == done


async def test_a_cancel_of_what_still_waits_leaves_when_the_mailing_ended(bench: Bench) -> None:
    done = await bench.plan(await bench.started())
    assert done.finished_at is not None
    back = await bench.plan(await bench.service.resume(await bench.service.pause(done)))
    cancelled = await bench.service.cancel(back)
    assert (back.finished_at, cancelled.finished_at) == (done.finished_at, done.finished_at)


async def test_a_mailing_that_no_key_opens_any_more_pauses_and_another_one_goes_on(bench: Bench) -> None:
    lost, good = [await bench.upload(await bench.draft(), lines(0, 3)) for _ in range(2)]
    for mailing in (lost, good):
        await bench.service.start(mailing, None)
    await bench.database["mailings"].update_one({"_id": lost.mailing_id}, {"$set": {"definition": "sealed long ago"}})
    stop = asyncio.Event()
    planning = asyncio.create_task(bench.planner(stop).run())

    async def have_come_to_rest() -> bool:
        found = [await bench.mailings.find(mailing.mailing_id) for mailing in (lost, good)]
        return [mailing.state for mailing in found if mailing is not None] == ["paused", "done"]

    await eventually(have_come_to_rest, "one is paused, the other one done")
    stop.set()
    await planning


async def test_a_mailing_that_no_key_opens_is_published_once_and_shows_why_before_its_start(
    bench: Bench,
) -> None:
    lost = await bench.service.start(await bench.upload(await bench.draft(), lines(0, 3)), now_ms() + 3_600_000)
    draft = await bench.draft()
    await bench.database["mailings"].update_many({}, {"$set": {"definition": "sealed long ago"}})
    stop = asyncio.Event()
    planner = bench.planner(stop)

    async def is_paused() -> bool:
        found = await bench.mailings.find(lost.mailing_id)
        return found is not None and (found.state, found.reason) == ("paused", CANNOT_OPEN)

    with capture_logs() as logs:
        planning = asyncio.create_task(planner.run())
        await eventually(is_paused, "it is paused and says why")
        stop.set()
        await planning
        unread = await bench.service.find(draft.mailing_id, Caller(PARTNER))
    assert view_of(unread, Outcomes({}, {}, 0), None, None).reason == CANNOT_OPEN
    assert [line["mailing"] for line in logs if "cannot be opened" in line["event"]] == [
        lost.mailing_id,
        draft.mailing_id,
    ]


async def test_recipients_that_no_key_opens_pause_their_mailing_and_keep_nobody_from_being_forgotten(
    bench: Bench,
) -> None:
    lost = await bench.service.start(await bench.upload(await bench.draft(), lines(0, 3)), None)
    await bench.database["mailing_chunks"].update_many({}, {"$set": {"rows": "sealed long ago"}})
    await bench.upload(await bench.draft(), lines(0, 3))
    with pytest.raises(CannotContinue, match="recipients"):
        await bench.plan(lost)
    assert await bench.mailings.erase_recipients(None, People(frozenset(), frozenset({"79160000001"}))) == 1


async def test_a_mailing_with_an_unknown_fault_is_paused_after_some_tries_and_the_others_go_on(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd, good = [
        await bench.service.start(await bench.upload(await bench.draft(), lines(0, 3)), None) for _ in range(2)
    ]
    template_of = CurrentTemplate.of
    tried = 0

    def fails(current: CurrentTemplate, mailing: Mailing) -> tuple[Template, PartnerChanged]:
        nonlocal tried
        if mailing.mailing_id != odd.mailing_id:
            return template_of(current, mailing)
        tried += 1
        raise ZeroDivisionError("nobody thought of it")

    monkeypatch.setattr(CurrentTemplate, "of", fails)
    monkeypatch.setattr(planner_module, "_TRY_AGAIN_S", 0.0)
    stop = asyncio.Event()

    async def have_come_to_rest() -> bool:
        found = [await bench.mailings.find(mailing.mailing_id) for mailing in (odd, good)]
        return [mailing.state for mailing in found if mailing is not None] == ["paused", "done"]

    with capture_logs() as logs:
        running = asyncio.create_task(bench.planner(stop).run())
        await eventually(have_come_to_rest, "the one is paused, the other one done")
        event = await bench.published(odd, "paused")
        stop.set()
        await running
    assert "internal fault (ZeroDivisionError)" in event.reason
    assert [line["log_level"] for line in logs if line.get("mailing") == odd.mailing_id].count("error") == 1
    assert tried == 5
    monkeypatch.undo()
    found = await bench.mailings.find(odd.mailing_id)
    assert found is not None
    assert (await bench.plan(await bench.service.resume(found))).state == "done"


async def test_a_change_that_cannot_be_said_holds_up_no_other_mailing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd, good = [
        await bench.service.start(await bench.upload(await bench.draft(), lines(0, 3)), None) for _ in range(2)
    ]
    publish = MailingPublisher.publish

    async def fails(publisher: MailingPublisher, mailing: Mailing) -> None:
        if mailing.mailing_id == odd.mailing_id:
            raise ZeroDivisionError("nobody thought of it")
        await publish(publisher, mailing)

    monkeypatch.setattr(MailingPublisher, "publish", fails)
    await bench.database["mailings"].update_many({}, {"$set": {"unpublished": True}})
    stop = asyncio.Event()

    async def is_done() -> bool:
        found = await bench.mailings.find(good.mailing_id)
        return found is not None and found.state == "done"

    with capture_logs() as logs:
        running = asyncio.create_task(bench.planner(stop).run())
        await eventually(is_done, "the other one is done")
        stop.set()
        await running
    assert [line["mailing"] for line in logs if line["event"] == "a mailing's change cannot be published"][:1] == [
        odd.mailing_id
    ]


@pytest.mark.parametrize(
    ("text", "fits"), [(r"C:\\u0000", True), (r"C:\u0000", False), (r"\\\u0000", False), (r"\\\\u0000", True)]
)
async def test_a_nul_is_refused_in_a_mailing_and_an_escaped_backslash_is_none(
    bench: Bench, text: str, fits: bool
) -> None:
    body = b'{"name": "x", "message": {"type": "PUSH", "data": {"ttl": 60, "text": "%b"}}}' % text.encode()
    none: Any = None

    async def operator() -> Caller:
        return Caller(None)

    app = application(
        {}, [mailing_routes(bench.service, none, OutcomesStore(bench.database), operator, LiveStreams(asyncio.Event()))]
    )
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://rpns") as client:
        headers = {"Content-Type": "application/json"}
        answer = await client.post("/v1/mailings?partner=demo", content=body, headers=headers)
    assert answer.status_code == (201 if fits else 400), answer.text


@pytest.mark.parametrize("strange", [{"state": "archived"}, {"on_repeated": "merge"}, {"on_bad_lines": "guess"}])
async def test_a_mailing_of_a_newer_release_is_shown_as_unknown_and_left_alone(
    bench: Bench, strange: dict[str, str]
) -> None:
    running, newer = await bench.started(), await bench.started()
    newer_id = {"_id": newer.mailing_id}
    await bench.database["mailings"].update_one(newer_id, {"$set": {**strange, "unpublished": True}})
    states = {mailing.mailing_id: mailing.state for mailing in await bench.mailings.listed("demo", None, 9)}
    assert states == {running.mailing_id: "running", newer.mailing_id: "unknown"}
    assert [mailing.mailing_id for mailing in await bench.mailings.in_state("running")] == [running.mailing_id]
    assert newer.mailing_id not in {mailing.mailing_id for mailing in await bench.mailings.unpublished()}
    rest = [{"_id": f"newer-{n}", "state": "teleported", "unpublished": True} for n in range(100)]
    await bench.database["mailings"].insert_many(rest)
    await bench.mailings.unpublished()  # nor does it read them, so that a hundred hold up no other
    await bench.database["mailings"].delete_many({"_id": {"$regex": "^newer-"}})
    found = await bench.mailings.find(newer.mailing_id)
    assert found is not None
    view = view_of(found, Outcomes({}, {}, 0), None, None)
    assert view.model_dump(by_alias=True)["state"] == "unknown"
    with pytest.raises(Problem, match="The mailing is unknown"):
        await bench.service.pause(found)


@pytest.mark.parametrize("strange", [{"state": "archived"}, {"on_bad_lines": "guess"}])
async def test_the_text_of_a_newer_releases_mailing_waits_for_it_and_holds_up_no_erasure_of_others(
    bench: Bench, strange: dict[str, str]
) -> None:
    theirs, text = People(frozenset({"lodger"}), frozenset()), push(text="hello lodger")
    newer, ours = await bench.draft(text), await bench.draft(text)
    await bench.database["mailings"].update_one({"_id": newer.mailing_id}, {"$set": strange})
    with pytest.raises(Newer, match=newer.mailing_id):
        async with asyncio.timeout(20):
            await bench.mailings.erase_texts(None, theirs)
    found = await bench.mailings.find(ours.mailing_id)
    assert found is not None
    assert "lodger" not in found.definition


async def test_nothing_of_a_newer_releases_draft_is_changed_or_deleted_here(bench: Bench) -> None:
    draft = await bench.upload(await bench.draft(), lines(0, 3))
    await bench.database["mailings"].update_one({"_id": draft.mailing_id}, {"$set": {"on_bad_lines": "guess"}})
    found = await bench.mailings.find(draft.mailing_id)
    assert found is not None
    with pytest.raises(Problem, match="The mailing is unknown"):
        await bench.service.clear(found)
    with pytest.raises(Problem, match="The mailing is unknown"):
        await bench.service.change(found, change_of({"name": "other"}))
    assert len(await bench.mailings.lists.rows_from(draft, 1)) == 3


async def test_of_several_mailings_of_one_moment_each_is_on_one_page(bench: Bench) -> None:
    made = {(await bench.draft()).mailing_id for _ in range(5)}
    await bench.database["mailings"].update_many({}, {"$set": {"created_at": NOW}})
    seen: list[str] = []
    place = None
    while page := await bench.mailings.listed("demo", place, 2):
        seen += [mailing.mailing_id for mailing in page]
        place = PageCursor(page[-1].created_at, page[-1].mailing_id)
    assert len(seen) == 5
    assert set(seen) == made
    assert await bench.mailings.listed(None, PageCursor(NOW), 2) == []
    assert len(await bench.mailings.listed(None, PageCursor(NOW + 1), 9)) == 5


async def test_who_is_forgotten_while_a_mailing_runs_is_not_sent_to_from_memory(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailing = await bench.upload(await bench.draft(ratePerS=4), lines(0, 8))
    clock = [NOW]
    monkeypatch.setattr(run_module, "now_ms", lambda: clock[0])
    run = bench.run_of(await bench.service.start(mailing, None))
    assert await run.step(_at_once)
    first = (await bench.requested(1))[0].recipient.phone
    rows = await bench.mailings.lists.rows_from(mailing, 2)
    forgotten = rows[-1].phone
    assert forgotten is not None
    assert await bench.mailings.erase_recipients(None, People(frozenset(), frozenset({forgotten}))) >= 1
    clock[0] += 2000
    while await run.step(_at_once):
        pass
    phones = {message.recipient.phone for message in await bench.requested(run.mailing.planned)}
    assert first in phones
    assert forgotten not in phones


async def test_what_happens_to_a_mailing_is_published_and_holds_what_was_asked_for_already(bench: Bench) -> None:
    mailing = await bench.upload(await bench.draft(), lines(0, 3))
    running = await bench.service.start(mailing, None)
    paused = await bench.service.pause(running)
    events: Sequence[Event] = await events_of(bench.settings, topics.MAILING_EVENTS, 3)
    assert [event.state for event in events if isinstance(event, MailingChanged)] == ["draft", "running", "paused"]
    (stop,) = await events_of(bench.settings, topics.APPLICATION_EVENTS, 1)
    assert isinstance(stop, StopChanged)
    assert (stop.scope, stop.id, stop.state) == ("mailing", f"demo/{mailing.mailing_id}", "paused")
    bench.directory.apply(stop.entity_key, codec.encode(stop))
    await bench.service.resume(paused)
    lifted = (await events_of(bench.settings, topics.APPLICATION_EVENTS, 2))[-1]
    assert isinstance(lifted, StopChanged)
    assert lifted.state == "running"


async def test_an_operators_stop_holds_the_planner_and_a_cancelling_one_ends_the_mailing(bench: Bench) -> None:
    mailing = await bench.upload(await bench.draft(), lines(0, 3))
    running = await bench.service.start(mailing, None)
    run = bench.run_of(running)
    stop = StopChanged(event_id=ids.uuid7(), at=1, scope="partner", id="demo", state="paused")
    bench.directory.apply(stop.entity_key, codec.encode(stop))
    assert await run.step(_at_once)
    assert run.mailing.planned == 0
    own = StopChanged(
        event_id=ids.uuid7(), at=2, scope="mailing", id=f"demo/{mailing.mailing_id}", state="cancelled", reason="wrong"
    )
    bench.directory.apply(own.entity_key, codec.encode(own))
    assert not await run.step(_at_once)
    after = await bench.mailings.find(mailing.mailing_id)
    assert after is not None
    assert (after.state, after.reason) == ("cancelled", "wrong")


@pytest.mark.parametrize("before", ["draft", "paused"])
async def test_a_mailing_that_the_stop_button_has_cancelled_never_goes_on(bench: Bench, before: str) -> None:
    mailing = await bench.upload(await bench.draft(), lines(0, 3))
    if before == "paused":
        mailing = await bench.service.pause(await bench.service.start(mailing, None))
    own = StopChanged(
        event_id=ids.uuid7(), at=2, scope="mailing", id=f"demo/{mailing.mailing_id}", state="cancelled", by="demo"
    )
    bench.directory.apply(own.entity_key, codec.encode(own))
    start = bench.service.resume(mailing) if before == "paused" else bench.service.start(mailing, None)
    after = await bench.plan(await start)
    assert (after.state, after.planned) == ("cancelled", 0)
    stops = await all_events_of(bench.settings, topics.APPLICATION_EVENTS)
    assert not [stop for stop in stops if isinstance(stop, StopChanged) and stop.state == "running"]


async def test_a_sender_that_is_gone_pauses_the_mailing_and_says_why(bench: Bench) -> None:
    mailing = await bench.upload(await bench.draft(), lines(0, 3))
    running = await bench.service.start(mailing, None)
    sender = SenderChanged(
        event_id="u", at=1, partner_id="demo", service_number="DemoBank", application_id="bank", enabled=False
    )
    bench.directory.apply(sender.entity_key, codec.encode(sender))
    stop = asyncio.Event()
    planner = bench.planner(stop)
    planning = asyncio.create_task(planner.run())

    async def has_stopped() -> bool:
        found = await bench.mailings.find(running.mailing_id)
        return found is not None and found.state != "running"

    await eventually(has_stopped, "the planner pauses it")
    stop.set()
    await planning
    after = await bench.mailings.find(running.mailing_id)
    assert after is not None
    assert (after.state, after.planned) == ("paused", 0)
    assert after.reason == "message.data.serviceNumber: must be one of the partner's senders"


def device(number: int, **about: Any) -> dict[str, Any]:
    token = {"provider": "fcm", "sealed": "s", "digest": f"d{number}", "registered_at": 1}
    base = {"_id": f"i-{number:04}", "application_id": "bank", "platform": "android", "token": token, "owner": None}
    return base | about


async def found_in(bench: Bench, segment: Segment, page: int = 3) -> list[tuple[str, tuple[str, ...]]]:
    query = await bench.recipients.query(segment)
    cursor: str | None = ""
    found = []
    while cursor is not None:
        some, cursor = await bench.recipients.segments.page(query, cursor, page)
        found += [(member.installation.installation_id, member.fitting) for member in some]
    return found


async def test_a_recipient_with_several_installations_is_found_once_whatever_the_page(bench: Bench) -> None:
    owners = [{"external_user_id": "u"}, None, {"phone": "7916"}, {"external_user_id": "u", "phone": "7"}, None]
    devices = [device(number, owner=owner) for number, owner in enumerate(owners * 3)]
    await bench.database["installations"].insert_many(devices)
    segment = Segment("bank")
    for page in (1, 2, 3, 100):
        found = await found_in(bench, segment, page)
        assert [key for key, _ in found if devices[int(key[2:])]["owner"]] == ["i-0000", "i-0002"]
        assert len(found) == 2 + 6
    assert dict(found)["i-0002"] == ("i-0002", "i-0007", "i-0012")
    assert await bench.recipients.segments.count(await bench.recipients.query(segment)) == (15, 8)


async def test_every_condition_of_a_segment_counts(bench: Bench) -> None:
    on, off = ([{"id": "news", "name": "News", "value": value}] for value in (True, False))
    await bench.database["installations"].insert_many(
        [
            device(0, app_version="2.10", time_zone="Asia/Tokyo", last_used_at=100, subscriptions=on),
            device(1, app_version="2.9", time_zone="Europe/Moscow", last_used_at=200, subscriptions=off),
            device(2, app_version="3.0", platform="ios", last_used_at=300),
            device(3, token=None),
            device(4, application_id="other"),
        ]
    )
    expected: dict[Segment, set[int]] = {
        Segment("bank"): {0, 1, 2},
        Segment("bank", platforms=("ios",)): {2},
        Segment("bank", version_from="2.10"): {0, 2},
        Segment("bank", version_from="2.9", version_below="3"): {0, 1},
        Segment("bank", time_zones=("Asia/Tokyo",)): {0},
        Segment("bank", used_from=200, used_until=300): {1},
        Segment("bank", subscriptions=("News",)): {0, 2},  # the third has said nothing: the default counts
    }
    for segment, numbers in expected.items():
        assert {int(key[2:]) for key, _ in await found_in(bench, segment)} == numbers, segment


async def test_a_segment_is_planned_to_its_end_and_a_cascade_keeps_the_phone(bench: Bench) -> None:
    await bench.database["installations"].insert_many(
        [device(0, owner={"external_user_id": "u", "phone": "79161234567"}), device(1)]
    )
    sms = {"type": "SMS", "data": {"text": "hi", "ttl": 5, "serviceNumber": "DemoText"}}
    mailing = await bench.draft(segment={}, cascadeChainLink=cascade("DELIVERED", sms), ratePerS=100)
    done = await bench.plan(await bench.service.start(mailing, None))
    assert (done.state, done.planned) == ("done", 2)
    asked = sorted(await bench.requested(2), key=lambda message: message.recipient.installation_id or "")
    assert [message.recipient.document() for message in asked] == [
        {"phone": "79161234567", "external_user_id": "u", "only_installations": ("i-0000",)},
        {"installation_id": "i-0001"},
    ]


async def test_who_is_forgotten_goes_from_lists_values_and_texts(bench: Bench) -> None:
    theirs = People(frozenset({"lodger"}), frozenset({"79161112233"}))
    message = push(text="{{friend}} calls you, or +7 916 111-22-33 does, or Lodger, not lodgers but lodger")
    mailing = await bench.draft(message, name="for lodger")
    friends = {
        "79160000001": "Gold",
        "79160000002": "8 (916) 111-22-33",
        "79161112233": "Gold",
        "79160000003": "lodger",
    }
    mailing = await bench.upload(
        mailing, [orjson.dumps({"to": to, "friend": name}) + b"\n" for to, name in friends.items()]
    )
    mailing = await bench.service.start(mailing, None)
    assert await bench.mailings.erase_recipients("another", theirs) == 0
    assert await bench.mailings.erase_recipients(None, theirs) == 3
    assert [await bench.mailings.erase_texts(None, theirs) for _ in range(2)] == [1, 0]
    assert await bench.mailings.erase_recipients(None, theirs) == 0
    found = await bench.service.find(mailing.mailing_id, Caller(PARTNER))
    assert (found.name, found.revision) == (f"for {MASK}", mailing.revision + 1)
    assert [unpublished.mailing_id for unpublished in await bench.mailings.unpublished()] == [mailing.mailing_id]
    done = await bench.plan(found)
    assert (done.state, done.planned) == ("done", 1)
    (sent,) = await bench.requested(1)
    assert sent.recipient.phone == "79160000001"
    assert sent.chain[0].content is not None
    assert sent.chain[0].content.text == f"Gold calls you, or {MASK} does, or Lodger, not lodgers but {MASK}"


async def test_a_run_goes_on_with_the_text_that_is_left(bench: Bench) -> None:
    mailing = await bench.upload(
        await bench.draft(push(text="{{n}} lodger"), ratePerS=4),
        [orjson.dumps({"to": f"7916000000{number}", "n": number}) + b"\n" for number in range(4)],
    )
    run = bench.run_of(await bench.service.start(mailing, None))
    assert await run.step(_at_once)
    await bench.mailings.erase_texts(None, People(frozenset({"lodger"}), frozenset()))
    while await run.step(_at_once):
        pass
    texts = sorted(
        message.chain[0].content.text for message in await bench.requested(4) if message.chain[0].content is not None
    )
    assert texts[0] == "0 lodger"
    assert texts[-1] == f"3 {MASK}"
