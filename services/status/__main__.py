"""The status service: follows what becomes of messages, and reports it to partners.

message-requested, provider-dispatched, status-events [.bulk] ─▶ fold ─▶ messages, inbox ─▶ reports, stream of changes
devices ─▶ status-events[.bulk] (inbox changed, pulled)        API ◀─ messages, inbox
sweeper ─▶ status-events[.bulk] (a deadline has passed)
"""

from services.runtime.access.operator_tokens import OperatorTokens
from services.runtime.cross_origin import CrossOrigin
from services.runtime.http import listeners
from services.runtime.process import Process, run
from services.status.api import application, open_api
from services.status.channels import open_channels
from services.status.consumer import open_cascades, open_fold
from services.status.erasure import open_erasure
from services.status.foundation import open_foundation
from services.status.history import open_history, open_inbox
from services.status.reports import open_reports
from services.status.resends import open_resends
from services.status.short_links import open_short_links
from services.status.statistics import open_statistics
from services.status.stream import open_stream


async def start(process: Process) -> None:
    """Open the foundation, the features, the consumers that feed them, and the API last."""
    foundation = await open_foundation(process)
    followers = [
        await open_inbox(foundation),
        await open_reports(foundation),  # into memory first, for that fails never
        open_cascades(foundation),
        await open_stream(foundation),
        await open_statistics(foundation),
        await open_short_links(foundation),
    ]
    fold_step = open_fold(foundation, followers)
    open_erasure(foundation)
    resends = await open_resends(foundation)
    features = [
        open_api(foundation),
        resends,
        *followers,
        open_history(foundation, fold_step),
        open_channels(foundation),
    ]
    app = application(router for feature in features for router in feature.routers)
    admin_token, spends = process.settings.admin_token, foundation.rates.spends
    tokens = OperatorTokens(foundation.directory, foundation.secrets, admin_token, spends=spends)
    listeners.serve(
        process,
        app,
        tokens,
        foundation.trusted_proxies,
        sink=foundation.log,
        around=lambda listener: CrossOrigin(listener, foundation.directory),
    )


if __name__ == "__main__":
    run("status", start)
