"""Every store, over a database whose writes fail in each known way: none takes trouble for success, nor for a fault."""

import base64
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from schemas import topics
from schemas.events import DeadlinePassed, Planned
from schemas.providers import Provider
from schemas.reports import ReportStatus
from schemas.statistic_events import Statistic, StatisticChanged
from schemas.values import Channel
from services.dispatch.broadcast.store import ChannelNotes
from services.dispatch.delivery.attempts_store import Attempts
from services.ingest.broadcast.store import Broadcasts
from services.ingest.duplicates.claims_store import DuplicateClaims
from services.ingest.mailing.rules.rows import RejectedLine
from services.ingest.mailing.store import Mailings
from services.registry.devices.fold.state import Device
from services.registry.devices.store import DeviceStore
from services.registry.devices.versioned_store import VersionedStore
from services.registry.provisioning.store import ProvisioningLock
from services.router.store import RoutingClaim, RoutingClaims
from services.runtime import mongo
from services.runtime.crypto.master_key import Secrets
from services.runtime.mongo.erasures import Erasures
from services.runtime.mongo.hour_keys import HourKeys
from services.runtime.mongo.leases import Lease
from services.runtime.mongo.mailing_outcomes import OutcomesStore
from services.runtime.mongo.recipient_keys import RecipientKeysStore
from services.runtime.scheduling.tags import SenderTag
from services.runtime.scheduling.timers import Timer, Timers
from services.runtime.short_links import ShortLinks
from services.status.history import Inbox
from services.status.history.entries import InboxEntry
from services.status.message import Link, Message, Messages
from services.status.reports import ReportStore
from services.status.reports.model import AttemptResult, LeasedReport, ReportIntent
from services.status.short_links import ShortLinkStore
from services.status.statistics.store import Statistics
from services.status.stream.packs import NewChange
from services.status.stream.store import ChangeStore
from tests.support.broken_database import DUPLICATE, TROUBLE, BrokenDatabase, bulk, command

Call = Callable[[Any], Awaitable[object]]
SECRETS = Secrets(base64.b64encode(bytes(32)).decode())
OLD = Secrets(base64.b64encode(bytes(range(32))).decode(), base64.b64encode(bytes(32)).decode())
M = "00000000-0000-4000-8000-000000000001"
CLAIM = RoutingClaim(f"{M}/1", "topic/0/1", "planned", (), "topic/0/2")
COMMON: dict[str, Any] = {"event_id": M, "at": 1, "message_id": M, "partner_id": "p", "lane": "single", "link": 1}
DEADLINE = DeadlinePassed(**COMMON)
PLANNED = Planned(**COMMON, request_id=M, send_at=1, expires_at=2)
TIMER = Timer(1, topics.STATUS_EVENTS["single"], M, DEADLINE)
ENTRY = InboxEntry(
    owner="u/1",
    message_id=M,
    link=1,
    partner_id="p",
    lane="single",
    at=1,
    expires_at=2,
    kept_until=3,
    status="",
    status_at=0,
    delivered_at=0,
    read_at=0,
    installations=(),
    waiting=(),
    deleted=False,
)
COUNTED = StatisticChanged(
    event_id=M, at=1, statistic=Statistic(minute=0, partner_id="p", channel=Channel.PUSH, outcome="sent"), count=1
)
INTENT = ReportIntent(
    message_id=M,
    link=1,
    partner_id="p",
    lane="single",
    host="example.org:443",
    notify_url=None,
    status=ReportStatus.DELIVERED,
    error_code=0,
    body=b"{}",
)
LEASED = LeasedReport(
    report_id=f"{M}/1",
    lease="lease",
    message_id=M,
    link=1,
    partner_id="p",
    lane="single",
    notify_url=None,
    status=ReportStatus.DELIVERED,
    error_code=0,
    body=b"{}",
    attempt=1,
    tries=1,
    first_tried_at=1,
)


class OneCode(ShortLinkStore):
    def _documents(self, message: Message, number: int) -> list[dict[str, Any]]:
        return [{"_id": "code"}]


async def reseal(database: Any) -> object:
    node = {"_id": "reference", "key": SECRETS.seal(bytes(32), b"recipient-key")}
    return await RecipientKeysStore(BrokenDatabase(database["x"]._error, node), OLD).reseal()  # type: ignore[arg-type]


