"""Statistics: what is counted goes to their worker and comes back added up; mailings are counted beside it."""

from schemas.topics import DELIVERY_STATISTICS
from services.runtime.mongo.leases import Lease
from services.runtime.mongo.mailing_outcomes import OutcomesStore
from services.status.foundation import Feature, Foundation
from services.status.statistics.feed import StatisticsFeed
from services.status.statistics.mailing_outcomes import MailingOutcomeCounter
from services.status.statistics.routes import statistics_routes
from services.status.statistics.savings import savings_routes
from services.status.statistics.store import Statistics


async def open_statistics(foundation: Foundation) -> Feature:
    """The counter of mailings, the feed and its way back, and the routes of statistics and savings."""
    process, database, messages = foundation.process, foundation.database, foundation.messages
    settings = process.settings
    outcomes, statistics = OutcomesStore(database), Statistics(database)
    await outcomes.prepare()
    await statistics.prepare()
    counter = MailingOutcomeCounter(messages, outcomes, Lease(database, "outcomes", settings.instance))
    process.spawn(counter.run(process.stop, settings.sweep_interval_s), "outcomes", drains=True)
    if "bulk" in settings.lanes:  # nobody waits for them
        consumer = foundation.consumer([DELIVERY_STATISTICS], "status-statistics", statistics.step)
        process.spawn(consumer.run(), "statistics", drains=True)
    partner_caller = foundation.partner_caller
    return Feature(
        takers=(counter.take, StatisticsFeed(foundation.log).take),
        routers=(statistics_routes(statistics, partner_caller), savings_routes(messages, partner_caller)),
    )
