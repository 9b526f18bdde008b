"""Redacts a message: as if it had been folded from a log whose personal parts open no more. Pure.

Ids, states, times, reasons and counts stay; recipient and content go. A rebuild gives the same document.
"""

from typing import Any

import orjson

from schemas.message_fields import NO_EXTRAS
from services.status.message import Message, Request


def redact(message: Message) -> bool:
    """Remove everything personal; True when there was any."""
    changed = False
    for link in message.links.values():
        redacted = sum(_redact_request(request) for request in link.requests)
        owned = [delivery for delivery in link.deliveries.values() if delivery.owner is not None]
        changed = changed or bool(redacted or owned or link.inbox)
        for delivery in owned:
            delivery.owner = None
        link.inbox = {}
    return changed


def _redact_request(request: Request) -> bool:
    """Leave the request as `requests.request_of` gives it for an event that does not open."""
    named = (request.phone, request.external_user_id, request.title, *request.extras.values())
    if not request.text and not any(named):
        return False
    request.text = ""
    request.phone = request.external_user_id = request.title = None
    request.extras = NO_EXTRAS
    chain: list[dict[str, Any]] = orjson.loads(request.chain)
    for link in chain:
        link.pop("data", None)
        if "content" in link:
            link["content"] = {"text": ""}
    request.chain = orjson.dumps(chain).decode()
    if request.rest:
        rest: dict[str, Any] = orjson.loads(request.rest)
        rest["recipient"] = {}
        for name in (*NO_EXTRAS, "carried"):
            rest.pop(name, None)
        request.rest = orjson.dumps(rest).decode()
    return True