BULK: dict[str, Call] = {
    "router claims": lambda database: RoutingClaims(database).insert([CLAIM]),
    "router schedules": lambda database: RoutingClaims(database).make_due([CLAIM]),
    "timers": lambda database: Timers(database["timers"], None).set([TIMER]),  # type: ignore[arg-type]
    "attempts": lambda database: Attempts(database)._insert([("a/1", "by")]),
    "request claims": lambda database: DuplicateClaims(database["claims"]).claim_many([M], "h", 1),
    "claims of lines": lambda database: DuplicateClaims(database["claims"]).claim_as({M: "line"}, 1),
    "problems of lines": lambda database: Mailings(database, SECRETS).lists.add_problems(
        "m", [RejectedLine(1, "to", "a number")]
    ),
    "messages": lambda database: Messages(database).save([Message(M)]),
    "inbox": lambda database: Inbox(database).write([(1, ENTRY)]),
    "statistics": lambda database: Statistics(database).save({"key": COUNTED}),
    "reports owed": lambda database: ReportStore(database).want([INTENT], 1),
    "reports tried": lambda database: ReportStore(database).finish([AttemptResult(LEASED, True, None)]),
    "short links": lambda database: OneCode(database, ShortLinks("", lambda _: ())).project([(Message(M), [PLANNED])]),
    "holes of the stream": lambda database: ChangeStore(database).close("p", [1]),
    "outcomes": lambda database: OutcomesStore(database).changed(["mailing"]),
    "documents of devices": lambda database: VersionedStore(
        mongo.durable(database["x"]), Device, str, lambda _: {}
    ).replace({}, {"key": "value"}),
    "published installations": lambda database: DeviceStore(database).published([("i", 1)]),
    "keys under a new master key": reseal,
}
SINGLE: dict[str, Call] = {
    "a request's claim": lambda database: DuplicateClaims(database["claims"]).claim(M, "h", 1),
    "a confirmed claim": lambda database: DuplicateClaims(database["claims"]).confirm(M),
    "confirmed claims": lambda database: DuplicateClaims(database["claims"]).confirm_many([M]),
    "numbers of the stream": lambda database: ChangeStore(database).add("p", [NewChange("k", b"{}")]),
    "an installation's id": lambda database: DeviceStore(database).may_install("i", "by"),
    "a lease": lambda database: Lease(database, "what", "owner").hold(1, 1),
    "the lock": lambda database: ProvisioningLock(database).acquire(0),
    "a channel's note": lambda database: ChannelNotes(database).begin("k", "app", "production", []),
    "a channel made": lambda database: ChannelNotes(database).made("k", "id"),
    "an hour's key": lambda database: HourKeys(database["hour_keys"], SECRETS).create(500_000, 1),
    "timers hastened": lambda database: Timers(database["timers"], None).hasten(SenderTag(Provider.FCM, "app"), 1),  # type: ignore[arg-type]
    "a step of an erasure": lambda database: Erasures(database, SECRETS).forgotten("e"),
    "a count": lambda database: OutcomesStore(database).put("mailing", 1, [], 1),
    "a list deleted": lambda database: Mailings(database, SECRETS).lists.delete_recipients("m"),
    "inbox entries dropped": lambda database: Inbox(database).delete([M]),
    "reports hastened": lambda database: ReportStore(database).hasten("single", "host", 1),
    "an index": lambda database: Broadcasts(database).prepare(),
}


@pytest.mark.parametrize("what", TROUBLE)
@pytest.mark.parametrize("store", BULK | SINGLE)
async def test_trouble_is_unavailable_to_every_writer(store: str, what: str) -> None:
    with pytest.raises(mongo.Unavailable):
        await (BULK | SINGLE)[store](BrokenDatabase(TROUBLE[what]))


@pytest.mark.parametrize("store", sorted(BULK.keys() - {"outcomes", "keys under a new master key"}))
async def test_a_key_that_is_taken_is_no_trouble(store: str) -> None:
    await BULK[store](BrokenDatabase(bulk(faults=[DUPLICATE])))


@pytest.mark.parametrize("store", BULK)
async def test_a_document_that_is_too_large_is_named(store: str) -> None:
    with pytest.raises(mongo.TooLarge) as raised:
        await BULK[store](BrokenDatabase(bulk(faults=[{**DUPLICATE, "code": 10334}])))
    assert raised.value.indexes == (0,)


@pytest.mark.parametrize("broken", [Message(M, first_at=2**60), Message(M, first_at=2**70, links={0: Link(0)})])
async def test_a_message_that_no_document_can_hold_is_named(broken: Message) -> None:
    with pytest.raises(mongo.Invalid) as raised:
        await Messages(BrokenDatabase(command(2))).save([Message(M), broken])  # type: ignore[arg-type]
    assert raised.value.indexes == (1,)


@pytest.mark.parametrize("what", TROUBLE)
async def test_a_lease_that_cannot_be_given_up_ends_by_itself(what: str) -> None:
    await Lease(BrokenDatabase(TROUBLE[what]), "what", "owner").release()  # type: ignore[arg-type]


async def test_an_attempt_is_noted_once_the_database_is_back() -> None:
    broken = BrokenDatabase(TROUBLE["a bulk write whose concern failed"])
    attempts, tries = Attempts(broken), list[int]()  # type: ignore[arg-type]

    async def mended(operations: Sequence[object]) -> mongo.Written:
        tries.append(1)
        if len(tries) < 3:
            raise mongo.Unavailable("away")
        return mongo.Written()

    attempts._collection.insert = mended  # type: ignore[method-assign, assignment]
    assert await attempts.note("delivery", 1)
    assert len(tries) == 3


async def test_an_unknown_fault_is_nobodys_success() -> None:
    for call in (BULK | SINGLE).values():
        with pytest.raises(Exception, match="refused"):
            await call(BrokenDatabase(command(2)))
