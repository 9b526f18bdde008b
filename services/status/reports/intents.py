"""Turns the reports that the fold calls for into what is sent, and to whom."""

from collections.abc import Sequence
from typing import NamedTuple

import orjson
from yarl import URL

from schemas.reports import FINAL
from services.runtime.directory import Directory
from services.status.fold import FollowUp, ReportAgain, ReportDue, body_of
from services.status.message import Message
from services.status.reports.model import ReportIntent
from services.status.reports.packet_callback import callback_of


class Newest(NamedTuple):
    """The newest report due on a link. `in_doubt`: a former process, or a former batch, may have begun with it, or
    with the one `behind` which it is; `is_fresh`: with that one only."""

    due: ReportDue
    in_doubt: bool
    is_fresh: bool = False
    behind: int = -1


def newest_of(message: Message, follows: Sequence[FollowUp]) -> list[Newest]:
    """Of each link the newest report that is still due behind the batch; in doubt if the first one is: those between
    are of this batch alone. The batch may have brought the attempt that ends the doubt, or all."""
    found: dict[int, Newest] = {}
    for due in follows:
        if type(due) is ReportDue:
            link, before = message.links[due.link], found.get(due.link)
            if due.report.status.rank > link.tried and link.reported not in FINAL:
                begun = due.again and due.report.is_asked_for(due.request.registered_delivery)
                if before is None:
                    is_behind = due.behind > link.tried
                    before = Newest(due, begun or is_behind, is_behind and not due.again, due.behind)
                found[due.link] = before._replace(due=due)
    return list(found.values())


def asked_again(message: Message, follows: Sequence[FollowUp]) -> list[ReportAgain]:
    """The reports to send again, without those that a newer state has overtaken within the batch."""
    found = [follow_up for follow_up in follows if type(follow_up) is ReportAgain]
    return [again for again in found if message.links[again.link].wanted == again.report] if found else []


class Intents:
    """Knows the addresses of partners."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def url(self, partner_id: str, notify_url: str | None) -> str | None:
        """The address to report to; None when there is none."""
        partner = self._directory.partners.get(partner_id)
        return notify_url or (partner.report_url if partner is not None else None)

    def host(self, message: Message, due: ReportDue | ReportAgain) -> str | None:
        """The receiver of the report; None when nobody wants it."""
        url = self.url(message.partner_id, due.request.notify_url)
        return None if url is None or due.request.registered_delivery == 0 else host_of(url)

    def intent(self, message: Message, due: ReportDue | ReportAgain, host: str) -> ReportIntent:
        """The report as it is sent."""
        request, report, link = due.request, due.report, message.links[due.link]
        body: bytes | None = None
        if report.is_asked_for(request.registered_delivery):
            root = message.request or request
            at_ms = link.changes[-1].at if link.changes else root.at
            body = orjson.dumps(
                body_of(request, report, partner_ref=root.partner_ref, submitted_at=root.at)
                if root.packet_id is None
                else callback_of(message, request, report, at_ms)
            )
        return ReportIntent(
            message_id=message.message_id,
            link=due.link,
            partner_id=message.partner_id,
            lane=message.lane,
            host=host,
            notify_url=request.notify_url,
            status=report.status,
            error_code=report.error_code,
            body=body,
            attempts=link.attempts,
            resend=due.resend_id if isinstance(due, ReportAgain) else "",
        )


def host_of(url: str) -> str:
    """The receiver of a URL: host and port. Text that is no URL is a receiver of its own, and is never reached."""
    try:
        parsed = URL(url)
        return f"{parsed.host}:{parsed.port}"
    except ValueError:
        return "invalid"
