"""Reports to partners, from what the fold calls for to the POST."""

import ssl

from services.runtime.http.outbound_addresses import socket_factory
from services.runtime.http_client import Direct, Pool
from services.status.foundation import Feature, Foundation
from services.status.reports.pace import Pace
from services.status.reports.service import ReportService
from services.status.reports.signed_post import ReportSender
from services.status.reports.store import ReportStore

_MOST_CONNECTIONS = 4_096
"""Of all receivers together: below the usual limits of open files."""
_IDLE_S = 30.0


async def open_reports(foundation: Foundation) -> Feature:
    """The taker of reports; they are sent until the process ends."""
    process = foundation.process
    settings, store = process.settings, ReportStore(foundation.database)
    await store.prepare()
    dialer = Direct(ssl.create_default_context(), socket_factory(allow_private=settings.allow_private_addresses))
    lanes = len(settings.lanes)
    pool = Pool(dialer, limit=_MOST_CONNECTIONS, limit_per_origin=lanes * settings.report_limit, idle_s=_IDLE_S)
    process.stack.push_async_callback(pool.close)
    service = ReportService(
        store,
        foundation.directory,
        ReportSender(pool, foundation.secrets),
        foundation.log,
        pace=Pace(int(settings.report_retry_s * 1000), int(settings.report_give_up_h * 3_600_000)),
        limit=settings.report_limit,
        stop=process.stop,
    )
    process.spawn(service.run(5 * settings.sweep_interval_s), "reports", drains=True)
    return Feature(deciders=(service.decide,), takers=(service.take,))
