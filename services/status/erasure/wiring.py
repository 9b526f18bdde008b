"""The erasure of people, for all erasures of the deployment."""

from services.runtime.erasure import clean_after
from services.status.erasure.service import MessageErasure
from services.status.foundation import Foundation
from services.status.history import Inbox
from services.status.reports import ReportStore
from services.status.short_links import ShortLinkStore


def open_erasure(foundation: Foundation) -> None:
    """Erase from now on, and finish what an earlier process could not."""
    database = foundation.database
    short_links = ShortLinkStore(database, foundation.short_links)
    erasure = MessageErasure(foundation.messages, Inbox(database), ReportStore(database), short_links)
    clean_after(foundation.process, database, foundation.directory, erasure.erase)
