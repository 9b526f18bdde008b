"""What APNs answers and what it means: every row of `docs/providers.md` §1.9. A test holds the table complete.

An answer that is not listed is judged by its class: 5xx is tried again, 4xx is our mistake, and no unknown word ever
retires a token.
"""

from enum import StrEnum
from typing import Final


class Action(StrEnum):
    """What follows from an answer."""

    OK = "accepted"
    DROP_TOKEN = "this token is dead"
    FIX_PAYLOAD = "this message will never be taken"
    ALERT = "none of this application will be taken"
    RECONNECT = "again, on a new connection"
    REFRESH_AUTH = "again with a new provider token, on a new connection; the second time it is an alert"
    OWN_CONNECTION = "again, on a new connection of this key's own; the second time it is an alert"
    KEEP_AUTH = "again with the provider token from before, and no new one for 20 minutes"
    RETRY_TOKEN = "later, this device only"
    RETRY = "later, the provider is in trouble"


_FIX = (
    "BadCollapseId",
    "BadExpirationDate",
    "BadMessageId",
    "BadPriority",
    "InvalidPushType",
    "DuplicateHeaders",
    "PayloadEmpty",
    "MissingDeviceToken",
)
_FORBIDDEN = (
    "InvalidProviderToken",
    "MissingProviderToken",
    "Forbidden",
    "BadCertificate",
    "BadCertificateEnvironment",
    "BadEnvironmentKeyIdInToken",
    "BadEnvironmentKeyInToken",
)

TABLE: Final[dict[tuple[int, str], Action]] = {
    (200, ""): Action.OK,
    (400, "BadDeviceToken"): Action.DROP_TOKEN,
    (400, "DeviceTokenNotForTopic"): Action.DROP_TOKEN,
    **{(400, reason): Action.FIX_PAYLOAD for reason in _FIX},
    **{(400, reason): Action.ALERT for reason in ("BadTopic", "MissingTopic", "TopicDisallowed")},
    (400, "IdleTimeout"): Action.RECONNECT,
    (403, "ExpiredProviderToken"): Action.REFRESH_AUTH,
    **{(403, reason): Action.ALERT for reason in _FORBIDDEN},
    (403, "UnrelatedKeyIdInToken"): Action.OWN_CONNECTION,
    (404, "BadPath"): Action.ALERT,
    (405, "MethodNotAllowed"): Action.ALERT,
    (410, "Unregistered"): Action.DROP_TOKEN,
    (410, "ExpiredToken"): Action.DROP_TOKEN,
    (413, "PayloadTooLarge"): Action.FIX_PAYLOAD,
    (429, "TooManyRequests"): Action.RETRY_TOKEN,
    (429, "TooManyProviderTokenUpdates"): Action.KEEP_AUTH,
    (500, "InternalServerError"): Action.RETRY,
    (503, "ServiceUnavailable"): Action.RETRY,
    (503, "Shutdown"): Action.RECONNECT,
}


def action_of(status: int, reason: str) -> Action:
    """The action for an answer, listed or not."""
    if status == 200:
        return Action.OK
    listed = TABLE.get((status, reason))
    if listed is not None:
        return listed
    if status == 429:
        return Action.RETRY_TOKEN
    return Action.ALERT if 400 <= status < 500 else Action.RETRY
