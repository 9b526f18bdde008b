"""The whole of what was sent to an installation: what no push carries, or not all of it. Pure.

    request ─▶ content_of ─▶ the push as the partner sent it
                   └─▶ enriched ─▶ as the SDK shows it in the end (RICH)

RICH (`docs/partner-api.md` §1): each key that the enrichment holds replaces what the push showed; the others stay.

    title, message, custom-payload, actions     replace title, text, customPayload and buttons
    content-url without content-category        replaces the address only; an empty one takes picture or page away
    content-category with content-url           replaces both
    content-category without content-url        is ignored

SECURE placeholders stay placeholders here: the SDK fills in the values.
"""

from collections.abc import Callable
from typing import Any

import orjson

from schemas import lossless
from schemas.values import Button, Content, Link
from services.status.message.model import Link as SentLink
from services.status.message.model import Message, Request


def sent_link(found: Message | None, number: int, installation_id: str, owner: str) -> SentLink | None:
    """The link, when it was sent to this installation and whoever it was addressed to still owns the device."""
    link = found.links.get(number) if found is not None else None
    of_device = (one for one in link.targets if one.installation_id == installation_id) if link is not None else ()
    return link if any(one.owner == owner for one in of_device) else None


def content_of(request: Request | None, shown: Callable[[Link], Link] | None = None) -> Content | None:
    """What a push request asked to show; None for another channel, or while the request has not been read.

    `shown` gives the link as devices see it (`services/runtime/short_links.py`).
    """
    if request is None:
        return None
    link = Link.model_validate(orjson.loads(request.chain)[0])
    return (link if shown is None else shown(link)).content


def enriched(content: Content) -> Content:
    """The content with its enrichment applied."""
    if content.enrichment is None:
        return content
    rich: dict[str, Any] = lossless.loads(content.enrichment)
    changes: dict[str, Any] = {"enrichment": None}
    if "title" in rich:
        changes["title"] = rich["title"]
    if "message" in rich:
        changes["text"] = rich["message"]
    if "actions" in rich:
        changes["actions"] = tuple(Button.model_validate(one) for one in rich["actions"])
    if "custom-payload" in rich:
        changes["custom_payload"] = lossless.text_of(rich["custom-payload"])
    if rich.get("content-url"):
        changes["content_url"] = rich["content-url"]
        if "content-category" in rich:
            changes["content_category"] = rich["content-category"]
    elif "content-url" in rich:
        changes |= {"content_url": None, "content_category": None}
    return content.model_copy(update=changes)
