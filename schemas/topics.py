"""Every topic: name, key, events, partitions, retention, dead-letter twin. `services/runtime/log/topics.py` creates
them from here.

Each message-path topic has a `.bulk` twin with its own consumers, and each topic that is consumed has a
`.dead-letter` twin. Retention is stated here and nowhere else (docs/design.md §4).
"""

from dataclasses import dataclass
from typing import Literal
from zlib import crc32

from schemas import application_events as applications
from schemas import audit_events as audits
from schemas import broadcast_events as broadcasts
from schemas import device_events as devices
from schemas import events
from schemas import mailing_events as mailings
from schemas import statistic_events as statistics
from schemas.providers import Provider
from schemas.values import Lane

DAY_MS = 86_400_000
MESSAGE_RETENTION_MS = 37 * DAY_MS
"""Claims and timers are kept as long as the topics that they belong to."""
PLANNING_HORIZON_MS = 30 * DAY_MS
DEVICE_RETENTION_MS = 30 * DAY_MS
HISTORY_RETENTION_MS = 365 * DAY_MS
DEAD_LETTER = ".dead-letter"
BULK = ".bulk"

Key = Literal["message", "installation", "entity", "mailing", "statistic", "caller"]


@dataclass(frozen=True, eq=False)  # by identity: each exists once, and is looked up for every record
class Topic:
    """One topic. `retention_ms` None means compacted for ever; `partitions` None means as many as configured."""

    name: str
    key: Key
    events: tuple[type[events.Event], ...]
    retention_ms: int | None = MESSAGE_RETENTION_MS
    partitions: int | None = None
    dead_letters: bool = True


def partition_of(key: bytes, partitions: int) -> int:
    """The partition of a record, by CRC-32 of its key: the client's own murmur2 is pure Python and some fifty times
    slower (DECISIONS 9)."""
    return crc32(key) % partitions


def lane_of(name: str) -> Lane:
    """The lane that a topic name belongs to."""
    return "bulk" if name.removesuffix(DEAD_LETTER).endswith(BULK) else "single"


def _lanes(name: str, types: tuple[type[events.Event], ...], key: Key = "message") -> dict[Lane, Topic]:
    """The topic of each lane."""
    return {"single": Topic(name, key, types), "bulk": Topic(name + BULK, key, types)}


MESSAGE_REQUESTED = _lanes("message-requested", (events.MessageRequested, events.ScheduleDue, events.CancelRequested))
PROVIDER_DISPATCHED = _lanes("provider-dispatched", (events.ProviderDispatched,))
STATUS_EVENTS = _lanes(
    "status-events",
    (
        events.Scheduled,
        events.Held,
        events.CancelRefused,
        events.Planned,
        events.RequestRepeated,
        events.ReceiptReceived,
        events.ProviderTold,
        events.InboxChanged,
        events.DeadlinePassed,
        events.ReportAttempted,
        events.ReportMissed,
        events.ReportAsked,
        events.LinkClicked,
        events.MessageFailed,
        events.ChannelReported,
    ),
)
TARGET_RESOLVED = {
    provider: _lanes(f"target-resolved.{provider.value}", (events.TargetResolved,), "installation")
    for provider in Provider
}
DEVICE_EVENTS = Topic(
    "device-events",
    "installation",
    (
        devices.Installed,
        devices.TokenRegistered,
        devices.TokenRemoved,
        devices.TokenRetired,
        devices.TokenWorked,
        devices.ActivityTokenRegistered,
        devices.PushToStartTokenRegistered,
        devices.ActivityEnded,
        devices.PushToStartTokenRemoved,
        devices.Personalized,
        devices.Depersonalized,
        devices.InstallationReplaced,
        devices.ProofRevoked,
        devices.OwnerProofsRevoked,
        devices.SettingsChanged,
        devices.AppStarted,
    ),
    DEVICE_RETENTION_MS,
)
INSTALLATIONS = Topic(
    "installations", "installation", (devices.InstallationChanged,), retention_ms=None, dead_letters=False
)
APPLICATION_EVENTS = Topic(
    "application-events",
    "entity",
    (
        applications.PartnerChanged,
        applications.SenderChanged,
        applications.ApplicationChanged,
        applications.CredentialsChanged,
        applications.StopChanged,
        applications.RecipientForgotten,
        applications.OperatorTokenChanged,
        applications.AccountChanged,
    ),
    retention_ms=None,
    partitions=1,
    dead_letters=False,
)

MAILING_EVENTS = Topic(
    "mailing-events", "mailing", (mailings.MailingChanged,), retention_ms=None, partitions=1, dead_letters=False
)

AUDIT_EVENTS = Topic("audit-events", "caller", (audits.Audited,), HISTORY_RETENTION_MS, partitions=1)

STATISTIC_RETENTION_MS = 7 * DAY_MS
"""Of records that are only on their way to a statistic."""
STATISTIC_PARTS = Topic("statistic-parts", "statistic", (statistics.StatisticPart,), STATISTIC_RETENTION_MS)
DELIVERY_STATISTICS = Topic("delivery-statistics", "statistic", (statistics.StatisticChanged,))
STATISTICS_CHANGELOG = Topic("statistics-rows-changelog", "statistic", (), retention_ms=None, dead_letters=False)
"""Of the statistics worker's table, for itself alone: no contract, and no events of ours."""
BROADCAST_CHANNELS = Topic(
    "broadcast-channels", "entity", (broadcasts.BroadcastChannelChanged,), retention_ms=None, partitions=1
)
BROADCASTS = Topic("broadcasts", "entity", (broadcasts.BroadcastRequested, broadcasts.BroadcastDispatched))


def all_topics() -> list[Topic]:
    """Every topic of events that must exist, without the dead-letter twins."""
    lanes = [MESSAGE_REQUESTED, PROVIDER_DISPATCHED, STATUS_EVENTS, *TARGET_RESOLVED.values()]
    return [topic for pair in lanes for topic in pair.values()] + [
        DEVICE_EVENTS,
        INSTALLATIONS,
        APPLICATION_EVENTS,
        MAILING_EVENTS,
        AUDIT_EVENTS,
        STATISTIC_PARTS,
        DELIVERY_STATISTICS,
        BROADCAST_CHANNELS,
        BROADCASTS,
    ]


def topic_named(name: str) -> Topic:
    """The topic of that name. Raises KeyError for a name that no topic has."""
    return _BY_NAME[name]


_BY_NAME = {topic.name: topic for topic in all_topics()}
