"""Ingest: is this request acceptable? Partner ─POST─▶ here ─▶ message-requested.

Start: the directory is read to its end, then the database and the log are opened, and the port last of all.
"""

from fastapi import APIRouter, FastAPI

from schemas.topics import BROADCAST_CHANNELS, BROADCASTS
from services import kafka, listeners, mongo
from services.access import CallerOf, caller
from services.callers import networks
from services.consume import Consuming
from services.dead_letters import dead_letters
from services.directory import Directory, follow_directory
from services.erasing import clean_after, open_keys
from services.hour_keys import HourKeys
from services.ingest import mailing_api
from services.ingest.api import application
from services.ingest.api_batch import BatchEndpoint
from services.ingest.batch import Batch
from services.ingest.broadcast_api import broadcast_routes
from services.ingest.broadcasting import Broadcasting
from services.ingest.broadcasts_store import Broadcasts
from services.ingest.dry_run import DryRun
from services.ingest.forgetting import Forgetting
from services.ingest.mailing_means import Means
from services.ingest.mailings import Office
from services.ingest.mailings_store import Mailings
from services.ingest.planning import Planner
from services.ingest.send import Sending
from services.ingest.store import CONFIRMED_MS, Claims
from services.installations import Installations
from services.logins import Logins
from services.logins_store import SeenLogins
from services.operator_tokens import OperatorTokens
from services.outcomes_store import OutcomesStore
from services.process import Process, run
from services.secrets import Secrets
from services.segments import Segments


async def start(process: Process) -> None:
    settings = process.settings
    secrets = Secrets(settings.master_key, settings.old_master_keys)
    database = await process.stack.enter_async_context(mongo.database(settings))
    directory = await follow_directory(process)
    await open_keys(process, database, directory)
    hold_ms = int(settings.append_timeout_s * 1000) + CONFIRMED_MS
    claims, keys = Claims(database["claims"], hold_ms), HourKeys(database["hour_keys"], secrets)
    await claims.prepare()
    await keys.prepare()
    log = await process.stack.enter_async_context(kafka.opened_log(settings))
    logins = Logins(directory, secrets, SeenLogins(database))
    await logins.remember()
    process.stack.callback(logins.close)
    sending = Sending(directory, logins, log, claims, keys)
    process.ready_when("log", sending.is_log_up)
    trusted = networks(settings.trusted_proxies)
    packets = BatchEndpoint(Batch(directory, secrets, log, claims, keys, sending.limits, sending.recent), trusted)
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
    claims: Claims,
) -> FastAPI:
    """Their API and their planner."""
    settings = process.settings
    mailings = Mailings(database, Secrets(settings.master_key, settings.old_master_keys))
    await mailings.prepare()
    clean_after(process, database, directory, Forgetting(mailings).clean)
    means = Means(mailings, Segments(database), directory, log, keys, claims)
    if "bulk" in settings.lanes:
        planner = Planner(means, database, settings.instance, process.stop)
        process.spawn(planner.run(), "mailings", drains=True)
    office = Office(means)
    dry = DryRun(office, Installations(database))
    return mailing_api.application(office, dry, OutcomesStore(database), who)


async def _broadcasts(
    process: Process, database: mongo.Database, directory: Directory, who: CallerOf, log: kafka.Log
) -> APIRouter:
    """Their API, and the consumer that follows what becomes of them."""
    settings, store = process.settings, Broadcasts(database)
    await store.prepare()
    broadcasting = Broadcasting(store, directory, log)
    topics = [BROADCAST_CHANNELS, BROADCASTS]
    consuming = Consuming(settings, log, topics, "ingest-broadcasts", broadcasting.step, process.stop)
    consuming.dead_letters = await dead_letters(database, log, settings)
    process.spawn(consuming.run(), consuming.group, drains=True)
    return broadcast_routes(broadcasting, who)


if __name__ == "__main__":
    run("ingest", start)
