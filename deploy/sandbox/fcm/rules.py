"""FCM's rules beyond the form of the body (`docs/providers.md` §2.3, §2.4): targets, reserved keys, bounds, size.

`check` works on what `schema.py` has read, so every name is lowerCamelCase.
"""

import re
from collections.abc import Mapping
from typing import Any

import orjson

from deploy.sandbox.http.json_form import MalformedError

MAX_BYTES = 4096
MAX_TOPIC_BYTES = 2048
MAX_TTL_S = 2_419_200

_TARGETS = ("token", "fid", "topic", "condition")
_TOKEN = re.compile(r"[A-Za-z0-9_:.%~-]{8,4096}")
_TOPIC = re.compile(r"[A-Za-z0-9_.~%-]{1,900}")
_TOPIC_IN_CONDITION = re.compile(r"'([^']*)'\s+in\s+topics")
_LONGEST_CONDITION = 5000  # ours: five topics of the longest name, and room for operators
_LABEL = re.compile(r"[A-Za-z0-9_.~%-]{1,50}")
_RESERVED = re.compile(r"from\Z|message_type\Z|google|gcm|\Z", re.IGNORECASE)
_COLOR = re.compile(r"#[0-9A-Fa-f]{6}")


def check(message: dict[str, Any], body_bytes: int) -> str:
    """The target as the inbox names it (a token, an installation id, /topics/…, a condition); MalformedError if bad."""
    kind = _target_kind(message)
    _check_target(kind, message[kind])
    if "data" in message:
        _check_data(message["data"], "message.data")
    if "fcmOptions" in message:
        _check_label(message["fcmOptions"], "message")
    if "android" in message and "androidV2" in message:
        raise MalformedError("android and android_v2 exclude each other.", "message")
    for part in ("android", "androidV2"):
        if part in message:
            _check_android(message[part], f"message.{part}")
    if "apns" in message:
        _check_apns(message["apns"])
    if "webpush" in message:
        _check_webpush(message["webpush"])
    # the JSON is never shorter than what is counted, so most bodies need no counting
    if body_bytes > (MAX_TOPIC_BYTES if kind in ("topic", "condition") else MAX_BYTES):
        _check_size(message, kind)
    target: str = message[kind]
    return f"/topics/{target}" if kind == "topic" else target


def _target_kind(message: dict[str, Any]) -> str:
    targets = [kind for kind in _TARGETS if kind in message]
    if not targets or not message[targets[0]]:
        raise MalformedError("Recipient of the message is not set.", "message")
    if len(targets) > 1:
        raise MalformedError(
            f"Invalid value at 'message' (oneof), oneof field 'target' is already set. Cannot set '{targets[1]}'",
            "message",
        )
    return targets[0]


def _check_target(kind: str, target: str) -> None:
    if kind in ("token", "fid") and not _TOKEN.fullmatch(target):
        raise MalformedError("The registration token is not a valid FCM registration token", f"message.{kind}")
    if kind == "topic" and not _TOPIC.fullmatch(target):
        raise MalformedError("Malformed topic name", "message.topic")
    if kind == "condition":
        _check_condition(target)


def _check_condition(condition: str) -> None:
    """Up to five topics joined by &&, || and !, with parentheses."""
    if len(condition) > _LONGEST_CONDITION:
        raise MalformedError("Invalid condition expression provided.", "message.condition")
    topics = _TOPIC_IN_CONDITION.findall(condition)
    if len(topics) > 5:
        raise MalformedError("Too many topics in condition.", "message.condition")
    # each topic counts as one operand; what is left must reduce to a single operand
    rest = re.sub(r"\s+", "", _TOPIC_IN_CONDITION.sub("\0", condition))
    while rest != (shorter := re.sub(r"\(\0\)|!\0|\0(?:&&|\|\|)\0", "\0", rest)):
        rest = shorter
    if rest != "\0" or "\0" in condition or not all(_TOPIC.fullmatch(topic) for topic in topics):
        raise MalformedError("Invalid condition expression provided.", "message.condition")


