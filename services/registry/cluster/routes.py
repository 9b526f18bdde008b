"""`GET /v1/cluster`: who works, what waits, what is wrong, what was put aside. For operators alone."""

from fastapi import APIRouter

from services.registry.cluster.bodies import (
    ClusterView,
    GroupView,
    HeldView,
    HoldupView,
    InstanceView,
    MemberView,
    SignView,
    TopicLagView,
)
from services.registry.cluster.recent import Recent
from services.registry.cluster.watch import ClusterWatch
from services.registry.http import operator_router
from services.runtime.clock import now_ms
from services.runtime.log.upkeep import Group, Member
from services.runtime.mongo.instances import Instances

FRESH_S = 2.0


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
        now, known = now_ms(), await instances.all()
        return ClusterView(
            instances=[InstanceView.shown(found, is_silent=found.is_silent(now)) for found in known],
            groups=[_group(group) for group in await watch.groups()],
            signs=[
                SignView(sign=sign, value=value, service=found.service, instance=found.instance)
                for found in known
                if not found.is_silent(now)
                for sign, value in found.signs.items()
            ],
            holdups=[
                HoldupView.shown(holdup, service=found.service, instance=found.instance)
                for found in known
                if not found.is_silent(now)
                for holdup in found.holdups
            ],
            open_dead_letters=await watch.open_letters(),
        )

    return Recent(look, FRESH_S)


def _group(group: Group) -> GroupView:
    topics = [TopicLagView.shown(topic, unheld=list(topic.unheld)) for topic in group.topics]
    members = [_member(member) for member in group.members]
    return GroupView(group=group.name, state=group.state, waiting=group.waiting, members=members, topics=topics)


def _member(member: Member) -> MemberView:
    holds = [HeldView(topic=topic, partitions=list(numbers)) for topic, numbers in member.holds.items()]
    return MemberView(instance=member.instance, host=member.host, holds=holds)
