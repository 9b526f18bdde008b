"""The two sides of the history: entries written behind the fold, and the routes by which devices read them."""

from services.runtime.access.device_pace import DevicePace
from services.runtime.installations.reader import Installations
from services.runtime.mongo.hour_keys import HourKeys
from services.status.consumer import FoldStep
from services.status.foundation import Feature, Foundation
from services.status.history.access import PACE, device_caller
from services.status.history.content_routes import content_routes
from services.status.history.routes import HistoryService, history_routes
from services.status.history.service import InboxCommands, InboxProjection
from services.status.history.store import Inbox
from services.status.history.view import History


async def open_inbox(foundation: Foundation) -> Feature:
    """The projection that writes entries as messages are saved."""
    inbox = Inbox(foundation.database)
    await inbox.prepare()
    return Feature(projections=(InboxProjection(inbox),))


def open_history(foundation: Foundation, fold_step: FoldStep) -> Feature:
    """The routes of devices; what a device changes is folded by `fold_step` at once."""
    settings, database, secrets = foundation.process.settings, foundation.database, foundation.secrets
    messages, short_links, inbox = foundation.messages, foundation.short_links, Inbox(database)
    pace = DevicePace("status", foundation.trusted_proxies, settings.device_pace, PACE)
    device = device_caller(Installations(database), foundation.directory, secrets, pace)
    keys = HourKeys(database["hour_keys"], secrets)
    commands = InboxCommands(inbox, fold_step, foundation.log)
    service = HistoryService(inbox, History(messages, keys, short_links), commands, pace)
    return Feature(
        routers=(content_routes(messages, keys, short_links, device), history_routes(service, device)),
    )
