"""The system's own notification, shown while the SDK does not run (FCM, HMS, RuStore).

The SDK replaces it by what it draws itself, under the same tag. SECURE values are not ours to show: their
placeholders are masked.
"""

import re
from collections.abc import Callable
from typing import Any, TypeVar

from services.dispatch.payload.envelope import Shown, envelope
from services.dispatch.payload.fit import fit
from services.dispatch.provider import Push

MASK = "•••"
Body = TypeVar("Body")


def is_silent(push: Push) -> bool:
    """Nothing to show: the push only wakes the SDK (a live activity, a withdrawal, no text at all)."""
    content = push.content
    return push.withdraw or content.live_activity is not None or not (content.text or content.title)


def masked(push: Push, text: str) -> str:
    """The text with every SECURE placeholder hidden."""
    secure = push.content.secure
    if secure is None or "%" not in text:
        return text
    return re.sub("|".join(f"%{re.escape(name)}%" for name in secure.names), MASK, text)


def fitted(
    push: Push, limit_bytes: int, render: Callable[[Shown, bool], Body], size: Callable[[Body], int]
) -> tuple[Body, bool]:
    """`fit` for what has title and text twice: in the notification, and for the SDK (`render`'s flag).

    When twice is too much they stand in the notification only, which is better than to shorten what is seen. There are
    no placeholders to fill in then, so sealed SECURE values are of no use.
    """
    body, shortened = fit(push, limit_bytes, lambda shown: render(shown, True), size)
    if shortened and not is_silent(push):
        return fit(push._replace(sealed=None), limit_bytes, lambda shown: render(shown, False), size)
    return body, shortened


def sdk_part(push: Push, shown: Shown, with_text: bool) -> dict[str, Any]:
    """The envelope. A live activity is not carried: `more` makes the SDK fetch it."""
    made = envelope(push, shown, with_text=with_text)
    return made if push.content.live_activity is None else {**made, "more": True}


def image_url(shown: Shown) -> str | None:
    """The picture, where the content is one."""
    return shown.url if shown.category == "IMAGE" else None


def seconds_left(expires_at: int, now_ms: int, most_s: int) -> int:
    """Whole seconds of life for a provider, at least 1: RuStore takes 0 for four weeks, Huawei refuses it."""
    return max(1, min(most_s, (expires_at - now_ms) // 1000))
