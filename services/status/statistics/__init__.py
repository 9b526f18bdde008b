"""Statistics: counted outcomes are passed on, kept by minute and read; also savings and the outcomes of mailings."""

from services.status.statistics.wiring import open_statistics

__all__ = ["open_statistics"]
