"""A push as the SDK reads it out of each provider's payload. The one place here that knows the payload's names.

    apns      {"aps": {"alert": {"title", "body"}}, "rpns": {…}}
    fcm       {"message": {"data": {"rpns": "{…}"}, "notification": {"title", "body"}}}
    hms       {"message": {"data": "{\\"rpns\\": {…}}", "android": {"notification": {"title", "body"}}}}
    rustore   as fcm

The part under "rpns" holds the ids, the recipient's mark, content, actions and customPayload; title and text stand
there only where the provider's own notification does not carry them to the SDK. Source: `docs/device-api.md` §3.
"""

from dataclasses import dataclass
from typing import Any

import orjson

KEY = "rpns"


class UnreadablePushError(Exception):
    """The payload is not one that this SDK can show; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Action:
    """A button."""

    title: str
    action: str
    options: str | None = None


@dataclass(frozen=True, slots=True)
class Push:
    """What the SDK has in hand."""

    message_id: str
    delivery_id: str  # the same when a push is sent again
    title: str | None
    text: str
    link: int = 0
    bulk: bool = False
    mark: str = ""  # whose push it is
    category: str | None = None  # IMAGE or HTML
    url: str | None = None
    actions: tuple[Action, ...] = ()
    custom_payload: str | None = None
    more: bool = False  # there is more to fetch


def read_push(provider: str, payload: dict[str, Any]) -> Push:
    """Raises UnreadablePushError."""
    try:
        own, title, text = _READERS[provider](payload)
        content = own.get("content", {})
        return Push(
            message_id=own["id"],
            delivery_id=own["delivery"],
            title=title,
            text=text,
            link=own.get("link", 0),
            bulk=own.get("bulk", False),
            mark=own.get("mark", ""),
            category=content.get("category"),
            url=content.get("url"),
            actions=tuple(Action(one["title"], one["action"], one.get("options")) for one in own.get("actions", ())),
            custom_payload=own.get("customPayload"),
            more=own.get("more", False),
        )
    except (KeyError, TypeError, AttributeError, orjson.JSONDecodeError) as error:
        raise UnreadablePushError(f"{provider}: {type(error).__name__}: {error}") from error


def _apns(payload: dict[str, Any]) -> tuple[dict[str, Any], str | None, str]:
    alert = payload["aps"].get("alert", {})
    if isinstance(alert, str):
        return payload[KEY], None, alert
    return payload[KEY], alert.get("title"), alert.get("body", "")


def _fcm(payload: dict[str, Any]) -> tuple[dict[str, Any], str | None, str]:
    message = payload["message"]
    return _with_notification(orjson.loads(message["data"][KEY]), message.get("notification", {}))


def _hms(payload: dict[str, Any]) -> tuple[dict[str, Any], str | None, str]:
    message = payload["message"]
    notification = message.get("android", {}).get("notification", {})
    return _with_notification(orjson.loads(message["data"])[KEY], notification)


def _with_notification(own: dict[str, Any], notification: dict[str, Any]) -> tuple[dict[str, Any], str | None, str]:
    """The SDK's own title and text come first: the notification's may hide values (SECURE)."""
    if "text" in own:
        return own, own.get("title"), own["text"]
    return own, notification.get("title"), notification.get("body", "")


_READERS = {"apns": _apns, "fcm": _fcm, "hms": _hms, "rustore": _fcm}
