"""The SDK's own part of every push: {"v": 1, "id": …, "delivery": …, …} under the key "rpns". Pure.

It is the same for all providers. Source: `docs/device-api.md` §3.
"""

from typing import Any, NamedTuple

from schemas.values import Button
from services.dispatch.provider import Push

SDK_KEY = "rpns"
"""Under which the SDK finds its part."""


class Shown(NamedTuple):
    """What a push carries of its content."""

    title: str | None
    text: str
    category: str | None  # IMAGE or HTML
    url: str | None
    actions: tuple[Button, ...]
    custom_payload: str | None
    more: bool  # the SDK is to fetch the rest
    sealed: str | None = None  # SECURE values that only this device can open


def shown_of(push: Push) -> Shown:
    """Everything that a push can carry."""
    content = push.content
    return Shown(
        content.title,
        content.text,
        content.content_category,
        content.content_url,
        content.actions,
        custom_payload=content.custom_payload,
        more=content.enrichment is not None or (content.secure is not None and push.sealed is None),
        sealed=push.sealed,
    )


def envelope(push: Push, shown: Shown, *, with_text: bool = False) -> dict[str, Any]:
    """The SDK's part. `with_text` where the provider has no notification of its own that holds title and text.

    id             message id                      title, text    with `with_text` only
    delivery       the same in a resend: the       content        {category, url}
                   SDK shows each one once         actions        [{title, action, options}]
    link, bulk     echoed in receipts              customPayload  JSON in a string, as the partner sent it
    mark           whose push it is                more           true: there is more to fetch
    sealed         SECURE values, to this device   withdraw       true: take `delivery` off the screen, show nothing

    What is absent, false, 0 or empty is left out.
    """
    made: dict[str, Any] = {"v": 1, "id": push.message_id, "delivery": push.delivery_id}
    if push.link:
        made["link"] = push.link
    if push.lane == "bulk":
        made["bulk"] = True
    if push.recipient_mark:
        made["mark"] = push.recipient_mark
    if with_text:
        if shown.title:
            made["title"] = shown.title
        made["text"] = shown.text
    if shown.url is not None:
        made["content"] = {"category": shown.category, "url": shown.url}
    if shown.actions:
        made["actions"] = [_action(button) for button in shown.actions]
    if shown.custom_payload is not None:
        made["customPayload"] = shown.custom_payload
    if shown.sealed is not None:
        made["sealed"] = shown.sealed
    if shown.more:
        made["more"] = True
    if push.withdraw:
        made["withdraw"] = True
    return made


def _action(button: Button) -> dict[str, str]:
    made = {"title": button.title, "action": button.action}
    if button.options is not None:
        made["options"] = button.options
    return made
