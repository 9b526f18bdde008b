"""What each service may do with which topics: the least that it needs. Access lists of a cluster are made from this.

    reads     its consumer groups, all named after the service, and tables that it follows from their start
    appends   its own events, timers and retries; the dead-letter twins of what it reads
    finds     every service sees all topics and how they are configured, and says at its start what is missing

A user for each service, so that one whose password is stolen cannot write what another one is trusted with.
"""

from collections.abc import Iterable
from typing import Literal, NamedTuple

from schemas import topics
from schemas.topics import DEAD_LETTER, Topic


class Permission(NamedTuple):
    """Topics by name, without a prefix; `creates`: it makes topics of its own; `sees_groups`: of which services it may
    ask how far their groups are, "" for all.

    `upkeep_…`: which of them are not on a message's way."""

    meaning: str
    reads: tuple[str, ...]
    appends: tuple[str, ...]
    upkeep_reads: tuple[str, ...] = ()
    upkeep_appends: tuple[str, ...] = ()
    creates: bool = False
    sees_groups: tuple[str, ...] = ()


def _permission(
    meaning: str,
    reads: Iterable[Topic],
    appends: Iterable[Topic],
    *,
    upkeep_reads: Iterable[str] = (),
    upkeep_appends: Iterable[Topic] = (),
    creates: bool = False,
    sees_groups: tuple[str, ...] = (),
    puts_aside: bool = True,
) -> Permission:
    taken = list(reads)
    letters = [topic.name + DEAD_LETTER for topic in taken if topic.dead_letters and puts_aside]
    known = [topic.name for topic in taken]
    given = [topic.name for topic in appends]
    more_read = tuple(name for name in upkeep_reads if name not in known)
    more_given = tuple(topic.name for topic in upkeep_appends if topic.name not in given)
    return Permission(
        meaning,
        reads=tuple(dict.fromkeys([*known, *more_read])),
        appends=tuple(dict.fromkeys([*given, *more_given, *letters])),
        upkeep_reads=more_read,
        upkeep_appends=more_given,
        creates=creates,
        sees_groups=sees_groups,
    )


_REQUESTED = [*topics.MESSAGE_REQUESTED.values()]
_DISPATCHED = [*topics.PROVIDER_DISPATCHED.values()]
_STATUS = [*topics.STATUS_EVENTS.values()]
_TARGETS = [topic for lanes in topics.TARGET_RESOLVED.values() for topic in lanes.values()]
_SHARED = [topics.APPLICATION_EVENTS]
"""Every service but statistics and traces knows the partners and applications."""
_AUDITED = [topics.AUDIT_EVENTS]
"""By whoever has an API for partners or operators."""
_MAY_BE_SENT_AGAIN = [topic for topic in topics.all_topics() if topic.dead_letters]
_EVERYTHING = [name for topic in topics.all_topics() for name in (topic.name, topic.name + DEAD_LETTER)]

PERMISSIONS: dict[str, Permission] = {
    "ingest": _permission(
        "partners' APIs: is this request acceptable?",
        [topics.BROADCAST_CHANNELS, topics.BROADCASTS, *_SHARED],
        [*_REQUESTED, *_SHARED, *_AUDITED, topics.MAILING_EVENTS, topics.BROADCAST_CHANNELS, topics.BROADCASTS],
        sees_groups=("router", "status"),  # how far ahead of them its mailings are
    ),
    # it proves that an erasure left nothing behind, so it reads everything; it sends dead letters again, so it appends
    # to whatever has some; it tells what waits
    "registry": _permission(
        "the device API and provisioning: who has which device?",
        [*_DISPATCHED, topics.DEVICE_EVENTS, *_AUDITED, *_SHARED],
        [topics.DEVICE_EVENTS, topics.INSTALLATIONS, *_SHARED, *_STATUS, *_AUDITED],
        upkeep_reads=_EVERYTHING,
        upkeep_appends=_MAY_BE_SENT_AGAIN,
        sees_groups=("",),
    ),
    "router": _permission("who gets it, when, over what?", [*_REQUESTED, *_SHARED], [*_REQUESTED, *_TARGETS, *_STATUS]),
    "dispatch": _permission(
        "talks to the providers",
        [*_TARGETS, topics.BROADCASTS, topics.BROADCAST_CHANNELS, *_SHARED],
        [*_TARGETS, *_DISPATCHED, *_STATUS, topics.BROADCASTS, topics.BROADCAST_CHANNELS],
    ),
    "status": _permission(
        "what has become of it? cascades, reports to partners",
        [*_REQUESTED, *_DISPATCHED, *_STATUS, topics.DELIVERY_STATISTICS, *_SHARED],
        [*_STATUS, *_REQUESTED, *_TARGETS, topics.STATISTIC_PARTS, *_AUDITED],
    ),
    "statistics": _permission(
        "adds up delivery statistics",
        [topics.STATISTIC_PARTS],
        [topics.DELIVERY_STATISTICS],
        creates=True,  # the changelog of its table
    ),
    "traces": _permission("exports traces out of the log", [*_REQUESTED, *_DISPATCHED, *_STATUS], [], puts_aside=False),
}
"""By service."""

Resource = Literal["topic", "group"]
Operation = Literal["Read", "Write", "Create", "Describe", "DescribeConfigs"]


class Rule(NamedTuple):
    """An access list's line that allows a service something; `is_prefix`: on everything whose name begins so."""

    service: str
    resource: Resource
    name: str
    is_prefix: bool
    operation: Operation


def rules(topic_prefix: str = "") -> list[Rule]:
    """All that has to be allowed. Without a topic prefix every topic of the cluster may be found, not read."""
    found = []
    for service, permission in PERMISSIONS.items():
        every = topic_prefix or "*"
        found += [Rule(service, "topic", every, bool(topic_prefix), name) for name in ("Describe", "DescribeConfigs")]
        found += [Rule(service, "topic", topic_prefix + name, False, "Read") for name in permission.reads]
        found += [Rule(service, "topic", topic_prefix + name, False, "Write") for name in permission.appends]
        found.append(Rule(service, "group", topic_prefix + service, True, "Read"))
        for seen in permission.sees_groups:
            found.append(Rule(service, "group", topic_prefix + seen or "*", bool(topic_prefix + seen), "Describe"))
        if permission.creates:
            own = topic_prefix + service
            found += [Rule(service, "topic", own, True, name) for name in ("Create", "Read", "Write")]
    return found
