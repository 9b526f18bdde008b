"""Ingest: is this request acceptable? Partner ─POST─▶ here ─▶ message-requested.

Start: the directory is read to its end, then the database and the log are opened, and the port last of all.
"""

from fastapi import APIRouter, FastAPI

from schemas.topics import BROADCAST_CHANNELS, BROADCASTS
from services.ingest.broadcast.api import broadcast_routes
from services.ingest.broadcast.service import BroadcastService
from services.ingest.broadcast.store import Broadcasts
from services.ingest.duplicates.claims_store import CONFIRMED_MS, DuplicateClaims
from services.ingest.mailing import api
from services.ingest.mailing.dry_run import DryRun
from services.ingest.mailing.erasure import MailingErasure
from services.ingest.mailing.means import Means
from services.ingest.mailing.planner import Planner
from services.ingest.mailing.service import MailingService
from services.ingest.mailing.store import Mailings
from services.ingest.packet.answer import PacketService
from services.ingest.packet.endpoint import PacketEndpoint
from services.ingest.send.answer import SendService
from services.ingest.send.endpoint import application
from services.runtime import mongo
from services.runtime.access.callers import networks
from services.runtime.access.logins import Logins
from services.runtime.access.operator_tokens import OperatorTokens
from services.runtime.access.partner_auth import CallerOf, caller
from services.runtime.crypto.master_key import Secrets
from services.runtime.directory import Directory, follow_directory
from services.runtime.erasure import clean_after, open_keys
from services.runtime.http import listeners
from services.runtime.installations.reader import Installations
from services.runtime.installations.segments import Segments
from services.runtime.log import kafka
from services.runtime.log.batch_consumer import BatchConsumer
from services.runtime.log.dead_letters import dead_letters
from services.runtime.mongo.hour_keys import HourKeys
from services.runtime.mongo.logins_seen import SeenLogins
from services.runtime.mongo.mailing_outcomes import OutcomesStore
from services.runtime.process import Process, run


async def start(process: Process) -> None:
    settings = process.settings
    secrets = Secrets(settings.master_key, settings.old_master_keys)
    database = await process.stack.enter_async_context(mongo.database(settings))
    directory = await follow_directory(process)
    await open_keys(process, database, directory)
    hold_ms = int(settings.append_timeout_s * 1000) + CONFIRMED_MS
    claims, keys = DuplicateClaims(database["claims"], hold_ms), HourKeys(database["hour_keys"], secrets)
    await claims.prepare()
    await keys.prepare()
    log = await process.stack.enter_async_context(kafka.opened_log(settings))
    logins = Logins(directory, secrets, SeenLogins(database))
    await logins.remember()
    process.stack.callback(logins.close)
    sending = SendService(directory, logins, log, claims, keys)
    process.ready_when("log", sending.is_log_up)
    trusted = networks(settings.trusted_proxies)
    packets = PacketEndpoint(
        PacketService(directory, secrets, log, claims, keys, sending.limits, sending.recent), trusted
    )
    who = caller(logins, trusted)
    mailings = await _mailings(process, database, directory, who, log, keys, claims)
    broadcasts = await _broadcasts(process, database, directory, who, log)
    app = application(sending, trusted, packets, mailings, [broadcasts])
    tokens = OperatorTokens(directory, secrets, settings.admin_token)
    listeners.serve(process, app, tokens, trusted, uploads=("/recipients",))


async def _mailings(
    process: Process,
    database: mongo.Database,
    directory: Directory,
    who: CallerOf,
    log: kafka.Log,
    keys: HourKeys,
    claims: DuplicateClaims,
) -> FastAPI:
    """Their API and their planner."""
    settings = process.settings
    mailings = Mailings(database, Secrets(settings.master_key, settings.old_master_keys))
    await mailings.prepare()
    clean_after(process, database, directory, MailingErasure(mailings).clean)
    means = Means(mailings, Segments(database), directory, log, keys, claims)
    if "bulk" in settings.lanes:
        planner = Planner(means, database, settings.instance, process.stop)
        process.spawn(planner.run(), "mailings", drains=True)
    office = MailingService(means)
    dry = DryRun(office, Installations(database))
    return api.application(office, dry, OutcomesStore(database), who)


async def _broadcasts(
    process: Process, database: mongo.Database, directory: Directory, who: CallerOf, log: kafka.Log
) -> APIRouter:
    """Their API, and the consumer that follows what becomes of them."""
    settings, store = process.settings, Broadcasts(database)
    await store.prepare()
    broadcasting = BroadcastService(store, directory, log)
    topics = [BROADCAST_CHANNELS, BROADCASTS]
    consuming = BatchConsumer(settings, log, topics, "ingest-broadcasts", broadcasting.step, process.stop)
    consuming.dead_letters = await dead_letters(database, log, settings)
    process.spawn(consuming.run(), consuming.group, drains=True)
    return broadcast_routes(broadcasting, who)


if __name__ == "__main__":
    run("ingest", start)
