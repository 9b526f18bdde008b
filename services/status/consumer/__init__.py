"""The consumer around the fold: loads, folds, saves, and carries out what follows; and the sweeper of deadlines."""

from services.status.consumer.cascade_follow_ups import CascadeFollowUps
from services.status.consumer.failure_check import FailureCheck
from services.status.consumer.step import FoldStep
from services.status.consumer.sweeper import DeadlineSweeper

__all__ = ["CascadeFollowUps", "DeadlineSweeper", "FailureCheck", "FoldStep"]
