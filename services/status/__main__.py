"""The status service: what has become of a message, and telling its partner.

message-requested, provider-dispatched, status-events [.bulk] ─▶ fold ─▶ messages ─▶ reports, stream of changes
sweeper ─▶ status-events[.bulk] (a deadline has passed)        API ◀─ messages
"""

from schemas.topics import MESSAGE_REQUESTED, PROVIDER_DISPATCHED, STATUS_EVENTS
from services import kafka, mongo, web
from services.consume import Consuming
from services.directory import follow_directory
from services.logins import Logins
from services.process import Process, run
from services.secrets import Secrets
from services.status.api import application
from services.status.folding import Folding
from services.status.store import Messages
from services.status.stream import Streams
from services.status.stream_store import Changes


async def start(process: Process) -> None:
    """The log and the database first, then what is known of partners, then the consumers, and the API last."""
    settings = process.settings
    sink = await process.stack.enter_async_context(kafka.opened_log(settings))
    database = await process.stack.enter_async_context(mongo.database(settings))
    directory = await follow_directory(process)
    secrets = Secrets(settings.master_key, settings.old_master_keys)
    messages, changes = Messages(database), Changes(database)
    await messages.prepare()
    await changes.prepare()
    streams = Streams(changes, process.stop)
    folding = Folding(messages, [streams.take])
    process.ready_when("mongo", lambda: mongo.is_up(database))
    for lane in STATUS_EVENTS:
        group = "status" if lane == "single" else "status-bulk"
        topics = [MESSAGE_REQUESTED[lane], PROVIDER_DISPATCHED[lane], STATUS_EVENTS[lane]]
        consuming = Consuming(settings, sink, topics, group, folding.step, process.stop, together=True)
        process.spawn(consuming.run(), group, drains=True)
    logins = Logins(directory, secrets)
    process.stack.callback(logins.close)
    trusted = web.networks(settings.trusted_proxies)
    web.serve(process, application(messages, streams, logins, settings.admin_token, trusted))


if __name__ == "__main__":
    run("status", start)
