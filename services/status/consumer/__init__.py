"""The consumer around the fold: loads, folds, saves, and carries out what follows; and the sweeper of deadlines."""

from services.status.consumer.step import FoldStep
from services.status.consumer.wiring import open_cascades, open_fold

__all__ = ["FoldStep", "open_cascades", "open_fold"]
