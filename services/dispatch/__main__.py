"""Dispatch: talks to the providers.

target-resolved.<provider>[.bulk] ─▶ look up token and owner ─▶ provider ─▶ provider-dispatched[.bulk]
                                                                       └─▶ timers ─▶ target-resolved again (a retry)

Each provider is a lane of its own, with its own consumers: one that is down holds up no other. A provider takes part
when `services/dispatch/<provider>.py` exists.
"""

from schemas.providers import Provider
from schemas.topics import BROADCAST_CHANNELS, BROADCASTS, TARGET_RESOLVED
from services.dispatch.broadcast.create import ChannelCreation
from services.dispatch.broadcast.gate import BroadcastGate
from services.dispatch.broadcast.service import BroadcastService
from services.dispatch.broadcast.store import ChannelNotes
from services.dispatch.delivery.attempts_store import Attempts
from services.dispatch.delivery.senders import Senders, module_of
from services.dispatch.delivery.work import DispatchWork, Item
from services.dispatch.payload.secure_values import DeviceSecureValues
from services.dispatch.policy.deliver import Conclusion
from services.runtime import mongo
from services.runtime.crypto.master_key import Secrets
from services.runtime.directory import follow_directory
from services.runtime.erasure import open_keys
from services.runtime.installations.reader import Installations
from services.runtime.log import kafka
from services.runtime.log.batch_consumer import Consuming, group_of
from services.runtime.log.bulk_backpressure import Pressure
from services.runtime.log.concurrent_consumer import Flow
from services.runtime.log.dead_letters import DeadLetters, dead_letters
from services.runtime.mongo.ended_activities import EndedActivities
from services.runtime.mongo.hour_keys import HourKeys
from services.runtime.process import Process, run
from services.runtime.scheduling.stops import Stops
from services.runtime.scheduling.timers import Timers


async def start(process: Process) -> None:
    """The log and the database first, then credentials, then senders, then the consumers, which stop first."""
    settings = process.settings
    secrets = Secrets(settings.master_key, settings.old_master_keys)
    sink = await process.stack.enter_async_context(kafka.opened_log(settings))
    database = await process.stack.enter_async_context(mongo.database(settings))
    directory = await follow_directory(process)
    await open_keys(process, database, directory)
    timers, attempts = Timers(database["dispatch_timers"], sink, settings.instance, settings.lanes), Attempts(database)
    await timers.prepare()
    await attempts.prepare()
    stops, pressure = Stops(directory, timers), Pressure()
    sealing = DeviceSecureValues(HourKeys(database["hour_keys"], secrets))
    aside = await dead_letters(database, sink, settings)
    process.ready_when("mongo", lambda: mongo.is_up(database))
    for provider in Provider:
        senders = Senders(provider, directory, secrets, settings, module_of(provider).open_sender)
        process.stack.push_async_callback(senders.close)
        known = Installations(database)
        work = DispatchWork(
            provider,
            senders,
            known,
            attempts,
            secrets,
            sink,
            timers,
            sealing,
            stops,
            ended=EndedActivities(database),
        )
        process.spawn(work.watch(process.stop), f"watch-{provider.value}", drains=True)
        _consume(process, provider, work, pressure, aside)
        if provider is Provider.APNS:
            notes = ChannelNotes(database)
            await notes.prepare()
            gate = BroadcastGate(senders, work)
            _broadcast(process, aside, BroadcastService(senders, ChannelCreation(notes), attempts, timers, gate, stops))
    process.spawn(pressure.watch(process.stop), "pressure", drains=True)
    process.spawn(stops.run(process.stop), "stops", drains=True)
    process.spawn(timers.run(process.stop, settings.sweep_interval_s), "timers", drains=True)


def _consume(process: Process, provider: Provider, work: DispatchWork, pressure: Pressure, aside: DeadLetters) -> None:
    for lane in process.settings.lanes:
        topic = TARGET_RESOLVED[provider][lane]
        group = group_of(f"dispatch-{provider.value}", lane)
        flow: Flow[Item, Conclusion] = Flow(process.settings, aside.sink, topic, group, work, process.stop)
        flow.dead_letters = aside
        flow.pressure = pressure if lane == "bulk" else None
        process.spawn(flow.run(), group, drains=True)


def _broadcast(process: Process, aside: DeadLetters, work: BroadcastService) -> None:
    steps = ((BROADCAST_CHANNELS, work.channels), (BROADCASTS, work.messages))
    for topic, step in steps:
        group = f"dispatch-{topic.name}"
        consuming = Consuming(process.settings, aside.sink, [topic], group, step, process.stop, max_records=50)
        consuming.dead_letters = aside
        process.spawn(consuming.run(), group, drains=True)


if __name__ == "__main__":
    run("dispatch", start)
