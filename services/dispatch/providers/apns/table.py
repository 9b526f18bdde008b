"""What APNs answers and what it means: every row of `docs/providers.md` §1.9. A test holds the table complete.

410 is DROP_TOKEN: the token is dead, and retired unless it was registered after the time that Apple gives with it. An
answer that is not listed is judged by its class (`providers/http/answers.py`): no unknown word ever retires a token or
speaks of more than its own message.
"""

from enum import StrEnum
from typing import Final

from services.dispatch.providers.http.answers import is_passing


class Action(StrEnum):
    """What follows from an answer."""

    OK = "accepted"
    DROP_TOKEN = "this token is dead"
    FIX_PAYLOAD = "this message will never be taken"
    ALERT = "none of this application will be taken, or not this token"
    RECONNECT = "again, on a new connection"
    REFRESH_AUTH = "again with a new provider token, on a new connection; the second time it is an alert"
    OWN_CONNECTION = "again, on a new connection; the second time it is an alert"
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
    (403, "InvalidProviderToken"): Action.OWN_CONNECTION,  # Apple has outbreaks of it
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

ABOUT_TOPIC: Final = frozenset(
    {"BadTopic", "TopicDisallowed", "InvalidProviderToken", "Forbidden", "UnrelatedKeyIdInToken"}
)
"""Also what a bundle of another team gets, or one that the key is not for."""
NOT_OURS: Final = frozenset({"BadDeviceToken", "DeviceTokenNotForTopic"})
"""Also what a wrong environment or bundle of our own looks like, for every token."""


def action_of(status: int, reason: str) -> Action:
    """The action for an answer, listed or not."""
    if status == 200:
        return Action.OK
    listed = TABLE.get((status, reason))
    if listed is not None:
        return listed
    if status == 429:
        return Action.RETRY_TOKEN
    return Action.RETRY if is_passing(status) else Action.FIX_PAYLOAD
