"""The whole content of a message, of which a push may carry only a part. Pure.

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
from services.status.message.model import Message
from services.status.message.parts import Request


def sent_link(found: Message | None, number: int, installation_id: str, owner: str) -> SentLink | None:
    """The link, if it was sent to this installation and the device still has the same owner."""
    link = found.links.get(number) if found is not None else None
    of_device = (
        (target for target in link.targets if target.installation_id == installation_id) if link is not None else ()
    )
    return link if any(target.owner == owner for target in of_device) else None


def content_of(request: Request | None, shown: Callable[[Link], Link] | None = None) -> Content | None:
    """The content of a push; None for another channel, or while the request has not been read.

    `shown` gives the link as devices see it (`services/runtime/short_links.py`).
    """
    if request is None:
        return None
    link = Link.stored(orjson.loads(request.chain)[0])
    return (link if shown is None else shown(link)).content


def enriched(content: Content) -> Content:
    """The content with its enrichment applied."""
    if content.enrichment is None:
        return content
    rich: dict[str, Any] = lossless.loads(content.enrichment)
    content_url, content_category = _page(rich, content)
    actions, payload = rich.get("actions"), rich.get("custom-payload")
    return content.replace(
        enrichment=None,
        title=rich.get("title", content.title),
        text=rich.get("message", content.text),
        actions=content.actions if actions is None else tuple(Button.stored(action) for action in actions),
        custom_payload=lossless.text_of(payload) if "custom-payload" in rich else content.custom_payload,
        content_url=content_url,
        content_category=content_category,
    )


def _page(rich: dict[str, Any], content: Content) -> tuple[str | None, str | None]:
    """Address and category of the picture or page."""
    if "content-url" not in rich:
        return content.content_url, content.content_category
    if not rich["content-url"]:
        return None, None
    return rich["content-url"], rich.get("content-category", content.content_category)
