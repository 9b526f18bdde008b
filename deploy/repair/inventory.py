"""Every collection: which service owns it, and what a repair does with it. A test holds it to what services open.

folded     made again from the log by the service's own fold
decided    not folded, yet decided by what the log shows: claims, timers, attempts, reports
kept       lies nowhere else: keys, lists of mailings, places in the event stream
passing    of the processes that run now; neither copied nor backed up
"""

from dataclasses import dataclass
from typing import Literal

from schemas import topics
from schemas.topics import Topic

Kind = Literal["folded", "decided", "kept", "passing"]


@dataclass(frozen=True)
class Held:
    """One collection. `unlike`: fields that may differ between two that say the same."""

    name: str
    owner: str
    kind: Kind
    sources: tuple[Topic, ...] = ()
    unlike: frozenset[str] = frozenset()
    since: str = ""  # the field by which documents older than the log are known; empty: all are carried over


_MESSAGES = (
    *topics.MESSAGE_REQUESTED.values(),
    *topics.PROVIDER_DISPATCHED.values(),
    *topics.STATUS_EVENTS.values(),
)
_DEVICES = (topics.DEVICE_EVENTS,)
_REVISED = frozenset({"revision"})
_OWED = frozenset({"revision", "save", "owed_at", "owed_link", "kept_until"})

COLLECTIONS = (
    Held("messages", "status", "folded", _MESSAGES, _OWED, since="first_at"),
    Held("inbox", "status", "folded", _MESSAGES, _REVISED, since="at"),
    Held("short_links", "status", "folded", _MESSAGES),
    Held("outcomes", "status", "folded", _MESSAGES, frozenset({"changes", "at", "counted", "course"})),
    Held("statistics", "status", "folded", (topics.DELIVERY_STATISTICS,), since="minute"),
    Held("installations", "registry", "folded", _DEVICES, frozenset({"revision", "unpublished"})),
    Held("cards", "registry", "folded", _DEVICES, _REVISED),
    Held("tokens", "registry", "folded", _DEVICES, frozenset({"seen_at"})),
    Held("revocations", "registry", "folded", _DEVICES, frozenset({"seen_at"})),
    Held("audit_trail", "registry", "folded", (topics.AUDIT_EVENTS,), since="at"),
    Held("audit_reading", "registry", "folded", (topics.AUDIT_EVENTS,)),
    Held("broadcast_channels", "ingest", "folded", (topics.BROADCAST_CHANNELS,)),
    Held("broadcasts", "ingest", "folded", (topics.BROADCASTS,), frozenset({"at"})),
    Held("routed", "router", "decided", (*topics.MESSAGE_REQUESTED.values(), *topics.STATUS_EVENTS.values())),
    Held("router_timers", "router", "decided", tuple(topics.STATUS_EVENTS.values())),
    Held("dispatch_timers", "dispatch", "decided", tuple(topics.PROVIDER_DISPATCHED.values())),
    Held("attempts", "dispatch", "decided", tuple(topics.PROVIDER_DISPATCHED.values())),
    Held("reports", "status", "decided", tuple(topics.STATUS_EVENTS.values())),
    Held("claims", "ingest", "decided", tuple(topics.MESSAGE_REQUESTED.values())),
    Held("recipient_keys", "registry", "kept"),
    Held("hour_keys", "ingest", "kept"),
    Held("form", "all", "kept"),
    Held("report_resends", "status", "kept"),
    Held("erasures", "registry", "kept"),
    Held("mailings", "ingest", "kept"),
    Held("mailing_chunks", "ingest", "kept"),
    Held("mailing_problems", "ingest", "kept"),
    Held("changes", "status", "kept"),
    Held("change_counters", "status", "kept"),
    Held("ended_activities", "router", "kept"),
    Held("dispatch_channels", "dispatch", "kept"),
    Held("failure_timers", "all", "kept"),
    Held("dead_letter_marks", "registry", "kept"),
    Held("provisioning", "registry", "kept"),
    Held("logins_seen", "ingest", "kept"),
    Held("installs", "registry", "kept"),
    Held("leases", "all", "passing"),
    Held("instances", "all", "passing"),
    Held("probes", "all", "passing"),
    Held("rates", "all", "passing"),
    Held("repair", "rpns", "passing"),
)
BY_NAME = {collection.name: collection for collection in COLLECTIONS}


def of_kind(*kinds: Kind) -> list[Held]:
    return [collection for collection in COLLECTIONS if collection.kind in kinds]
