"""The router: who gets a message, when, and over what.

message-requested[.bulk] ─▶ claim ─▶ plan ─▶ target-resolved.<provider>[.bulk], status-events[.bulk]
timers                   ─▶ message-requested[.bulk] (a schedule is due)
"""

from functools import partial

from schemas.topics import MESSAGE_REQUESTED
from schemas.values import Lane
from services.router.routing import Routing
from services.router.store import Claims
from services.runtime import mongo
from services.runtime.crypto.master_key import Secrets
from services.runtime.directory import follow_directory
from services.runtime.erasure import open_keys
from services.runtime.installations.reader import Installations
from services.runtime.log import kafka
from services.runtime.log.batch_consumer import BatchConsumer, group_of
from services.runtime.log.dead_letters import dead_letters
from services.runtime.mongo.ended_activities import EndedActivities
from services.runtime.process import Process, run
from services.runtime.scheduling.stops import Stops
from services.runtime.scheduling.timers import Timers
from services.runtime.short_links import ShortLinks

_MOST_AT_ONCE: dict[Lane, int] = {"single": 500, "bulk": 150}
"""A batch is decided in one go, and a one-time password that comes meanwhile has to wait for its end."""


async def start(process: Process) -> None:
    """The log and the database first, then what is known of applications, then the consumers: one for each lane."""
    settings = process.settings
    sink = await process.stack.enter_async_context(kafka.opened_log(settings))
    database = await process.stack.enter_async_context(mongo.database(settings))
    directory = await follow_directory(process)
    await open_keys(process, database, directory)
    claims, timers = Claims(database), Timers(database["router_timers"], sink, settings.instance, settings.lanes)
    await claims.prepare()
    await timers.prepare()
    stops = Stops(directory, timers)
    secrets = Secrets(settings.master_key, settings.old_master_keys)
    short = ShortLinks(settings.public_url, partial(secrets.digests, purpose="short-link"))
    ended = EndedActivities(database)
    await ended.prepare()
    routing = Routing(directory, Installations(database), claims, timers, stops, short, secrets.delivery_ids, ended)
    aside = await dead_letters(database, sink, settings)
    process.ready_when("mongo", lambda: mongo.is_up(database))
    for lane in settings.lanes:
        group = group_of("router", lane)
        most = _MOST_AT_ONCE[lane]
        consumed = [MESSAGE_REQUESTED[lane]]
        consuming = BatchConsumer(
            settings, sink, consumed, group, routing.step, process.stop, max_records=most, dead_letters=aside
        )
        process.spawn(consuming.run(), group, drains=True)
    process.spawn(stops.run(process.stop), "stops", drains=True)
    process.spawn(timers.run(process.stop, settings.sweep_interval_s), "timers", drains=True)


if __name__ == "__main__":
    run("router", start)
