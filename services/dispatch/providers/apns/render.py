"""A push as APNs wants it: path, headers and body. Source: `docs/providers.md` §1.3 to §1.5.

    {"aps": {"alert": {"title", "body"}, "sound": "default", "mutable-content": 1, "content-available": 1,
             "category": "rpns"}, "rpns": {the SDK's envelope}}

The service extension (mutable-content) draws pictures and buttons and counts the delivery; the category names how many
buttons there are. apns-id and apns-collapse-id are the delivery's id, so a push that is sent again replaces itself.
A withdrawal is a background push with an id of its own: the SDK removes what it has shown under the delivery's.
"""

import re
from typing import Any, Final

import orjson

from schemas import ids
from services.dispatch.payload import SDK_KEY, Shown, envelope, fit, masked, shown_of
from services.dispatch.provider import Push
from services.dispatch.providers.apns import live

LIMIT_BYTES: Final = 4096
_TOKEN = re.compile(r"[0-9A-Za-z]{2,400}")
_STATIC: Final = ((b"apns-push-type", b"alert"), (b"apns-priority", b"10"))
_WITHDRAWAL: Final = ((b"apns-push-type", b"background"), (b"apns-priority", b"5"))
_NOT_LATER_S: Final = 30 * 86_400


class BadToken(ValueError):
    """The token cannot stand in a path: no device ever had it."""


def render(push: Push) -> tuple[bytes, bool]:
    """The body, at most 4096 bytes, and whether something was left out. Raises TooLarge."""
    if push.slot:
        return live.render(push)
    if push.withdraw:
        sdk = envelope(push, shown_of(push))
        return orjson.dumps({"aps": {"content-available": 1}, SDK_KEY: sdk}), False
    is_secret = push.content.secure is not None

    def body(shown: Shown) -> bytes:
        text = masked(push, shown.text) if is_secret else shown.text
        alert = {"body": text}
        if shown.title:
            alert["title"] = masked(push, shown.title) if is_secret else shown.title
        aps: dict[str, Any] = {
            "alert": alert,
            "sound": "default",
            "mutable-content": 1,
            "content-available": 1,
            "category": f"rpns-{len(shown.actions)}" if shown.actions else "rpns",
        }
        return orjson.dumps({"aps": aps, SDK_KEY: envelope(push, shown, with_text=is_secret)})

    return fit(push, LIMIT_BYTES, body, len)


def path_of(push: Push) -> bytes:
    """The path of the push's device. Raises BadToken."""
    if _TOKEN.fullmatch(push.token) is None:
        raise BadToken
    return b"/3/device/" + push.token.encode()


def headers_of(push: Push, bearer: bytes, topic: bytes, now_ms: int) -> tuple[tuple[bytes, bytes], ...]:
    """The headers. APNs keeps a push at most 30 days for a phone that is off."""
    apns_id = ids.uuid5(push.delivery_id, "withdrawal") if push.withdraw else push.delivery_id
    delivery_id = apns_id.encode()
    expires_s = min(push.expires_at, now_ms + _NOT_LATER_S * 1000) // 1000
    return (
        (b"authorization", bearer),
        (b"apns-topic", topic + live.TOPIC_SUFFIX if push.slot else topic),
        *(live.static_headers_of(push) if push.slot else _WITHDRAWAL if push.withdraw else _STATIC),
        (b"apns-id", delivery_id),
        *(() if push.slot or push.withdraw else ((b"apns-collapse-id", delivery_id),)),
        (b"apns-expiration", b"%d" % expires_s),
    )
