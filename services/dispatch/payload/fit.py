"""Makes a push fit a provider's limit, by leaving out what counts least. Shared by all providers. Pure.

    shown_of(push) ─▶ Shown ─▶ render(shown) (the provider's)  ─▶ fits? ─▶ send
                        ▲                                          │ no
                        └── one step less, `more` set ◀────────────┘

What does not fit is left out in this order, each step only when the one before was not enough:

    0 SECURE values sealed to the device: it fetches them
    1 the text is cut, but not under 80 characters
    2 customPayload                 3 content (image, page)
    4 actions (buttons)             5 the title is cut to 40 characters, the text as far as it must be
    6 title and text are left out

A cut never tears a character apart (`text.py`) and ends in "…". Whatever was left out, `more` makes the SDK
fetch the whole message; it is also set for what no push carries (RICH enrichment, SECURE values in the clear). Source:
`docs/device-api.md`, §3.
"""

from collections.abc import Callable, Iterator
from typing import TypeVar

from services.dispatch.payload.envelope import Shown, shown_of
from services.dispatch.payload.text import boundaries
from services.dispatch.provider import Push

_ELLIPSIS = "…"
_TEXT_KEPT = 80
_TITLE_KEPT = 40
Body = TypeVar("Body")


class TooLarge(ValueError):
    """Not even the ids fit."""


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
    """The longest cut that fits, found by halving: `lowest` fits, and a longer cut never takes fewer bytes."""
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
