"""Instances of the services, of production's own parts, as their `__main__` puts them together."""

from collections.abc import Coroutine
from functools import partial
from typing import Any

from schemas import ids
from schemas.providers import Provider
from schemas.topics import MESSAGE_REQUESTED, PROVIDER_DISPATCHED, STATUS_EVENTS, TARGET_RESOLVED
from services.dispatch.delivery.attempts_store import Attempts
from services.dispatch.delivery.senders import Senders
from services.dispatch.delivery.work import DispatchWork
from services.dispatch.payload import DeviceSecureValues
from services.dispatch.provider import Opening
from services.registry.receipts.service import ReceiptService
from services.router.routing import Routing
from services.router.store import RoutingClaims
from services.runtime.installations.reader import Installations
from services.runtime.log.batch_consumer import BatchConsumer, group_of
from services.runtime.log.concurrent_consumer import ConcurrentConsumer
from services.runtime.log.dead_letters import COLLECTION, DeadLetters
from services.runtime.log.kafka import Log
from services.runtime.log.upkeep import GroupReading
from services.runtime.mongo.ended_activities import EndedActivities
from services.runtime.mongo.hour_keys import HourKeys
from services.runtime.mongo.leases import Lease
from services.runtime.scheduling.stops import Stops
from services.runtime.scheduling.timers import Timers
from services.runtime.short_links import ShortLinks
from services.status.consumer.cascade_follow_ups import CascadeFollowUps
from services.status.consumer.failure_check import FailureCheck
from services.status.consumer.step import FoldStep
from services.status.consumer.sweeper import MISSED_AFTER_MS, Sweeper
from services.status.history.service import InboxProjection
from services.status.history.store import Inbox
from services.status.message import Messages
from services.status.reports.pace import Pace
from services.status.reports.service import ReportService
from services.status.reports.store import ReportStore
from tests.simulation.instance import Instance
from tests.simulation.outside import PlayedSender
from tests.simulation.plan import PUSHING
from tests.simulation.resting import Due, looks_for
from tests.simulation.servers.clients import MemoryProducer, ask_broker
from tests.simulation.servers.collection import MemoryDatabase

PROVIDERS = (*PUSHING, Provider.CHANNEL_PLATFORM)
_SWEEP_S = 2.0
_TIMES = {"due_at": 0}


class Parts:
    """What every service of one instance stands on."""

    def __init__(self, instance: Instance) -> None:
        world = instance.world
        self.instance, self.lane = instance, world.schedule.lane
        self.settings = world.settings.model_copy(update={"instance": instance.name, "lanes": (self.lane,)})
        self.log = Log(MemoryProducer(instance), "", world.settings.append_timeout_s)
        self.database: Any = MemoryDatabase(instance)
        self.directory, self.secrets = world.directory, world.secrets
        self.letters = DeadLetters(self.log, self.timers(COLLECTION), 5_000)

    def timers(self, name: str) -> Timers:
        return Timers(self.database[name], self.log, self.instance.name, (self.lane,))


def start(instance: Instance) -> None:
    """Begin with its work."""
    _STARTS[instance.service](instance, Parts(instance))


def _router(instance: Instance, parts: Parts) -> None:
    timers = parts.timers("router_timers")
    stops = Stops(parts.directory, timers)
    routing = Routing(
        directory=parts.directory,
        installations=Installations(parts.database),
        claims=RoutingClaims(parts.database),
        timers=timers,
        stops=stops,
        short=ShortLinks("", partial(parts.secrets.digests, purpose="short-link")),
        deliveries=parts.secrets.delivery_ids,
        ended=EndedActivities(parts.database),
    )
    group = group_of("router", parts.lane)
    reads = [MESSAGE_REQUESTED[parts.lane]]
    consumer = BatchConsumer(
        parts.settings, parts.log, reads, group, routing.step, stop=instance.stop, dead_letters=parts.letters
    )
    instance.spawn(consumer.run())
    _sweep(instance, timers.run(instance.stop, _SWEEP_S), Due("router_timers", _TIMES))


