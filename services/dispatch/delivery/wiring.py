"""Opens delivery: for each provider its senders, their watch, and a consumer for each lane.

Each provider is a lane of its own, with its own consumers: one that is down holds up no other.
"""

from typing import NamedTuple

from schemas.providers import Provider
from schemas.topics import TARGET_RESOLVED
from services.dispatch.delivery.attempts_store import Attempts
from services.dispatch.delivery.sender_watch import SenderWatch
from services.dispatch.delivery.senders import Senders, module_of
from services.dispatch.delivery.target_lookup import Item
from services.dispatch.delivery.work import DispatchWork
from services.dispatch.payload import DeviceSecureValues
from services.dispatch.policy import Conclusion
from services.dispatch.resources import Resources
from services.runtime.installations.reader import Installations
from services.runtime.log.batch_consumer import group_of
from services.runtime.log.concurrent_consumer import ConcurrentConsumer
from services.runtime.mongo.ended_activities import EndedActivities
from services.runtime.mongo.hour_keys import HourKeys
from services.runtime.pacing.bulk_backpressure import BulkBackpressure


class Delivery(NamedTuple):
    """What delivery over one provider shares with other features."""

    senders: Senders
    watch: SenderWatch
    attempts: Attempts


async def open_delivery(resources: Resources) -> dict[Provider, Delivery]:
    """Start delivery over every provider."""
    process, database = resources.process, resources.database
    attempts = Attempts(database)
    await attempts.prepare()
    secure_values = DeviceSecureValues(HourKeys(database["hour_keys"], resources.secrets))
    pressure = BulkBackpressure()
    opened = {}
    for provider in Provider:
        open_sender = module_of(provider).open_sender
        senders = Senders(provider, resources.directory, resources.secrets, process.settings, open_sender)
        process.stack.push_async_callback(senders.close)
        work = DispatchWork(
            provider,
            senders,
            installations=Installations(database),
            attempts=attempts,
            secrets=resources.secrets,
            secure_values=secure_values,
            sink=resources.sink,
            timers=resources.timers,
            stops=resources.stops,
            ended=EndedActivities(database),
            part_of=resources.rates.shares.part,
        )
        resources.holdups.append(work.watch.holdups)
        process.spawn(work.watch.run(process.stop), f"watch-{provider.value}", drains=True)
        _consume(resources, provider, work, pressure)
        opened[provider] = Delivery(senders, work.watch, attempts)
    process.spawn(pressure.watch(process.stop), "pressure", drains=True)
    return opened


def _consume(resources: Resources, provider: Provider, work: DispatchWork, pressure: BulkBackpressure) -> None:
    process = resources.process
    for lane in process.settings.lanes:
        topic = TARGET_RESOLVED[provider][lane]
        group = group_of(f"dispatch-{provider.value}", lane)
        consumer: ConcurrentConsumer[Item, Conclusion] = ConcurrentConsumer(
            settings=process.settings,
            log=resources.sink,
            topic=topic,
            group=group,
            work=work,
            stop=process.stop,
            dead_letters=resources.dead_letters,
            pressure=pressure if lane == "bulk" else None,
        )
        process.spawn(consumer.run(), group, drains=True)
