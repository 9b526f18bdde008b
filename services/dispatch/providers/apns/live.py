"""A push to a Live Activity as APNs wants it. Source: `docs/providers.md` §1.10.

    {"aps": {"timestamp", "event": "start" | "update" | "end", "content-state", "stale-date", "dismissal-date",
             "relevance-score", "alert", "attributes-type", "attributes", "input-push-token" | "input-push-channel"}}

Times are epoch seconds. There is no part for the SDK: ActivityKit hands an app the state and nothing else.

    priority 10   what a person is to notice: a start, an end, an update with an alert; spends the hourly budget
    priority 5    every other update: free of that budget, and the system may delay it

A start must have an alert: title and text of the message, cut where the payload would not fit. A state is never cut.
"""

from datetime import datetime
from typing import Any, Final

from schemas import lossless
from services.dispatch.payload import Shown, TooLarge, fit, masked
from services.dispatch.provider import Push

LIMIT_BYTES: Final = 4096
TOPIC_SUFFIX: Final = b".push-type.liveactivity"
_TIMES: Final = ("timestamp", "stale-date", "dismissal-date")
_KEPT: Final = (
    "event",
    "content-state",
    "relevance-score",
    "alert",
    "attributes-type",
    "attributes",
    "input-push-token",
    "input-push-channel",
)


def aps_of(live_activity: str) -> dict[str, Any]:
    """`aps` of a LIVE_ACTIVITY as ingest carries it, with Apple's keys only."""
    given: dict[str, Any] = lossless.loads(live_activity)
    kept = {name: given[name] for name in _KEPT if name in given}
    return kept | {name: _epoch_s(given[name]) for name in _TIMES if name in given}


def render(push: Push) -> tuple[bytes, bool]:
    """The body, at most 4096 bytes, and whether the alert was cut. Raises TooLarge."""
    aps = aps_of(push.content.live_activity or "{}")
    if aps.get("event") != "start" or "alert" in aps:
        body = as_json({"aps": aps})
        if len(body) > LIMIT_BYTES:
            raise TooLarge(f"a Live Activity has {len(body)} bytes, at most {LIMIT_BYTES} may be sent")
        return body, False

    def rendered(shown: Shown) -> bytes:
        alert = {"title": masked(push, shown.title)} if shown.title else {}
        return as_json({"aps": aps | {"alert": alert | {"body": masked(push, shown.text)}}})

    return fit(push, LIMIT_BYTES, rendered, len)


def priority_of(aps: dict[str, Any]) -> bytes:
    """10 or 5, by the rule above."""
    return b"5" if aps.get("event") == "update" and "alert" not in aps else b"10"


def static_headers_of(push: Push) -> tuple[tuple[bytes, bytes], ...]:
    """Push type and priority."""
    aps = lossless.loads(push.content.live_activity or "{}")
    return ((b"apns-push-type", b"liveactivity"), (b"apns-priority", priority_of(aps)))


def as_json(body: dict[str, Any]) -> bytes:
    return lossless.dumps(body)


def _epoch_s(moment: str) -> int:
    return int(datetime.fromisoformat(moment).timestamp())