def _dispatch(instance: Instance, parts: Parts) -> None:
    timers = parts.timers("dispatch_timers")
    _sweep(instance, timers.run(instance.stop, _SWEEP_S), Due("dispatch_timers", _TIMES))
    attempts = Attempts(parts.database)
    for provider in PROVIDERS:
        if not any(provider in request.providers for request in instance.world.schedule.requests):
            continue

        async def opened(_: Opening, provider: Provider = provider) -> PlayedSender:
            return PlayedSender(instance, provider)

        work = DispatchWork(
            provider,
            Senders(provider, parts.directory, parts.secrets, parts.settings, opened),
            installations=Installations(parts.database),
            attempts=attempts,
            secrets=parts.secrets,
            secure_values=DeviceSecureValues(HourKeys(parts.database["hour_keys"], parts.secrets)),
            sink=parts.log,
            timers=timers,
            stops=Stops(parts.directory, timers),
            ended=EndedActivities(parts.database),
        )
        consumer: ConcurrentConsumer[Any, Any] = ConcurrentConsumer(
            settings=parts.settings,
            log=parts.log,
            topic=TARGET_RESOLVED[provider][parts.lane],
            group=group_of(f"dispatch-{provider.value}", parts.lane),
            work=work,
            stop=instance.stop,
            dead_letters=parts.letters,
        )
        instance.spawn(consumer.run())


class _Worked:
    """Stands for the notes that tokens work, which concern no ledger."""

    def received(self, *_: object) -> None:
        return None


def _registry(instance: Instance, parts: Parts) -> None:
    service = ReceiptService(parts.log, parts.secrets.delivery_ids, _Worked())  # type: ignore[arg-type]
    instance.world.opened_receipts(instance, service.take)


def _status(instance: Instance, parts: Parts) -> None:
    world, lane = instance.world, parts.lane
    messages = Messages(parts.database)
    reports = ReportService(
        ReportStore(parts.database),
        parts.directory,
        world.partner,  # type: ignore[arg-type]
        parts.log,
        pace=Pace(2_000, 86_400_000),
        limit=8,
        stop=instance.stop,
    )
    cascades = CascadeFollowUps(parts.log, parts.directory)
    fold_step = FoldStep(
        messages, [reports.take, cascades.take], [InboxProjection(Inbox(parts.database))], [reports.decide]
    )
    reads = [MESSAGE_REQUESTED[lane], PROVIDER_DISPATCHED[lane], STATUS_EVENTS[lane]]
    consumer = BatchConsumer(
        parts.settings,
        parts.log,
        reads,
        group_of("status", lane),
        fold_step.step,
        stop=instance.stop,
        dead_letters=parts.letters,
        together=True,
    )
    timers = parts.timers(COLLECTION)
    timers.still_meant = FailureCheck(messages).still_meant
    reading = GroupReading(partial(ask_broker, instance, STATUS_EVENTS[lane].name, group_of("status", lane)))
    sweeper = Sweeper(messages, parts.log, Lease(parts.database, "sweeper", ids.uuid7()), {lane: reading})
    _sweep(instance, reports.run(5 * _SWEEP_S), Due("reports", _TIMES))
    instance.spawn(consumer.run())
    _sweep(instance, timers.run(instance.stop, _SWEEP_S), Due(COLLECTION, _TIMES))
    passed = Due("messages", {"deadline_at": 0, "owed_at": MISSED_AFTER_MS})
    _sweep(instance, sweeper.run(instance.stop, _SWEEP_S), passed)


def _sweep(instance: Instance, work: Coroutine[Any, Any, None], due: Due) -> None:
    """Run a loop that looks for what is due."""
    context = instance.context.copy()
    context.run(looks_for.set, due)
    instance.spawn(work, context)


_STARTS = {"router": _router, "dispatch": _dispatch, "registry": _registry, "status": _status}
