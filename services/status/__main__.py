"""The status service: what has become of a message, and telling its partner.

message-requested, provider-dispatched, status-events [.bulk] ─▶ fold ─▶ messages, inbox ─▶ reports, stream of changes
devices ─▶ status-events[.bulk] (inbox changed, pulled)        API ◀─ messages, inbox
sweeper ─▶ status-events[.bulk] (a deadline has passed)
"""

from functools import partial

import aiohttp

from schemas import ids
from schemas.topics import DELIVERY_STATISTICS, MESSAGE_REQUESTED, PROVIDER_DISPATCHED, STATUS_EVENTS
from services.runtime import mongo
from services.runtime.access.callers import networks
from services.runtime.access.device_pace import DevicePace
from services.runtime.access.logins import Logins
from services.runtime.access.operator_tokens import OperatorTokens
from services.runtime.access.partner_auth import caller
from services.runtime.access.partner_limits import PartnerLimits
from services.runtime.crypto.master_key import Secrets
from services.runtime.directory import Directory, follow_directory
from services.runtime.erasure import clean_after, open_keys
from services.runtime.http import listeners, outbound_addresses
from services.runtime.installations.reader import Installations
from services.runtime.log import kafka
from services.runtime.log.batch_consumer import BatchConsumer, group_of
from services.runtime.log.dead_letters import dead_letters
from services.runtime.log.kafka import Log
from services.runtime.mongo.hour_keys import HourKeys
from services.runtime.mongo.leases import Lease
from services.runtime.mongo.logins_seen import SeenLogins
from services.runtime.mongo.mailing_outcomes import OutcomesStore
from services.runtime.process import Process, run
from services.runtime.short_links import ShortLinks
from services.status.api import application, cancel_routes, message_routes, packet_routes
from services.status.channels import ChannelAccounts, channel_routes
from services.status.consumer import CascadeFollowUps, DeadlineSweeper, FailureCheck, FoldStep
from services.status.erasure import MessageErasure
from services.status.history import (
    PACE,
    History,
    HistoryService,
    Inbox,
    InboxCommands,
    InboxProjection,
    content_routes,
    device_caller,
    history_routes,
)
from services.status.limits import paced
from services.status.message import Messages
from services.status.reports import Pace, ReportSender, ReportService, ReportStore
from services.status.short_links import ShortLinkStore, short_link_routes
from services.status.statistics import (
    MailingOutcomeCounter,
    Statistics,
    StatisticsFeed,
    savings_routes,
    statistics_routes,
)
from services.status.stream import ChangeStore, Streams, stream_routes

_MAX_RECORDS = 1_000
"""In one batch: under load the events of a message meet in it, and are loaded and saved once. A larger one takes more
memory, and what it makes outgrows the processor's caches."""


async def start(process: Process) -> None:
    """The log and the database first, then what is known of partners, then the consumers, and the API last."""
    settings = process.settings
    sink = await process.stack.enter_async_context(kafka.opened_log(settings))
    database = await process.stack.enter_async_context(mongo.database(settings))
    directory = await follow_directory(process)
    await open_keys(process, database, directory)
    secrets = Secrets(settings.master_key, settings.old_master_keys)
    messages, changes, reports = Messages(database), ChangeStore(database), ReportStore(database)
    await messages.prepare()
    await changes.prepare()
    await reports.prepare()
    reporting = await _reporting(process, reports, directory, secrets, sink)
    streams = Streams(changes, process.stop)
    outcomes = OutcomesStore(database)
    await outcomes.prepare()
    counting = MailingOutcomeCounter(messages, outcomes, Lease(database, "outcomes", settings.instance))
    inbox = Inbox(database)
    await inbox.prepare()
    short = ShortLinks(settings.public_url, partial(secrets.digests, purpose="short-link"))
    codes = ShortLinkStore(database, short)
    await codes.prepare()
    clean_after(process, database, directory, MessageErasure(messages, inbox, reports, codes).clean)
    takers = [
        CascadeFollowUps(sink, directory).take,
        reporting.take,
        streams.take,
        counting.take,
        StatisticsFeed(sink).take,
    ]
    folding = FoldStep(messages, takers, projections=[InboxProjection(inbox), codes.project])
    sweeper = DeadlineSweeper(messages, sink, Lease(database, "sweeper", ids.uuid7()))
    aside = await dead_letters(database, sink, settings)
    process.ready_when("mongo", lambda: mongo.is_up(database))
    for lane in settings.lanes:
        group = group_of("status", lane)
        topics = [MESSAGE_REQUESTED[lane], PROVIDER_DISPATCHED[lane], STATUS_EVENTS[lane]]
        step, stop = folding.step, process.stop
        consuming = BatchConsumer(settings, sink, topics, group, step, stop, together=True, max_records=_MAX_RECORDS)
        consuming.dead_letters = aside
        process.spawn(consuming.run(), group, drains=True)
    statistics = Statistics(database)
    await statistics.prepare()
    if "bulk" in settings.lanes:  # nobody waits for them
        told = BatchConsumer(settings, sink, [DELIVERY_STATISTICS], "status-statistics", statistics.step, process.stop)
        told.dead_letters = aside
        process.spawn(told.run(), "statistics", drains=True)
    if aside.timers is not None:
        aside.timers.still_meant = FailureCheck(messages).still_meant
        process.spawn(aside.timers.run(process.stop, settings.sweep_interval_s), "failures", drains=True)
    process.spawn(sweeper.run(process.stop, settings.sweep_interval_s), "sweeper", drains=True)
    process.spawn(counting.run(process.stop, settings.sweep_interval_s), "outcomes", drains=True)
    process.spawn(reporting.run(5 * settings.sweep_interval_s), "reports", drains=True)
    logins = Logins(directory, secrets, SeenLogins(database))
    await logins.remember()
    process.stack.callback(logins.close)
    trusted = networks(settings.trusted_proxies)
    pace = DevicePace("status", trusted, settings.device_pace, PACE)
    device = device_caller(Installations(database), directory, secrets, pace)
    keys = HourKeys(database["hour_keys"], secrets)
    history = HistoryService(inbox, History(messages, keys, short), InboxCommands(inbox, folding, sink), pace)
    limits = PartnerLimits()
    who = paced(caller(logins, trusted), limits)
    routers = [
        message_routes(messages, who),
        stream_routes(streams, who),
        statistics_routes(statistics, who),
        short_link_routes(codes, sink, trusted, partial(secrets.digest, purpose="click")),
        content_routes(messages, keys, short, device),
        history_routes(history, device),
        cancel_routes(messages, sink, who),
        savings_routes(messages, who),
        channel_routes(messages, ChannelAccounts(directory, secrets), sink, trusted),
        packet_routes(messages, directory, secrets, trusted, limits),
    ]
    app = application(routers)
    listeners.serve(process, app, OperatorTokens(directory, secrets, settings.admin_token), trusted)


async def _reporting(
    process: Process, reports: ReportStore, directory: Directory, secrets: Secrets, sink: Log
) -> ReportService:
    settings = process.settings
    connector = outbound_addresses.connector(
        allow_private=settings.allow_private_addresses, limit=0, keepalive_timeout=30
    )
    session = aiohttp.ClientSession(connector=connector, headers={"User-Agent": "rpns"})
    await process.stack.enter_async_context(session)
    pace = Pace(int(settings.report_retry_s * 1000), int(settings.report_give_up_h * 3_600_000))
    return ReportService(
        reports, directory, ReportSender(session, secrets), sink, pace, limit=settings.report_limit, stop=process.stop
    )


if __name__ == "__main__":
    run("status", start)
