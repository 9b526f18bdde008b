"""The wiring of mailings: their store, their API and their planner."""

from functools import partial

from fastapi import APIRouter

from schemas.topics import MESSAGE_REQUESTED
from services.ingest.duplicates import DuplicateClaims
from services.ingest.mailing.api import mailing_routes
from services.ingest.mailing.dry_run import DryRun
from services.ingest.mailing.erasure import MailingErasure
from services.ingest.mailing.planning.backpressure import LOOK_S, PlanningBackpressure
from services.ingest.mailing.planning.messages import MessageWriter
from services.ingest.mailing.planning.planner import Planner
from services.ingest.mailing.planning.recipients import RecipientReader
from services.ingest.mailing.planning.run import MailingRun
from services.ingest.mailing.publisher import MailingPublisher
from services.ingest.mailing.service import MailingService
from services.ingest.mailing.store import Mailings
from services.runtime.access.partner_auth import CallerOf
from services.runtime.crypto.master_key import Secrets
from services.runtime.directory import Directory
from services.runtime.erasure import clean_after
from services.runtime.installations.reader import Installations
from services.runtime.installations.segments import Segments
from services.runtime.live import LiveStreams
from services.runtime.log.batch_consumer import group_of
from services.runtime.log.kafka import Log
from services.runtime.log.upkeep import GroupOffsets
from services.runtime.loops import keep_on
from services.runtime.mongo import Database
from services.runtime.mongo.hour_keys import HourKeys
from services.runtime.mongo.mailing_outcomes import OutcomesStore
from services.runtime.process import Process

_PLANNED = MESSAGE_REQUESTED["bulk"]
_READERS = ("router", "status")


async def open_mailings(
    process: Process,
    *,
    database: Database,
    directory: Directory,
    secrets: Secrets,
    log: Log,
    keys: HourKeys,
    claims: DuplicateClaims,
    caller_of: CallerOf,
) -> APIRouter:
    """Their routes. In a process of the bulk lane the planner runs alongside."""
    mailings = Mailings(database, secrets)
    await mailings.prepare()
    clean_after(process, database, directory, MailingErasure(mailings).clean)
    publisher = MailingPublisher(mailings, directory, log)
    recipients = RecipientReader(mailings, Segments(database), directory)
    if "bulk" in process.settings.lanes:
        groups = {name: GroupOffsets(process.settings, _PLANNED, group_of(name, "bulk")) for name in _READERS}
        for offsets in groups.values():
            await process.stack.enter_async_context(offsets)
        backpressure = PlanningBackpressure(groups)
        run_of = partial(
            MailingRun,
            mailings=mailings,
            publisher=publisher,
            recipients=recipients,
            writer=MessageWriter(mailings, claims, keys, log),
            directory=directory,
            backpressure=backpressure,
        )
        planner = Planner(
            mailings=mailings,
            publisher=publisher,
            run_of=run_of,
            database=database,
            owner=process.settings.instance,
            stop=process.stop,
        )
        process.spawn(planner.run(), "mailings", drains=True)
        process.spawn(
            keep_on("planning-backpressure", backpressure.look, process.stop, LOOK_S), "planning-backpressure"
        )
    outcomes = OutcomesStore(database)
    service = MailingService(mailings, directory, publisher, outcomes)
    dry = DryRun(service, recipients, Installations(database))
    return mailing_routes(service, dry, outcomes, caller_of, LiveStreams(process.stop))
