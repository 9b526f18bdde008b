"""What a RuStore push must look like, native and universal (`docs/providers.md` §4)."""

import re
from typing import Any

from deploy.sandbox.http.json_form import MalformedError, choice, flag, items, mapping, record, text

MAX_BYTES = 4096
PROVIDERS = ("rustore", "fcm", "hms", "apns")
MAX_TTL_S = 2_419_200  # four weeks, also what 0 means

_TOKEN = re.compile(r"[A-Za-z0-9_:.%~+/=-]{8,4096}")


def _ttl(value: Any) -> None:
    text(pattern=r"\d{1,12}(\.\d{1,9})?s", hint="a duration such as 3.5s")(value)
    if float(value[:-1]) > MAX_TTL_S:
        raise MalformedError(f"must be 0 to {MAX_TTL_S} seconds")


_ANDROID_NOTIFICATION = record(
    {
        "title": text(),
        "body": text(),
        "icon": text(),
        "color": text(pattern=r"#[0-9A-Fa-f]{6}", hint="#rrggbb"),
        "image": text(),
        "channel_id": text(),
        "click_action": text(),
        "click_action_type": choice(0, 1),
    }
)
_NOTIFICATION = {"title": text(), "body": text(), "image": text()}
_ANDROID = record({"ttl": _ttl, "notification": _ANDROID_NOTIFICATION})


def _has_content(message: dict[str, Any]) -> None:
    shown = message.get("notification") or message.get("android", {}).get("notification")
    if not shown and not message.get("data"):
        raise MalformedError("needs notification or data")


_NATIVE = record(
    {
        "message": record(
            {
                "token": text(1),
                "data": mapping(text()),
                "notification": record(_NOTIFICATION),
                "android": _ANDROID,
            },
            ("token",),
            _has_content,
        ),
        "validate_only": flag,
    },
    ("message",),
)

_CREDENTIAL = record({"project_id": text(1), "auth_token": text(1)}, ("project_id", "auth_token"))
_UNIVERSAL = record(
    {
        "providers": record(dict.fromkeys(PROVIDERS, _CREDENTIAL)),
        "tokens": record(dict.fromkeys(PROVIDERS, items(text(1), least=1))),
        "message": record(
            {
                "notification": record({**_NOTIFICATION, "title": text(1), "body": text(1)}, ("title", "body")),
                "data": mapping(text()),
                "android": record({"ttl": _ttl, "notification": _ANDROID_NOTIFICATION}),
                "apns": record({"headers": mapping(text()), "payload": mapping(lambda value: None)}),
            },
            ("notification",),
        ),
    },
    ("providers", "tokens", "message"),
)


def check_native(payload: dict[str, Any], body_bytes: int) -> None:
    """MalformedError when the body breaks a rule; the token's form is a matter of its own."""
    _NATIVE(payload)
    if body_bytes > MAX_BYTES:
        raise MalformedError(f"larger than {MAX_BYTES} bytes", "message")


def check_universal(payload: dict[str, Any], body_bytes: int) -> None:
    """MalformedError when the body breaks a rule, or a token stands under a provider without credentials."""
    _UNIVERSAL(payload)
    if not payload["tokens"]:
        raise MalformedError("is a required field", "tokens")
    for provider in payload["tokens"]:
        if provider not in payload["providers"]:
            raise MalformedError("is a required field", "providers", provider)
    if body_bytes > MAX_BYTES:
        raise MalformedError(f"larger than {MAX_BYTES} bytes", "message")


def is_token(token: str) -> bool:
    return _TOKEN.fullmatch(token) is not None
