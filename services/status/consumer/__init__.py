"""The consumer around the fold: loads, folds, saves, and carries out what follows; and the sweeper of deadlines."""

from services.status.consumer.cascade_follow_ups import Chaining
from services.status.consumer.failure_check import Failing
from services.status.consumer.step import Folding
from services.status.consumer.sweeper import Sweeper

__all__ = ["Chaining", "Failing", "Folding", "Sweeper"]
