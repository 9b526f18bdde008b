"""The forms in which the SDK's part reaches a phone; which provider has which is in the provider's folder."""

from typing import Any

import orjson

from deploy.sandbox.provider import Read

KEY = "rpns"


def aps(payload: dict[str, Any]) -> Read:
    """`{"aps": {"alert": {"title", "body"}}, "rpns": {…}}`."""
    alert = payload["aps"].get("alert", {})
    if isinstance(alert, str):
        return payload[KEY], None, alert
    return payload[KEY], alert.get("title"), alert.get("body", "")


def data_message(payload: dict[str, Any]) -> Read:
    """`{"message": {"data": {"rpns": "{…}"}, "notification": {"title", "body"}}}`."""
    message = payload["message"]
    notification = message.get("notification", {})
    return orjson.loads(message["data"][KEY]), notification.get("title"), notification.get("body", "")


def data_text(payload: dict[str, Any]) -> Read:
    """`{"message": {"data": "{\\"rpns\\": {…}}", "android": {"notification": {"title", "body"}}}}`."""
    message = payload["message"]
    notification = message.get("android", {}).get("notification", {})
    return orjson.loads(message["data"])[KEY], notification.get("title"), notification.get("body", "")


def decrypted(payload: dict[str, Any]) -> Read:
    """`{"notification": {"title", "body"}, "rpns": {…}}, once the browser has decrypted it`."""
    notification = payload.get("notification", {})
    return payload[KEY], notification.get("title"), notification.get("body", "")
