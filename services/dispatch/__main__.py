"""Dispatch: talks to the providers.

target-resolved.<provider>[.bulk] ─▶ look up token and owner ─▶ provider ─▶ provider-dispatched[.bulk]
                                                                       └─▶ timers ─▶ target-resolved again (a retry)

Each provider is a lane of its own, with its own consumers: one that is down holds up no other. A provider takes part
when `services/dispatch/<provider>.py` exists.
"""

from schemas.topics import BROADCAST_CHANNELS, BROADCASTS, TARGET_RESOLVED
from schemas.values import Provider
from services import kafka, mongo
from services.consume import Consuming, group_of
from services.dead_letters import DeadLetters, dead_letters
from services.directory import follow_directory
from services.dispatch.broadcast_gate import Gate
from services.dispatch.broadcast_making import Making
from services.dispatch.broadcasting import Broadcasting
from services.dispatch.channels_store import ChannelNotes
from services.dispatch.deliver import Conclusion
from services.dispatch.dispatching import Dispatching, Item
from services.dispatch.sealing import Sealing
from services.dispatch.senders import Senders, module_of
from services.dispatch.store import Attempts
from services.ended_activities import EndedActivities
from services.erasing import open_keys
from services.flow import Flow
from services.hour_keys import HourKeys
from services.installations import Installations
from services.pressure import Pressure
from services.process import Process, run
from services.secrets import Secrets
from services.stops import Stops
from services.timers import Timers


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
    sealing = Sealing(HourKeys(database["hour_keys"], secrets))
    aside = await dead_letters(database, sink, settings)
    process.ready_when("mongo", lambda: mongo.is_up(database))
    for provider in Provider:
        module = module_of(provider)
        if module is not None:
            senders = Senders(provider, directory, secrets, settings, module.open_sender)
            process.stack.push_async_callback(senders.close)
            known = Installations(database)
            work = Dispatching(
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
                gate = Gate(senders, work)
                _broadcast(process, aside, Broadcasting(senders, Making(notes), attempts, timers, gate, stops))
    process.spawn(pressure.watch(process.stop), "pressure", drains=True)
    process.spawn(stops.run(process.stop), "stops", drains=True)
    process.spawn(timers.run(process.stop, settings.sweep_interval_s), "timers", drains=True)


def _consume(process: Process, provider: Provider, work: Dispatching, pressure: Pressure, aside: DeadLetters) -> None:
    for lane in process.settings.lanes:
        topic = TARGET_RESOLVED[provider][lane]
        group = group_of(f"dispatch-{provider.value}", lane)
        flow: Flow[Item, Conclusion] = Flow(process.settings, aside.sink, topic, group, work, process.stop)
        flow.dead_letters = aside
        flow.pressure = pressure if lane == "bulk" else None
        process.spawn(flow.run(), group, drains=True)


def _broadcast(process: Process, aside: DeadLetters, work: Broadcasting) -> None:
    steps = ((BROADCAST_CHANNELS, work.channels), (BROADCASTS, work.messages))
    for topic, step in steps:
        group = f"dispatch-{topic.name}"
        consuming = Consuming(process.settings, aside.sink, [topic], group, step, process.stop, max_records=50)
        consuming.dead_letters = aside
        process.spawn(consuming.run(), group, drains=True)


if __name__ == "__main__":
    run("dispatch", start)
