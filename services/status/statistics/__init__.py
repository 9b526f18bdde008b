"""Statistics: counted outcomes are passed on, kept by minute and read; also savings and the outcomes of mailings."""

from services.status.statistics.feed import StatisticsFeed
from services.status.statistics.mailing_outcomes import MailingOutcomeCounter
from services.status.statistics.routes import statistics_routes
from services.status.statistics.savings import savings_routes
from services.status.statistics.store import Statistics

__all__ = ["MailingOutcomeCounter", "Statistics", "StatisticsFeed", "savings_routes", "statistics_routes"]
