"""Why a message did not go or did not arrive, and which errorCode of the partner protocol says so.

Source of the codes and of the order: `docs/partner-api.md` §3. With several installations the reason of the one that
came furthest counts.
"""

from collections.abc import Iterable
from enum import StrEnum


class Reason(StrEnum):
    """Declared in the order of coming further, last wins; the finer words share their elder's place."""

    NO_APPLICATION = "no-application"
    UNKNOWN_USER = "unknown-user"
    UNKNOWN_PHONE = "unknown-phone"
    NO_ACTIVE_INSTALLATION = "no-active-installation"
    NO_PRIMARY = "no-primary"
    BELOW_MIN_VERSION = "below-min-version"
    SUBSCRIPTION_OFF = "subscription-off"
    PUSH_DISABLED = "push-disabled"
    PUSH_OS_DISABLED = "push-os-disabled"
    PROVIDER_REFUSED = "provider-refused"
    EXPIRED = "expired"
    # finer words for one of the above, with its code and its place in the order
    OWNER_CHANGED = "owner-changed"
    REPLACED = "replaced"  # the same device was installed anew, and its owner has logged in there
    NOT_LATEST = "not-latest"  # more than 50 installations: the ones not used lately take no part
    NOT_PRIMARY = "not-primary"
    OTHER_PROVIDER = "other-provider"
    KEY_GONE = "key-gone"  # web: it subscribed with a key that the application has no more
    CANCELLED = "cancelled"  # by the partner or the operator, before it was sent
    UNROUTED = "unrouted"  # no way to the channel is configured
    # what the channel platform says of a message of its own
    CHANNEL_UNKNOWN = "channel-unknown"
    ABSENT_SUBSCRIBER = "absent-subscriber"
    CALL_BARRED = "call-barred"
    CHANNEL_FAILURE = "channel-failure"
    MEMORY_CAPACITY_EXCEEDED = "memory-capacity-exceeded"
    TELESERVICE_NOT_PROVISIONED = "teleservice-not-provisioned"
    UNKNOWN_SUBSCRIBER = "unknown-subscriber"
    DUPLICATED = "duplicated"
    FILTERED = "filtered"
    OPER_BLACKLISTED = "oper-blacklisted"
    OPER_INVSRCADDR = "oper-invsrcaddr"
    OPER_SPAMFILTERED = "oper-spamfiltered"
    BUSY = "busy"
    # an internal fault: before everything, so that it never hides what is known
    INTERNAL = "internal"

    @property
    def error_code(self) -> int:
        """errorCode in reports."""
        return _CODES[self]


_CODES = {
    Reason.NO_APPLICATION: 26,
    Reason.UNKNOWN_USER: 19,
    Reason.UNKNOWN_PHONE: 20,
    Reason.NO_ACTIVE_INSTALLATION: 22,
    Reason.NO_PRIMARY: 21,
    Reason.BELOW_MIN_VERSION: 27,
    Reason.SUBSCRIPTION_OFF: 25,
    Reason.PUSH_DISABLED: 23,
    Reason.PUSH_OS_DISABLED: 24,
    Reason.PROVIDER_REFUSED: 28,
    Reason.EXPIRED: 7,
    Reason.CANCELLED: 7,  # nothing was confirmed within its lifetime, and nothing will be
    Reason.OWNER_CHANGED: 22,
    Reason.UNROUTED: 11,
    Reason.INTERNAL: 1,
    Reason.NOT_LATEST: 22,
    Reason.REPLACED: 22,
    Reason.NOT_PRIMARY: 21,
    Reason.OTHER_PROVIDER: 22,
    Reason.KEY_GONE: 22,
    Reason.CHANNEL_UNKNOWN: 1,
    Reason.ABSENT_SUBSCRIBER: 2,
    Reason.CALL_BARRED: 3,
    Reason.CHANNEL_FAILURE: 4,
    Reason.MEMORY_CAPACITY_EXCEEDED: 5,
    Reason.TELESERVICE_NOT_PROVISIONED: 6,
    Reason.UNKNOWN_SUBSCRIBER: 8,
    Reason.DUPLICATED: 9,
    Reason.FILTERED: 10,
    Reason.OPER_BLACKLISTED: 12,
    Reason.OPER_INVSRCADDR: 13,
    Reason.OPER_SPAMFILTERED: 14,
    Reason.BUSY: 16,
}
OF_CHANNELS: dict[int, Reason] = {
    code: reason for reason, code in _CODES.items() if code <= 16 and reason not in (Reason.INTERNAL, Reason.CANCELLED)
}
"""errorCode of the channel platform's reports → reason."""
_PLACES = {
    code: place
    for place, code in enumerate(
        (1, 11, 26, 19, 20, 22, 21, 27, 25, 23, 24, 28, 8, 13, 6, 9, 4, 10, 12, 14, 3, 5, 16, 2, 7)
    )
}
_ORDER = {reason: _PLACES[code] for reason, code in _CODES.items()}


def furthest(reasons: Iterable[Reason]) -> Reason:
    """The reason of the installation that came furthest; `reasons` must not be empty."""
    return max(reasons, key=_ORDER.__getitem__)
