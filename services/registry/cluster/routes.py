"""`GET /v1/cluster`: who works, what waits, what is wrong, what was put aside. For operators alone."""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from typing import TypeVar

from fastapi import APIRouter

from services.registry.cluster.bodies import (
    SERVERS,
    ClusterView,
    GroupView,
    HeldView,
    HoldupView,
    InstanceView,
    MemberView,
    Server,
    SignView,
    TopicLagView,
)
from services.registry.cluster.recent import Recent
from services.registry.cluster.watch import ClusterWatch
from services.registry.http import operator_router
from services.runtime import telemetry
from services.runtime.clock import now_ms
from services.runtime.faults import TRANSIENT_ERRORS
from services.runtime.log.upkeep import Group, Member
from services.runtime.mongo.instances import Instance, Instances

log = telemetry.logger("cluster")
FRESH_S = 2.0
ANSWER_S = 5.0
"""How long a server may take: whoever asks wants to know which one is away, and what the others tell."""
_AWAY: tuple[type[Exception], ...] = (TimeoutError, *TRANSIENT_ERRORS)
T = TypeVar("T")


def cluster_routes(recent: Recent[ClusterView]) -> APIRouter:
    """The route."""
    router = operator_router("/v1/cluster", "cluster")

    @router.get("")
    async def get_cluster() -> ClusterView:
        """Read from the brokers and the database, which takes them a moment; at most two seconds ago."""
        return await recent.get()

    return router


def recent_cluster(watch: ClusterWatch, instances: Instances) -> Recent[ClusterView]:
    """The cluster as all who ask see it."""

    async def look() -> ClusterView:
        known, groups, letters = await asyncio.gather(
            in_time(instances.all()), in_time(watch.groups()), in_time(watch.open_letters())
        )
        is_away = {"mongodb": known is None, "kafka": groups is None or (letters is None and known is not None)}
        return _view(known or (), groups or (), letters or {}, [server for server in SERVERS if is_away[server]])

    return Recent(look, FRESH_S)


async def in_time(answer: Awaitable[T]) -> T | None:
    """None where the server behind it does not answer within `ANSWER_S`."""
    try:
        async with asyncio.timeout(ANSWER_S):
            return await answer
    except _AWAY as error:
        log.warning("a server does not answer what is asked of the cluster", error=repr(error))
        return None


def _view(
    known: Sequence[Instance], groups: Sequence[Group], letters: Mapping[str, int], unanswered: list[Server]
) -> ClusterView:
    now = now_ms()
    heard = [found for found in known if not found.is_silent(now)]
    return ClusterView(
        unanswered=unanswered,
        instances=[InstanceView.shown(found, is_silent=found.is_silent(now)) for found in known],
        groups=[_group(group) for group in groups],
        signs=[
            SignView(sign=sign, value=value, service=found.service, instance=found.instance)
            for found in heard
            for sign, value in found.signs.items()
        ],
        holdups=[
            HoldupView.shown(holdup, service=found.service, instance=found.instance)
            for found in heard
            for holdup in found.holdups
        ],
        open_dead_letters=dict(letters),
    )


def _group(group: Group) -> GroupView:
    topics = [TopicLagView.shown(topic, unheld=list(topic.unheld)) for topic in group.topics]
    members = [_member(member) for member in group.members]
    return GroupView(group=group.name, state=group.state, waiting=group.waiting, members=members, topics=topics)


def _member(member: Member) -> MemberView:
    holds = [HeldView(topic=topic, partitions=list(numbers)) for topic, numbers in member.holds.items()]
    return MemberView(instance=member.instance, host=member.host, holds=holds)
