"""What the API of the cluster gives, in camel case."""

from typing import Literal, get_args

from pydantic import Field

from services.registry.bodies import AnswerModel

Server = Literal["kafka", "mongodb"]
SERVERS: tuple[Server, ...] = get_args(Server)


class InstanceView(AnswerModel):
    """A process of ours, as it last told of itself."""

    service: str
    instance: str
    version: str
    commit: str
    host: str
    lanes: list[str]
    started_at: int
    at: int = Field(description="when it was last heard of, UTC ms")
    is_silent: bool = Field(description="it has ended, or cannot reach the database")


class HeldView(AnswerModel):
    """Partitions of a topic."""

    topic: str
    partitions: list[int]


class MemberView(AnswerModel):
    """A reader of a group."""

    instance: str
    host: str
    holds: list[HeldView]


class TopicLagView(AnswerModel):
    """What waits for a group in a topic."""

    topic: str
    lane: str
    waiting: int
    oldest_ms: int = Field(description="for how long the oldest has waited")
    partitions: int
    unheld: list[int] = Field(description="partitions that nobody reads")


class GroupView(AnswerModel):
    """A consumer group."""

    group: str
    state: str = Field(description="as Kafka calls it: Stable, PreparingRebalance, Empty …")
    waiting: int
    members: list[MemberView]
    topics: list[TopicLagView]


class SignView(AnswerModel):
    """A metric that is above 0 only while something is wrong."""

    sign: str
    value: float
    service: str
    instance: str


class HoldupView(AnswerModel):
    """Why pushes of an application wait at a provider, or its dead tokens stay."""

    provider: str
    application_id: str
    way: str = Field(description="which part of its pushes: environment, bundle, carrier …; empty: all")
    state: str = Field(description="stopped, doubted, retiring-paused")
    since: int
    status: int | None = Field(description="of the provider's answer that decided it")
    detail: str = Field(description="of that answer")
    service: str
    instance: str


class ClusterView(AnswerModel):
    """The cluster now. What a server that did not answer would have told is missing."""

    unanswered: list[Server] = Field(description="servers that did not answer in time")
    instances: list[InstanceView]
    groups: list[GroupView]
    signs: list[SignView]
    holdups: list[HoldupView]
    open_dead_letters: dict[str, int]
