"""Ingest: is this request acceptable? Partner ─POST─▶ here ─▶ message-requested.

Start: the directory is read to its end, then the database and the log are opened, and the port last of all.
"""

from starlette.types import ASGIApp

from services.ingest.api import UPLOADS, application
from services.ingest.broadcast import open_broadcasts
from services.ingest.duplicates import CONFIRMED_MS, DuplicateClaims
from services.ingest.http import InPartnersTrace
from services.ingest.mailing import open_mailings
from services.ingest.packet import PACKET_PATH, PacketEndpoint, PacketService
from services.ingest.refused import RefusedRequests
from services.ingest.send import SEND_PATH, SendEndpoint, SendService
from services.ingest.test_push import test_push_routes
from services.runtime import mongo
from services.runtime.access.callers import networks
from services.runtime.access.logins import open_logins
from services.runtime.access.operator_tokens import OperatorTokens
from services.runtime.access.partner_auth import caller
from services.runtime.access.refusals import Refusals
from services.runtime.crypto.master_key import Secrets
from services.runtime.directory import follow_directory
from services.runtime.erasure import open_keys
from services.runtime.http import listeners
from services.runtime.log import kafka
from services.runtime.mongo.hour_keys import HourKeys
from services.runtime.mongo.instances import keep_told
from services.runtime.mongo.rate_reports import keep_shared
from services.runtime.mongo.upkeep import keep_form
from services.runtime.process import Process, run


async def start(process: Process) -> None:
    settings = process.settings
    secrets = Secrets(settings.master_key, settings.old_master_keys)
    database = await process.stack.enter_async_context(mongo.database(settings))
    await keep_form(process, database)
    keep_told(process, database)
    directory = await follow_directory(process)
    await open_keys(process, database, directory)
    hold_ms = int(settings.append_timeout_s * 1000) + CONFIRMED_MS
    claims, keys = DuplicateClaims(database["claims"], hold_ms), HourKeys(database["hour_keys"], secrets)
    await claims.prepare()
    await keys.prepare()
    log = await process.stack.enter_async_context(kafka.opened_log(settings))
    rates = await keep_shared(process, database)
    logins = await open_logins(process, database, directory, secrets, rates.spends)
    sending = SendService(directory, logins, log, claims, keys, part_of=rates.shares.part)
    process.ready_when("log", sending.is_log_up)
    packets = PacketService(
        directory=directory,
        secrets=secrets,
        log=log,
        claims=claims,
        keys=keys,
        limits=sending.limits,
        recent=sending.recent,
    )
    trusted = networks(settings.trusted_proxies)
    caller_of = caller(logins, trusted)
    mailings = await open_mailings(
        process,
        database=database,
        directory=directory,
        secrets=secrets,
        log=log,
        keys=keys,
        claims=claims,
        caller_of=caller_of,
    )
    broadcasts = await open_broadcasts(process, database=database, directory=directory, log=log, caller_of=caller_of)
    refusals, refused = Refusals(log, process.name, trusted), RefusedRequests(log, process.name)
    process.stack.push_async_callback(refused.close)
    process.spawn(refused.run(process.stop), "refused-requests", drains=True)
    direct: dict[tuple[str, str], ASGIApp] = {
        ("POST", SEND_PATH): SendEndpoint(sending, trusted, refusals.note, refused),
        ("POST", PACKET_PATH): PacketEndpoint(packets, trusted, refusals.note, refused),
    }
    if settings.traces_share:
        direct = {route: InPartnersTrace(endpoint) for route, endpoint in direct.items()}
    app = application(direct, [mailings, broadcasts, test_push_routes(sending, directory, caller_of)], refused)
    tokens = OperatorTokens(directory, secrets, settings.admin_token, spends=rates.spends)
    listeners.serve(process, app, tokens, trusted, sink=log, uploads=UPLOADS, direct=direct, refusals=refusals)


if __name__ == "__main__":
    run("ingest", start)