def _check_data(data: dict[str, str], path: str) -> None:
    for key in data:
        if _RESERVED.match(key):
            raise MalformedError(f"Invalid data payload key: {key}", path)


def _check_label(options: dict[str, Any], path: str) -> None:
    label = options.get("analyticsLabel", "")
    if label and not _LABEL.fullmatch(label):
        raise MalformedError("Invalid analytics label", f"{path}.fcm_options.analytics_label")


def _check_android(android: dict[str, Any], path: str) -> None:
    if "data" in android:
        _check_data(android["data"], f"{path}.data")
    if "fcmOptions" in android:
        _check_label(android["fcmOptions"], path)
    if "ttl" in android and not 0 <= float(android["ttl"][:-1]) <= MAX_TTL_S:
        raise MalformedError(f"Invalid TTL: must be 0 to {MAX_TTL_S} seconds", f"{path}.ttl")
    notification = android.get("notification")
    if notification is None:
        remote = android.get("remoteNotification", {})
        notification, path = remote.get("notification", {}), f"{path}.remote_notification"
    path = f"{path}.notification"
    if "color" in notification and not _COLOR.fullmatch(notification["color"]):
        raise MalformedError("Invalid color, #rrggbb expected", f"{path}.color")
    for index, timing in enumerate(notification.get("vibrateTimings", ())):
        _check_not_negative(timing, f"{path}.vibrate_timings[{index}]")
    if "lightSettings" in notification:
        _check_light(notification["lightSettings"], f"{path}.light_settings")


def _check_light(light: dict[str, Any], path: str) -> None:
    for camel, snake in (("lightOnDuration", "light_on_duration"), ("lightOffDuration", "light_off_duration")):
        if camel not in light:
            raise MalformedError("is required", f"{path}.{snake}")
        _check_not_negative(light[camel], f"{path}.{snake}")
    if "color" not in light:
        raise MalformedError("is required", f"{path}.color")
    for name, part in light["color"].items():
        if not 0 <= part <= 1:
            raise MalformedError("must be 0 to 1", f"{path}.color.{name}")


def _check_not_negative(duration: str, path: str) -> None:
    if duration.startswith("-"):
        raise MalformedError("must not be negative", path)


def _check_apns(apns: dict[str, Any]) -> None:
    if "fcmOptions" in apns:
        _check_label(apns["fcmOptions"], "message.apns")
    payload = apns.get("payload")
    if payload is None:
        return
    if not isinstance(payload.get("aps", {}), dict):
        raise MalformedError("aps must be an object", "message.apns.payload")
    if len(orjson.dumps(payload)) > MAX_BYTES:
        raise MalformedError("APNs payload is too big", "message.apns.payload")


def _check_webpush(webpush: dict[str, Any]) -> None:
    if "data" in webpush:
        _check_data(webpush["data"], "message.webpush.data")
    options = webpush.get("fcmOptions", {})
    _check_label(options, "message.webpush")
    link = options.get("link", "https://")
    if not link.startswith("https://"):
        raise MalformedError("must be an HTTPS URL", "message.webpush.fcm_options.link")


def _check_size(message: dict[str, Any], kind: str) -> None:
    """Keys and values of notification and data, each as the most specific platform block overrides it."""
    limit = MAX_TOPIC_BYTES if kind in ("topic", "condition") else MAX_BYTES
    android = message.get("android") or message.get("androidV2") or {}
    specific = android.get("notification") or android.get("remoteNotification", {}).get("notification", {})
    webpush = message.get("webpush", {})
    common, data = message.get("notification", {}), message.get("data", {})
    sizes = (
        _size({**common, **specific}) + _size(android.get("data") or data),
        _size({**common, **webpush.get("notification", {})}) + _size(webpush.get("data") or data),
    )
    if max(sizes) > limit:
        raise MalformedError("Message is too big", "message")


def _size(part: Mapping[str, Any]) -> int:
    return sum(
        len(key.encode()) + len(value.encode() if isinstance(value, str) else orjson.dumps(value))
        for key, value in part.items()
    )
