"""What every push carries for the SDK, and how it is made to fit a provider's limit. Shared by all providers. Pure.

    shown_of(push) ─▶ Shown ─▶ render(shown) (the provider's)  ─▶ fits? ─▶ send
                        ▲                                          │ no
                        └── one step less, `more` set ◀────────────┘

    envelope(push, shown)   the SDK's own part: {"v": 1, "id": …, "delivery": …, …}; its key is "rpns" everywhere
    fit(push, limit, render, size)   the body, and whether anything was left out

What does not fit is left out in this order, each step only when the one before was not enough:

    0 SECURE values sealed to the device: it fetches them
    1 the text is cut, but not under 80 characters
    2 customPayload                 3 content (image, page)
    4 actions (buttons)             5 the title is cut to 40 characters, the text as far as it must be
    6 title and text are left out

A cut never tears a character apart (`text.py`) and ends in "…". Whatever was left out, `more` tells the SDK to
fetch the whole message; it is also set for what no push carries (RICH enrichment, SECURE values in clear). Source:
`docs/device-api.md`, §3.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeVar

from schemas.values import Button
from services.dispatch.payload.text import boundaries
from services.dispatch.provider import Push

KEY = "rpns"
_ELLIPSIS = "…"
_TEXT_KEPT = 80
_TITLE_KEPT = 40
Body = TypeVar("Body")


class Shown(NamedTuple):
    """What of a push is carried in it."""

    title: str | None
    text: str
    category: str | None  # IMAGE or HTML
    url: str | None
    actions: tuple[Button, ...]
    custom_payload: str | None
    more: bool  # the SDK is to fetch the rest
    sealed: str | None = None  # SECURE values that only this device can open


class TooLarge(ValueError):
    """Not even the ids fit: the limit is no limit of a push."""


def shown_of(push: Push) -> Shown:
    """Everything that a push can carry."""
    content = push.content
    return Shown(
        content.title,
        content.text,
        content.content_category,
        content.content_url,
        content.actions,
        content.custom_payload,
        content.enrichment is not None or (content.secure is not None and push.sealed is None),
        push.sealed,
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
    if push.bulk:
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


def fit(
    push: Push, limit_bytes: int, render: Callable[[Shown], Body], size: Callable[[Body], int]
) -> tuple[Body, bool]:
    """The richest body within the limit, and whether it was shortened. Raises TooLarge.

    `size` counts what the provider counts (`len` for APNs).
    """
    whole = shown_of(push)
    body = render(whole)
    if size(body) <= limit_bytes:
        return body, False

    def fits(shown: Shown) -> bool:
        return size(render(shown)) <= limit_bytes

    whole = whole._replace(more=True, sealed=None)
    if push.sealed is not None and size(render(whole)) <= limit_bytes:
        return render(whole), True
    for step, least in _steps(whole, limit_bytes):
        if fits(step):
            return render(step), True
        cuts = _cuts(step.text, limit_bytes)
        lowest = min(least, len(cuts) - 1)
        if fits(_with_text(step, cuts[lowest])):
            return render(_longest(step, cuts, lowest, fits)), True
    raise TooLarge(f"no push fits into {limit_bytes} bytes")


def _steps(shown: Shown, limit_bytes: int) -> Iterator[tuple[Shown, int]]:
    """What is left after each step, and how many characters of the text it keeps at least."""
    yield shown, _TEXT_KEPT
    shown = shown._replace(custom_payload=None)
    yield shown, _TEXT_KEPT
    shown = shown._replace(category=None, url=None)
    yield shown, _TEXT_KEPT
    shown = shown._replace(actions=())
    yield shown, _TEXT_KEPT
    cuts = _cuts(shown.title or "", limit_bytes)
    yield shown._replace(title=cuts[min(_TITLE_KEPT, len(cuts) - 1)] or None), 1
    yield shown._replace(title=None, text=""), 0


def _cuts(text: str, limit_bytes: int) -> list[str]:
    """The text cut after 0, 1, 2 … characters; the last is the whole unless that can never fit."""
    head = text[: limit_bytes + 1]
    places = boundaries(head)
    if len(head) < len(text):
        places = places[:-1]
    cut = [head[:place] + _ELLIPSIS if place < len(text) else text for place in places]
    return cut or [""]


def _longest(step: Shown, cuts: list[str], lowest: int, fits: Callable[[Shown], bool]) -> Shown:
    """By halving: `lowest` fits; a longer cut never takes fewer bytes."""
    good, bad = lowest, len(cuts)
    while bad - good > 1:
        middle = (good + bad) // 2
        if fits(_with_text(step, cuts[middle])):
            good = middle
        else:
            bad = middle
    return _with_text(step, cuts[good])


def _with_text(shown: Shown, text: str) -> Shown:
    return shown._replace(text=text)


def _action(button: Button) -> dict[str, str]:
    made = {"title": button.title, "action": button.action}
    if button.options is not None:
        made["options"] = button.options
    return made
