"""What the features of dispatch share; opened before them and closed after them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from services.runtime import mongo
from services.runtime.crypto.master_key import Secrets
from services.runtime.directory import Directory, follow_directory
from services.runtime.erasure import open_keys
from services.runtime.log import kafka
from services.runtime.log.dead_letters import DeadLetters, dead_letters
from services.runtime.log.kafka import Log
from services.runtime.mongo import Database
from services.runtime.mongo.instances import Holdup, HoldupsOf, keep_told
from services.runtime.mongo.rate_reports import keep_shared
from services.runtime.mongo.upkeep import keep_form
from services.runtime.pacing.rates import Rates
from services.runtime.process import Process
from services.runtime.scheduling.stops import Stops
from services.runtime.scheduling.timers import Timers


@dataclass(frozen=True)
class Resources:
    """The log, the database and what reads them; each feature takes what it needs."""

    process: Process
    secrets: Secrets
    sink: Log
    database: Database
    directory: Directory
    timers: Timers
    stops: Stops
    dead_letters: DeadLetters
    rates: Rates
    holdups: list[HoldupsOf] = field(default_factory=list)  # whoever sends says here what is held up

    def spawn(self) -> None:
        """Run the timers and the stops, once the consumers are there: a timer may be due at once."""
        process = self.process
        process.spawn(self.stops.run(process.stop), "stops", drains=True)
        process.spawn(self.timers.run(process.stop, process.settings.sweep_interval_s), "timers", drains=True)


async def open_resources(process: Process) -> Resources:
    """Open the log and the database first, then credentials."""
    settings = process.settings
    secrets = Secrets(settings.master_key, settings.old_master_keys)
    sink = await process.stack.enter_async_context(kafka.opened_log(settings))
    database = await process.stack.enter_async_context(mongo.database(settings))
    await keep_form(process, database)
    holdups: list[HoldupsOf] = []
    keep_told(process, database, lambda: _all_of(holdups))
    directory = await follow_directory(process)
    await open_keys(process, database, directory)
    timers = Timers(database["dispatch_timers"], sink, settings.instance, settings.lanes)
    await timers.prepare()
    process.ready_when("mongo", lambda: mongo.is_up(database))
    return Resources(
        process=process,
        secrets=secrets,
        sink=sink,
        database=database,
        directory=directory,
        timers=timers,
        stops=Stops(directory, timers),
        dead_letters=await dead_letters(database, sink, settings),
        rates=await keep_shared(process, database),
        holdups=holdups,
    )


def _all_of(holdups: Sequence[HoldupsOf]) -> list[Holdup]:
    return [holdup for source in holdups for holdup in source()]
