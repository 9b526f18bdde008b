"""What a Huawei push must look like (`docs/providers.md` §3.2), and which code names the mistake (§3.3)."""

import re
from typing import Any

import orjson

from deploy.sandbox.http.json_form import (
    Check,
    MalformedError,
    anything,
    choice,
    flag,
    integer,
    items,
    mapping,
    number,
    record,
    text,
)

MAX_BYTES = 4096
MAX_TOKENS = 1000
MAX_TTL_S = 1_296_000

PARAMETER = "80100001"
STRUCTURE = "80100003"
TTL_PAST = "80100004"
COLLAPSE_KEY = "80100013"
TOO_BIG = "80300008"
TOKEN_COUNT = "80300010"

_CATEGORIES = (
    *("IM", "VOIP", "SUBSCRIPTION", "TRAVEL", "HEALTH", "WORK", "ACCOUNT", "EXPRESS", "FINANCE"),
    *("DEVICE_REMINDER", "MAIL", "PLAY_VOICE", "MARKETING"),
)
_LONG = (1 << 31) - 1
_HTTPS = text(pattern=r"https://\S+", hint="an https URL")
_SECONDS = r"\d+(\.\d+)?[sS]?"
_TOPIC = re.compile(r"'([^']+)' in topics")


class HmsRefusedError(Exception):
    """A body that Huawei answers with `code`."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.code = code
        self.why = why


def _vibration(value: Any) -> None:
    text(pattern=_SECONDS, hint="seconds such as 1.5")(value)
    if float(value.rstrip("sS")) > 60:
        raise MalformedError("longer than 60 seconds")


def _click_action(value: dict[str, Any]) -> None:
    kind = value["type"]
    if kind == 1 and not (value.get("intent") or value.get("action")):
        raise MalformedError("type 1 needs intent or action")
    if kind == 2 and not value.get("url"):
        raise MalformedError("type 2 needs url")
    if kind == 4 and not value.get("rich_resource"):
        raise MalformedError("type 4 needs rich_resource")


def _style(value: dict[str, Any]) -> None:
    if value.get("style") == 1:
        for key in ("big_title", "big_body"):
            if not value.get(key):
                raise MalformedError("style 1 needs it", key)


_COLOR = record({name: number(0, 1) for name in ("alpha", "red", "green", "blue")})
_ANDROID_NOTIFICATION = record(
    {
        "title": text(1),
        "body": text(1),
        "icon": text(),
        "color": text(pattern=r"#[0-9A-Fa-f]{6}", hint="#RRGGBB"),
        "sound": text(),
        "default_sound": flag,
        "tag": text(),
        "click_action": record(
            {
                "type": choice(1, 2, 3, 4),
                "intent": text(),
                "action": text(),
                "url": _HTTPS,
                "rich_resource": _HTTPS,
            },
            ("type",),
            _click_action,
        ),
        "body_loc_key": text(),
        "body_loc_args": items(text()),
        "title_loc_key": text(),
        "title_loc_args": items(text()),
        "multi_lang_key": mapping(anything, 3),
        "channel_id": text(),
        "notify_summary": text(),
        "image": _HTTPS,
        "style": choice(0, 1, 3),
        "big_title": text(),
        "big_body": text(),
        "inbox_content": items(text(0, 1024), 5),
        "notify_id": integer(-_LONG - 1, _LONG),
        "group": text(),
        "badge": record({"add_num": integer(1, 99), "set_num": integer(0, 99), "class": text()}),
        "ticker": text(),
        "when": text(pattern=r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", hint="a UTC time"),
        "importance": choice("LOW", "NORMAL", "HIGH"),
        "use_default_vibrate": flag,
        "use_default_light": flag,
        "vibrate_config": items(_vibration, 10),
        "visibility": choice("VISIBILITY_UNSPECIFIED", "PRIVATE", "PUBLIC", "SECRET"),
        "light_settings": record(
            {
                "color": _COLOR,
                "light_on_duration": text(pattern=_SECONDS),
                "light_off_duration": text(pattern=_SECONDS),
            },
            ("color", "light_on_duration", "light_off_duration"),
        ),
        "foreground_show": flag,
        "profile_id": text(0, 64),
        "buttons": items(
            record(
                {
                    "name": text(1, 40),
                    "action_type": integer(0, 4),
                    "intent_type": integer(0, 1),
                    "intent": text(),
                    "data": text(0, 1024),
                },
                ("name", "action_type"),
            ),
            3,
        ),
        "auto_cancel": anything,
        "auto_clear": anything,
        "local_only": anything,
    },
    ("click_action",),
    _style,
)
_ANDROID: dict[str, Check] = {
    "collapse_key": anything,  # has a code of its own
    "urgency": choice("HIGH", "NORMAL"),
    "category": choice(*_CATEGORIES),
    "ttl": text(pattern=r"-?\d+s", hint="seconds such as 86400s"),
    "bi_tag": text(),
    "receipt_id": text(),
    "fast_app_target": choice(1, 2),
    "target_user_type": choice(0, 1),
    "data": text(),
    "notification": _ANDROID_NOTIFICATION,
}
_MESSAGE: dict[str, Check] = {
    "token": items(text()),
    "topic": text(1),
    "condition": text(1),
    "data": text(),
    "notification": record({"title": text(1), "body": text(1), "image": _HTTPS}, ("title", "body")),
    "android": record(_ANDROID),
    "apns": record(
        {
            "headers": mapping(text()),
            "payload": mapping(anything),
            "hms_options": record({"target_user_type": choice(1, 2, 3)}, ("target_user_type",)),
        },
        ("payload", "hms_options"),
    ),
    "webpush": record(
        {
            "headers": record({"ttl": text(), "topic": text(), "urgency": text()}),
            "notification": mapping(anything),
            "hms_options": record({"link": text()}),
        }
    ),
}
_BODY = record({"validate_only": flag, "message": record(_MESSAGE), "review": items(anything)}, ("message",))


def check(payload: dict[str, Any], body_bytes: int) -> None:
    """HmsRefusedError with the code that fits, when the request breaks a rule."""
    try:
        _BODY(payload)
    except MalformedError as error:
        known = STRUCTURE if error.why.endswith("field") else PARAMETER
        raise HmsRefusedError(known, str(error)) from None
    message = payload["message"]
    _check_target(message)
    _check_android(message.get("android", {}))
    _check_content(message)
    if body_bytes > MAX_BYTES and _bytes_without_tokens(payload) > MAX_BYTES:
        raise HmsRefusedError(TOO_BIG, f"The message body is larger than {MAX_BYTES} bytes.")


def _check_target(message: dict[str, Any]) -> None:
    targets = [kind for kind in ("token", "topic", "condition") if kind in message]
    if len(targets) > 1:
        raise HmsRefusedError(PARAMETER, f"only one of {' and '.join(targets)} is allowed")
    if not targets or (targets == ["token"] and not 0 < len(message["token"]) <= MAX_TOKENS):
        raise HmsRefusedError(TOKEN_COUNT, f"The number of tokens must be 1 to {MAX_TOKENS}.")
    if len(set(message.get("token", ()))) != len(message.get("token", ())):
        raise HmsRefusedError(PARAMETER, "message.token: duplicates")
    if len(_TOPIC.findall(message.get("condition", ""))) > 5:
        raise HmsRefusedError(PARAMETER, "message.condition: more than 5 topics")


def _check_android(android: dict[str, Any]) -> None:
    collapse_key = android.get("collapse_key", -1)
    if type(collapse_key) is not int or not -1 <= collapse_key <= 100:
        raise HmsRefusedError(COLLAPSE_KEY, "message.android.collapse_key: must be an integer, -1 to 100")
    ttl_s = int(android.get("ttl", "86400s")[:-1][:20])
    if ttl_s <= 0:
        raise HmsRefusedError(TTL_PAST, "message.android.ttl: already past")
    if ttl_s > MAX_TTL_S:
        raise HmsRefusedError(PARAMETER, f"message.android.ttl: more than {MAX_TTL_S} seconds")


def _check_content(message: dict[str, Any]) -> None:
    android = message.get("android", {})
    common, specific = message.get("notification"), android.get("notification")
    if common is None and specific is None:
        if not (message.get("data") or android.get("data")):
            raise HmsRefusedError(STRUCTURE, "message: neither notification nor data")
        return
    if specific is None and "apns" not in message and "webpush" not in message:
        raise HmsRefusedError(STRUCTURE, "message.android.notification.click_action: is a required field")
    if specific is None:
        return
    for key in ("title", "body"):
        if common is None and key not in specific and f"{key}_loc_key" not in specific:
            raise HmsRefusedError(STRUCTURE, f"message.android.notification.{key}: is a required field")


def _bytes_without_tokens(payload: dict[str, Any]) -> int:
    message = {key: value for key, value in payload["message"].items() if key != "token"}
    return len(orjson.dumps({**payload, "message": message}))
