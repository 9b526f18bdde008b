"""Ingest: is this request acceptable? Partner ─POST─▶ here ─▶ message-requested.

Start: the directory is read to its end, then the database and the log are opened, and the port last of all.
"""

from services import kafka, mongo, web
from services.directory import follow_directory
from services.hour_keys import HourKeys
from services.ingest.api import application
from services.ingest.send import Sending
from services.ingest.store import Claims
from services.logins import Logins
from services.process import Process, run
from services.secrets import Secrets


async def start(process: Process) -> None:
    settings = process.settings
    secrets = Secrets(settings.master_key, settings.old_master_keys)
    directory = await follow_directory(process)
    database = await process.stack.enter_async_context(mongo.database(settings))
    claims, keys = Claims(database["claims"]), HourKeys(database["hour_keys"], secrets)
    await claims.prepare()
    await keys.prepare()
    log = await process.stack.enter_async_context(kafka.opened_log(settings))
    logins = Logins(directory, secrets)
    process.stack.callback(logins.close)
    sending = Sending(directory, logins, log, claims, keys)
    process.ready_when("log", sending.is_log_up)
    web.serve(process, application(sending, web.networks(settings.trusted_proxies)))


if __name__ == "__main__":
    run("ingest", start)
