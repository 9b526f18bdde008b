"""The consumers of the fold, one for each lane; the sweeper of deadlines; and the timers of dead letters."""

from collections.abc import Sequence
from functools import partial
from typing import get_args

from schemas import ids
from schemas.topics import MESSAGE_REQUESTED, PROVIDER_DISPATCHED, STATUS_EVENTS
from schemas.values import Lane
from services.runtime.log.batch_consumer import group_of
from services.runtime.log.upkeep import GroupReading, ask_cluster
from services.runtime.mongo.leases import Lease
from services.runtime.settings import Settings
from services.status.consumer.cascade_follow_ups import CascadeFollowUps
from services.status.consumer.failure_check import FailureCheck
from services.status.consumer.step import FoldStep
from services.status.consumer.sweeper import Sweeper
from services.status.foundation import Feature, Foundation

_MAX_RECORDS = 1_000
"""In one batch: under load the events of a message meet in it, and are loaded and saved once. A larger one takes more
memory, and what it makes outgrows the processor's caches."""


def open_fold(foundation: Foundation, followers: Sequence[Feature]) -> FoldStep:
    """Consume until the process ends; what follows is carried out by `followers` in their order."""
    process, messages = foundation.process, foundation.messages
    settings, timers = process.settings, foundation.dead_letters.timers
    deciders = [decider for follower in followers for decider in follower.deciders]
    takers = [taker for follower in followers for taker in follower.takers]
    projections = [projection for follower in followers for projection in follower.projections]
    fold_step = FoldStep(messages, takers, projections, deciders)
    for lane in settings.lanes:
        topics = [MESSAGE_REQUESTED[lane], PROVIDER_DISPATCHED[lane], STATUS_EVENTS[lane]]
        consumer = foundation.consumer(topics, group_of("status", lane), fold_step.step)
        consumer.together, consumer.max_records, consumer.gather_s = True, _MAX_RECORDS, settings.fold_gather_s
        process.spawn(consumer.run(), consumer.group, drains=True)
    if timers is not None:
        timers.still_meant = FailureCheck(messages).still_meant
        process.spawn(timers.run(process.stop, settings.sweep_interval_s), "failures", drains=True)
    lease = Lease(foundation.database, "sweeper", ids.uuid7())
    sweeper = Sweeper(messages, foundation.log, lease, {lane: _reading_of(settings, lane) for lane in get_args(Lane)})
    process.spawn(sweeper.run(process.stop, settings.sweep_interval_s), "sweeper", drains=True)
    return fold_step


def _reading_of(settings: Settings, lane: Lane) -> GroupReading:
    """What the fold of a lane has read of what becomes of messages."""
    return GroupReading(partial(ask_cluster, settings, STATUS_EVENTS[lane], group_of("status", lane)))


def open_cascades(foundation: Foundation) -> Feature:
    """The taker by which chains go on."""
    return Feature(takers=(CascadeFollowUps(foundation.log, foundation.directory).take,))
