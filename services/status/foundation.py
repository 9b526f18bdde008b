"""The foundation that every feature of status uses, opened once; and what a feature adds to the process."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial

from fastapi import APIRouter

from schemas.topics import Topic
from services.runtime import mongo
from services.runtime.access.callers import Network, networks
from services.runtime.access.logins import open_logins
from services.runtime.access.partner_auth import CallerOf, caller
from services.runtime.access.partner_limits import PartnerLimits
from services.runtime.crypto.master_key import Secrets
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
from services.runtime.mongo.upkeep.unused_indexes import drop_unused
from services.runtime.pacing.rates import Rates
from services.runtime.process import Process
from services.runtime.short_links import ShortLinks
from services.status.fold import Decider, Projection, Taker
from services.status.limits import paced
from services.status.message import Messages


@dataclass(frozen=True)
class Feature:
    """Parts that a feature adds; each may be empty: deciders before messages are saved, takers of follow-ups and
    projections behind it, and routes."""

    deciders: Sequence[Decider] = ()
    takers: Sequence[Taker] = ()
    projections: Sequence[Projection] = ()
    routers: Sequence[APIRouter] = ()


@dataclass(frozen=True)
class Foundation:
    """Open until the process ends. `partner_caller` is the dependency that identifies who asks, paced by `limits`."""

    process: Process
    log: Log
    database: Database
    directory: Directory
    secrets: Secrets
    dead_letters: DeadLetters
    messages: Messages
    limits: PartnerLimits
    rates: Rates
    partner_caller: CallerOf

    @cached_property
    def trusted_proxies(self) -> Sequence[Network]:
        return networks(self.process.settings.trusted_proxies)

    @cached_property
    def short_links(self) -> ShortLinks:
        digests = partial(self.secrets.digests, purpose="short-link")
        return ShortLinks(self.process.settings.public_url, digests)

    def consumer(self, topics: Sequence[Topic], group: str, step: Handler) -> BatchConsumer:
        """A consumer that ends with the process and dead-letters poisoned records."""
        process = self.process
        return BatchConsumer(
            process.settings, self.log, topics, group, step, stop=process.stop, dead_letters=self.dead_letters
        )


async def open_foundation(process: Process) -> Foundation:
    """Open the log and the database first, then the directory of partners, and the messages."""
    settings = process.settings
    log = await process.stack.enter_async_context(kafka.opened_log(settings))
    database = await process.stack.enter_async_context(mongo.database(settings))
    await keep_form(process, database)
    keep_told(process, database)
    directory = await follow_directory(process)
    await open_keys(process, database, directory)
    secrets = Secrets(settings.master_key, settings.old_master_keys)
    messages = Messages(database)
    await messages.prepare()
    process.spawn(drop_unused(database, process.name, process.stop), "unused indexes", drains=True)
    rates = await keep_shared(process, database)
    logins = await open_logins(process, database, directory, secrets, rates.spends)
    process.ready_when("mongo", lambda: mongo.is_up(database))
    limits = PartnerLimits(rates.shares.part)
    return Foundation(
        process=process,
        log=log,
        database=database,
        directory=directory,
        secrets=secrets,
        dead_letters=await dead_letters(database, log, settings),
        messages=messages,
        limits=limits,
        rates=rates,
        partner_caller=paced(caller(logins, networks(settings.trusted_proxies)), limits),
    )
