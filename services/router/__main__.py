"""The router: who gets a message, when, and over what.

message-requested[.bulk] ─▶ claim ─▶ plan ─▶ target-resolved.<provider>[.bulk], status-events[.bulk]
timers                   ─▶ message-requested[.bulk] (a schedule is due)
"""

from functools import partial

from schemas.topics import MESSAGE_REQUESTED
from schemas.values import Lane
from services.router.routing import Routing
from services.router.store import RoutingClaims
from services.runtime import mongo
from services.runtime.crypto.master_key import Secrets
from services.runtime.directory import Directory, follow_directory
from services.runtime.erasure import open_keys
from services.runtime.installations.reader import Installations
from services.runtime.log import kafka
from services.runtime.log.batch_consumer import BatchConsumer, group_of
from services.runtime.log.dead_letters import DeadLetters, dead_letters
from services.runtime.log.kafka import Log
from services.runtime.mongo.ended_activities import EndedActivities
from services.runtime.mongo.instances import keep_told
from services.runtime.mongo.upkeep import keep_form
from services.runtime.process import Process, run
from services.runtime.scheduling.stops import Stops
from services.runtime.scheduling.timers import Timers
from services.runtime.settings import Settings
from services.runtime.short_links import ShortLinks

_MOST_AT_ONCE: dict[Lane, int] = {"single": 500, "bulk": 150}
"""A batch is decided in one go, and a one-time password that comes meanwhile has to wait for its end."""


async def start(process: Process) -> None:
    """The log and the database first, then what is known of applications, then the consumers and what waits."""
    settings = process.settings
    sink = await process.stack.enter_async_context(kafka.opened_log(settings))
    database = await process.stack.enter_async_context(mongo.database(settings))
    await keep_form(process, database)
    keep_told(process, database)
    directory = await follow_directory(process)
    await open_keys(process, database, directory)
    timers = Timers(database["router_timers"], sink, settings.instance, settings.lanes)
    await timers.prepare()
    stops = Stops(directory, timers)
    routing = await _routing(settings, database, directory, timers, stops)
    process.ready_when("mongo", lambda: mongo.is_up(database))
    _consume(process, sink, routing, await dead_letters(database, sink, settings))
    process.spawn(stops.run(process.stop), "stops", drains=True)
    process.spawn(timers.run(process.stop, settings.sweep_interval_s), "timers", drains=True)


async def _routing(
    settings: Settings, database: mongo.Database, directory: Directory, timers: Timers, stops: Stops
) -> Routing:
    secrets = Secrets(settings.master_key, settings.old_master_keys)
    claims, ended = RoutingClaims(database), EndedActivities(database)
    await claims.prepare()
    await ended.prepare()
    return Routing(
        directory=directory,
        installations=Installations(database),
        claims=claims,
        timers=timers,
        stops=stops,
        short=ShortLinks(settings.public_url, partial(secrets.digests, purpose="short-link")),
        deliveries=secrets.delivery_ids,
        ended=ended,
    )


def _consume(process: Process, sink: Log, routing: Routing, letters: DeadLetters) -> None:
    """A consumer for each lane."""
    for lane in process.settings.lanes:
        consumer = BatchConsumer(
            process.settings,
            sink,
            [MESSAGE_REQUESTED[lane]],
            group_of("router", lane),
            routing.step,
            stop=process.stop,
            max_records=_MOST_AT_ONCE[lane],
            dead_letters=letters,
        )
        process.spawn(consumer.run(), consumer.group, drains=True)


if __name__ == "__main__":
    run("router", start)
