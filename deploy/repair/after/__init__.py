"""What was decided since a backup, and is not folded: brought back from what the log shows of it.

staged.py       the records since, by link and by delivery, in collections that are dropped again
links.py        the router's claims with their plans, its timers, the claims of ids that must not be repeated
deliveries.py   dispatch's timers for what comes again, and what may be under way at providers
reports.py      reports that partners are owed, or have been given
mailings.py     states of mailings, and which lists are gone
numbers.py      numbers of the event stream that listeners may have been given
erasures.py     who was erased
"""

from dataclasses import dataclass, field

from deploy.repair.after.deliveries import Deliveries, deliveries_brought_back
from deploy.repair.after.links import Links, links_brought_back
from deploy.repair.after.mailings import MailingsFound, mailings_brought_back
from deploy.repair.after.numbers import reserved_numbers
from deploy.repair.after.reports import Reports, reports_brought_back
from deploy.repair.after.staged import Staged
from deploy.repair.archive import Manifest
from deploy.repair.opened import Opened
from deploy.repair.replay import Show
from services.runtime.log.upkeep.offsets import Groups

__all__ = ["Since", "decided_since", "reserved_numbers"]


@dataclass
class Since:
    """What was brought back, for whoever is told."""

    links: Links = field(default_factory=Links)
    deliveries: Deliveries = field(default_factory=Deliveries)
    reports: Reports = field(default_factory=Reports)
    mailings: MailingsFound = field(default_factory=MailingsFound)


async def decided_since(work: Opened, manifest: Manifest, groups: Groups, show: Show) -> Since:
    """Behind the folds. `groups`: what has been committed by now. Raises KafkaError, mongo.TRANSIENT_ERRORS."""
    staged = Staged(work, manifest)
    await staged.begin()
    await staged.read(show)
    since = Since(
        await links_brought_back(work, staged, groups),
        await deliveries_brought_back(work, staged, groups),
        await reports_brought_back(work, staged),
        await mailings_brought_back(work),
    )
    await staged.drop()
    return since
