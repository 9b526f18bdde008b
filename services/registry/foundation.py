"""What all features of the registry stand on: the log, the database, the directory, and who the callers are."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from schemas.topics import Topic
from services.runtime import mongo
from services.runtime.access.callers import Network, networks
from services.runtime.access.logins import open_logins
from services.runtime.access.partner_auth import CallerOf, caller
from services.runtime.crypto.master_key import Secrets
from services.runtime.crypto.recipient_keys import RecipientKeys
from services.runtime.directory import Directory, follow_directory
from services.runtime.erasure import open_keys
from services.runtime.log import kafka
from services.runtime.log.batch_consumer import BatchConsumer, Handler
from services.runtime.log.dead_letters import DeadLetters, dead_letters
from services.runtime.log.kafka import Log
from services.runtime.mongo import Database
from services.runtime.mongo.instances import keep_told
from services.runtime.mongo.rate_reports import keep_shared
from services.runtime.mongo.upkeep import keep_form
from services.runtime.pacing.rates import Rates
from services.runtime.process import Process


@dataclass(frozen=True)
class Foundation:
    """Open until the process ends. `partner_caller` is the dependency that identifies who asks."""

    process: Process
    log: Log
    database: Database
    directory: Directory
    secrets: Secrets
    keys: RecipientKeys
    dead_letters: DeadLetters
    trusted_proxies: Sequence[Network]
    partner_caller: CallerOf
    rates: Rates

    def consume(
        self,
        topic: Topic,
        group: str,
        step: Handler,
        wanted: Callable[[bytes], bool] | None = None,
        max_records: int = 500,
    ) -> None:
        """Run a consumer until the process ends; what is poisoned goes to the dead letters. `wanted` chooses records by
        their bytes; `max_records` bounds a batch."""
        process = self.process
        consumer = BatchConsumer(
            process.settings,
            self.log,
            [topic],
            group,
            step,
            stop=process.stop,
            dead_letters=self.dead_letters,
            wanted=wanted,
            max_records=max_records,
        )
        process.spawn(consumer.run(), group, drains=True)


async def open_foundation(process: Process) -> Foundation:
    """The log and the database first, then what is known of partners and of erased recipients."""
    settings = process.settings
    log = await process.stack.enter_async_context(kafka.opened_log(settings))
    database = await process.stack.enter_async_context(mongo.database(settings))
    await keep_form(process, database)
    keep_told(process, database)
    directory = await follow_directory(process)
    keys = await open_keys(process, database, directory)
    secrets = Secrets(settings.master_key, settings.old_master_keys)
    rates = await keep_shared(process, database)
    logins = await open_logins(process, database, directory, secrets, rates.spends)
    process.ready_when("mongo", lambda: mongo.is_up(database))
    trusted = networks(settings.trusted_proxies)
    return Foundation(
        process=process,
        log=log,
        database=database,
        directory=directory,
        secrets=secrets,
        keys=keys,
        dead_letters=await dead_letters(database, log, settings),
        trusted_proxies=trusted,
        partner_caller=caller(logins, trusted),
        rates=rates,
    )
