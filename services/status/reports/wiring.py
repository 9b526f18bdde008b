"""Reports to partners, from what the fold calls for to the POST."""

import aiohttp

from services.runtime.http import outbound_addresses
from services.status.foundation import Feature, Foundation
from services.status.reports.pace import Pace
from services.status.reports.service import ReportService
from services.status.reports.signed_post import ReportSender
from services.status.reports.store import ReportStore


async def open_reports(foundation: Foundation) -> Feature:
    """The taker of reports; they are sent until the process ends."""
    process = foundation.process
    settings, store = process.settings, ReportStore(foundation.database)
    await store.prepare()
    connector = outbound_addresses.connector(
        allow_private=settings.allow_private_addresses, limit=0, keepalive_timeout=30
    )
    session = aiohttp.ClientSession(connector=connector, headers={"User-Agent": "rpns"})
    await process.stack.enter_async_context(session)
    service = ReportService(
        store,
        foundation.directory,
        ReportSender(session, foundation.secrets),
        foundation.log,
        pace=Pace(int(settings.report_retry_s * 1000), int(settings.report_give_up_h * 3_600_000)),
        limit=settings.report_limit,
        stop=process.stop,
    )
    process.spawn(service.run(5 * settings.sweep_interval_s), "reports", drains=True)
    return Feature(takers=(service.take,))
