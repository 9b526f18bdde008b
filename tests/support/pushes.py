"""Pushes for the tests of dispatch and its providers."""

from typing import Any

from schemas.values import Content
from services.dispatch.provider import Push

MESSAGE_ID = "0193c5f0-aaaa-7bbb-8ccc-000000000001"
DELIVERY_ID = "0193c5f0-aaaa-5bbb-8ccc-000000000002"


def push_of(content: Content | None = None, **changes: Any) -> Push:
    """An ordinary push; `changes` are fields of Push."""
    fields: dict[str, Any] = {
        "message_id": MESSAGE_ID,
        "delivery_id": DELIVERY_ID,
        "installation_id": "i-1",
        "application_id": "app",
        "token": "ab" * 32,
        "token_environment": None,
        "bundle": None,
        "variant": None,
        "content": content or Content(title="Your code", text="123456"),
        "expires_at": 4_000_000_000_000,
        "recipient_mark": "0123456789abcdef",
        "attempt": 1,
        "lane": "single",
        "token_worked": True,
    }
    return Push(**(fields | changes))
