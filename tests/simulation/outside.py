"""Who is outside: the partner, its receiver, the phones and the providers. Each keeps a ledger of what it was told."""

import asyncio
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from schemas import ids
from schemas.events import MessageRequested
from schemas.providers import Provider
from schemas.topics import MESSAGE_REQUESTED
from schemas.values import Channel, Content, Link, Recipient, ReportRequest
from schemas.values import Schedule as Window
from services.dispatch.provider import BEGUN_BEFORE, Accepted, Push, Result, Retry, TokenGone, Uncertain
from services.registry.receipts.bodies import ReceiptsBody
from services.runtime.log.kafka import Append, LogUnavailable
from services.status.reports.signed_post import Answer
from tests.simulation.instance import Harm, Instance, current
from tests.simulation.plan import Phone, Request

if TYPE_CHECKING:
    from tests.simulation.world import World

PARTNER, PARTNER_UUID, APPLICATION = "bank", "7b0f6c7e-6f0b-4a55-9b68-0f4f9d2f0a11", "app"
_TRIES = 40


@dataclass(frozen=True, slots=True)
class PostedReport:
    """A report that the receiver was given, at `at_ms`. `is_taken`: and it said so."""

    at_ms: int
    status: int
    is_taken: bool


class Partner:
    """Sends, and receives reports."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.accepted: dict[str, int] = {}  # message id: when it was told so
        self.refs: dict[str, Request] = {}  # by message id
        self.posted: defaultdict[str, list[PostedReport]] = defaultdict(list)  # by mtNum
        self._hosts = 0

    @property
    def url(self) -> str:
        return f"http://bank-{self._hosts}.example:80/reports"

    def move(self) -> None:
        self._hosts += 1
        self._world.announce_partner()

    async def ask(self, request: Request) -> None:
        """Ask until it is accepted, and again as often as it repeats itself."""
        await asyncio.sleep(request.at_s)
        message_id = ids.message_id_of(PARTNER_UUID, request.ref)
        self.refs[message_id] = request
        for _ in range(1 + request.repeats):
            for _ in range(_TRIES):
                if await self._asked(message_id, request):
                    break
                await asyncio.sleep(self._world.chance.uniform(0.2, 3.0))
            await asyncio.sleep(self._world.chance.choice((0.0, 0.1, 5.0)))

    async def _asked(self, message_id: str, request: Request) -> bool:
        event = requested(self._world, message_id, request)
        try:
            await self._world.ingest.append([Append(MESSAGE_REQUESTED[event.lane], message_id, event)], 10)
        except LogUnavailable:
            return False
        self.accepted.setdefault(message_id, self._world.loop.now_ms)
        self._world.note("the partner is told that it is accepted", message_id)
        return True

    async def post(self, url: str, body: bytes, partner: object, webhook_id: str, resend: str = "") -> Answer:
        """Stands for `ReportSender.post`."""
        instance = current.get()
        assert instance is not None
        report, faults = orjson.loads(body), self._world.faults
        is_away = url == self.url and faults.meets("receiver trouble")
        harm = faults.harm("receiver trouble", "before", "behind") if is_away else None

        def take() -> Answer:
            report_taken = PostedReport(self._world.loop.now_ms, report["status"], is_taken=not is_away)
            if not is_away or harm is not None:
                self.posted[report["mtNum"]].append(report_taken)
                self._world.note(f"the receiver is told {report['status']}, by {instance.name}", _id_of(report))
            return Answer(503 if is_away else 200, "", is_down=is_away, latency_ms=1)

        try:
            return await instance.call("report", take, _NoAnswer, harm)
        except _NoAnswer:
            await asyncio.sleep(self._world.chance.choice((0.0, 9.0)))
            return Answer(0, "no answer", is_down=True, latency_ms=1)


class _NoAnswer(Exception):
    def __init__(self, _: Harm) -> None:
        super().__init__("no answer")


def _id_of(report: Any) -> str:
    return ids.message_id_of(PARTNER_UUID, report["id"])


def requested(world: "World", message_id: str, request: Request) -> MessageRequested:
    """What ingest makes of it."""
    at, ttl_ms = world.loop.now_ms, int(request.ttl_s * 1000)
    push = Link(
        channel=Channel.PUSH,
        ttl_ms=ttl_ms,
        sender="Bank",
        application_id=APPLICATION,
        content=Content(text="hello", title="hi"),
        awaited=request.awaited,
    )
    sms = Link(channel=Channel.SMS, ttl_ms=10_000, sender="Bank", application_id=APPLICATION, data='{"text":"hello"}')
    window = None
    if request.waits_s:
        minute = (at // 60_000 + 180) % 1440
        window = Window(begin_minute=(minute + 1) % 1440, end_minute=(minute + 60) % 1440)
    return MessageRequested(
        event_id=ids.uuid7(),
        at=at,
        message_id=message_id,
        partner_id=PARTNER,
        lane=world.schedule.lane,
        mt_num=ids.mt_num_of(message_id),
        partner_ref=request.ref,
        recipient=Recipient(phone="72101234567", external_user_id=f"user-{request.number}"),
        chain=(push, sms) if request.awaited else (push,),
        schedule=window,
        reports=ReportRequest(registered_delivery=request.registered),
    )


@dataclass
class Phones:
    """The phones of all recipients, and what they have shown."""

    world: "World"
    calls: Counter[str] = field(default_factory=Counter)  # by delivery id
    shown: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))  # by delivery id: UTC ms
    deliveries: dict[str, tuple[str, int, str]] = field(default_factory=dict)  # message, link, installation
    receipts: dict[tuple[str, int, str], int] = field(default_factory=dict)  # message, link, kind: acknowledged when
    by_installation: dict[str, Phone] = field(default_factory=dict)
    saying: set["asyncio.Task[None]"] = field(default_factory=set)  # receipts that are still to come

    def arrive(self, push: Push, provider: Provider) -> None:
        """A provider hands a push over."""
        self.deliveries[push.delivery_id] = push.message_id, push.link, push.installation_id
        if push.withdraw:
            return
        absorbed = provider is not Provider.RUSTORE and bool(self.shown[push.delivery_id])
        if not absorbed:
            self.shown[push.delivery_id].append(self.world.loop.now_ms)
        self.world.note(
            f"{push.installation_id} {'is sent again' if absorbed else 'shows'} link {push.link}", push.message_id
        )
        phone = self.by_installation.get(push.installation_id)
        if phone is None or absorbed:
            return
        for kind, after_s in (("delivered", phone.delivered_after_s), ("read", phone.read_after_s)):
            if after_s is not None:
                wait_s = after_s + (phone.delivered_after_s or 0.0 if kind == "read" else 0.0)
                task = self.world.loop.create_task(
                    self._bring_receipt(push, kind, wait_s, phone.repeats), context=self.world.context
                )
                self.saying.add(task)
                task.add_done_callback(self.saying.discard)

    async def _bring_receipt(self, push: Push, kind: str, after_s: float, repeats: int) -> None:
        """Bring the receipt until it is acknowledged, and again as often as this phone does."""
        await asyncio.sleep(after_s)
        happened_at = self.world.loop.now_ms
        for _ in range(1 + repeats):
            for _ in range(_TRIES):
                if await self._is_receipt_taken(push, kind, happened_at):
                    self.receipts.setdefault((push.message_id, push.link, kind), self.world.loop.now_ms)
                    break
                await asyncio.sleep(self.world.chance.uniform(0.2, 4.0))
            await asyncio.sleep(self.world.chance.choice((0.0, 1.0, 5.0)))

    async def _is_receipt_taken(self, push: Push, kind: str, happened_at: int) -> bool:
        service = self.world.receipts()
        if service is None:
            return False
        entry = {
            "messageId": push.message_id,
            "deliveryId": push.delivery_id,
            "link": push.link,
            "bulk": push.lane == "bulk",
            "kind": kind,
            "happenedAt": happened_at,
        }
        instance, take = service
        body = ReceiptsBody.model_validate({"receipts": [entry]})
        work = self.world.loop.create_task(take(push.installation_id, body), context=instance.context)
        await asyncio.wait({work}, timeout=15)
        if not work.done():
            return False
        if work.cancelled() or work.exception() is not None:
            return False
        assert work.result().results[0].accepted, work.result()
        self.world.note(f"{push.installation_id}: its receipt '{kind}' is acknowledged", push.message_id)
        return True


class PlayedSender:
    """Stands for an application's sender at a provider, whose answers it plays."""

    def __init__(self, instance: Instance, provider: Provider) -> None:
        self._instance, self._provider = instance, provider

    def absorbs_resend(self, push: Push) -> bool:
        return self._provider is not Provider.RUSTORE

    async def send(self, push: Push) -> Result:
        world = self._instance.world
        if push.note is not None and not await push.note.begin():
            return BEGUN_BEFORE
        phone = world.phones.by_installation.get(push.installation_id)
        harm = world.faults.harm("provider trouble", "before", "behind", "amid")

        def take() -> Result:
            if harm == "amid":
                return Retry("throttled", 429, 1.0)
            world.phones.calls[push.delivery_id] += 1
            if phone is not None and phone.is_dead:
                return TokenGone("unregistered", 410)
            world.phones.arrive(push, self._provider)
            return Accepted()

        try:
            return await self._instance.call("push", take, _NoAnswer, None if harm == "amid" else harm)
        except _NoAnswer:
            return Uncertain("no answer")

    async def close(self) -> None:
        """Nothing is open."""
