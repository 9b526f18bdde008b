"""What APNs answers about broadcast channels and what it means: every reason of `docs/providers.md` §1.11.

The words are partly those of ordinary pushes, partly of their own. An answer that is not listed is judged as there.
"""

from enum import StrEnum
from typing import Final

from services.dispatch.providers.apns.table import Action
from services.dispatch.providers.http.answers import is_passing


class ChannelAction(StrEnum):
    """What only a channel's answer can mean."""

    GONE = "there is no such channel"
    FULL = "the application may have no more channels"


_FIX: Final = (
    "BadRequestParams",
    "BadRequestPayload",
    "MissingChannelId",
    "BadMessageId",
    "BadExpirationDate",
    "BadPriority",
    "MissingPushType",
    "InvalidPushType",
    "PayloadEmpty",
)
_FORBIDDEN: Final = (
    "BadCertificate",
    "BadCertificateEnvironment",
    "TopicMismatch",
    "MissingProviderToken",
)

TABLE: Final[dict[tuple[int, str], Action | ChannelAction]] = {
    **{(400, reason): Action.FIX_PAYLOAD for reason in _FIX},
    (400, "BadChannelId"): ChannelAction.GONE,
    (400, "ChannelNotRegistered"): ChannelAction.GONE,
    (400, "CannotCreateChannelConfig"): ChannelAction.FULL,
    (400, "FeatureNotEnabled"): Action.ALERT,
    (400, "TopicDisallowed"): Action.ALERT,
    **{(403, reason): Action.ALERT for reason in _FORBIDDEN},
    (403, "ExpiredProviderToken"): Action.REFRESH_AUTH,
    (403, "InvalidProviderToken"): Action.OWN_CONNECTION,
    (404, "BadPath"): Action.ALERT,
    (405, "MethodNotAllowed"): Action.ALERT,
    (413, "PayloadTooLarge"): Action.FIX_PAYLOAD,
    (429, "TooManyRequests"): Action.RETRY,
    (429, "TooManyProviderTokenUpdates"): Action.KEEP_AUTH,
    (500, "InternalServerError"): Action.RETRY,
    (503, "ServiceUnavailable"): Action.RETRY,
    (503, "Shutdown"): Action.RECONNECT,
}

ABOUT_BROADCASTS: Final = frozenset(
    {"FeatureNotEnabled", "TopicDisallowed", "TopicMismatch", "BadPath", "MethodNotAllowed"}
)
"""Alerts that say nothing of the application's pushes: what a channel needs besides the key is missing, or the address
of the host (a setting) is another's."""


def action_of(status: int, reason: str, *, deleting: bool = False) -> Action | ChannelAction:
    """The action for an answer, listed or not. To delete an unknown channel is answered 404 BadPath."""
    if 200 <= status < 300:
        return Action.OK
    if deleting and (status, reason) == (404, "BadPath"):
        return ChannelAction.GONE
    listed = TABLE.get((status, reason))
    if listed is not None:
        return listed
    return Action.RETRY if is_passing(status) else Action.FIX_PAYLOAD
