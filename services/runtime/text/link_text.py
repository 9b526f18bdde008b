"""The text that a link shows: read from a push's content or another channel's data, and replaced there. Pure.

    PUSH      content.text
    others    data.text, or data.instantContent.data.text

Source: `docs/partner-api.md` §1.
"""

from typing import Any

from schemas import lossless
from schemas.values import Link


def text_of(link: Link) -> str | None:
    """The text; None when there is none. Raises NotJson for data that nobody has checked."""
    if link.content is not None:
        return link.content.text
    holder = _holder(_data(link))
    return holder["text"] if holder is not None else None


def with_text(link: Link, text: str) -> Link:
    """The link with another text in the place of the one it has."""
    if link.content is not None:
        return link.replace(content=link.content.replace(text=text))
    data = _data(link)
    holder = _holder(data)
    assert holder is not None
    holder["text"] = text
    return link.replace(data=lossless.text_of(data))


def _data(link: Link) -> Any:
    return lossless.loads(link.data) if link.data is not None else None


def _holder(data: Any) -> dict[str, Any] | None:
    """The object of the data that has the text."""
    inner = data.get("instantContent") if isinstance(data, dict) else None
    for place in (data, inner.get("data") if isinstance(inner, dict) else None):
        if isinstance(place, dict) and isinstance(place.get("text"), str):
            return place
    return None
