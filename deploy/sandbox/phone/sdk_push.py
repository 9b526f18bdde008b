"""A push as the SDK reads it out of each provider's payload (`payloads.py`), in the names that they share.

The part under "rpns" holds the ids, the recipient's mark, content, actions and customPayload; title and text stand
there only where the provider's own notification does not carry them to the SDK. Source: `docs/device-api.md` §3.

A push with `more` is shown as the notification has it, with `•••` for what is secret, until `whole` has replaced it by
what was fetched. That is also what stays when nothing can be fetched.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson

from deploy.sandbox.providers import PHONES

MASK = "•••"
_PLACEHOLDER = re.compile(r"%([A-Za-z0-9]+)%")


class UnreadablePushError(Exception):
    """The payload is not one that this SDK can show; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Action:
    """A button."""

    title: str
    action: str
    options: str | None = None


@dataclass(frozen=True, slots=True)
class Push:
    """What the SDK has in hand."""

    message_id: str
    delivery_id: str  # the same when a push is sent again
    title: str | None
    text: str
    link: int = 0
    bulk: bool = False
    mark: str = ""  # whose push it is
    category: str | None = None  # IMAGE or HTML
    url: str | None = None
    actions: tuple[Action, ...] = ()
    custom_payload: str | None = None
    more: bool = False  # there is more to fetch
    sealed: str | None = None  # SECURE values that only this phone can open
    masked_title: str | None = None  # as the notification shows them: placeholders are hidden
    masked_text: str = ""
    withdraw: bool = False  # nothing to show: what stands under this delivery id is to go


def at_first(push: Push) -> Push:
    """What is shown before anything is fetched, and if nothing can be."""
    return replace(push, title=push.masked_title, text=push.masked_text) if push.more else push


def with_values(push: Push, values: Mapping[str, str]) -> Push:
    """The push with what was sealed to this phone."""
    title = filled(push.title, values) if push.title else None
    text = filled(push.text, values)
    return replace(push, title=title, text=text, masked_title=title, masked_text=text)


def whole(push: Push, answer: dict[str, Any]) -> Push:
    """The push with what the content route answered; placeholders are filled in."""
    content, values = answer["content"] or {}, values_of(answer)
    return replace(
        push,
        title=filled(answer["title"], values) if answer["title"] else None,
        text=filled(answer["text"], values),
        category=content.get("category"),
        url=content.get("url"),
        actions=tuple(Action(action["title"], action["action"], action["options"]) for action in answer["actions"]),
        custom_payload=answer["customPayload"],
        more=False,
    )


def from_history(entry: dict[str, Any]) -> Push:
    """An entry of the in-app history as the app lists it."""
    return whole(Push(entry["messageId"], entry["deliveryId"] or "", None, "", link=entry["link"]), entry)


def values_of(answer: dict[str, Any]) -> Mapping[str, str]:
    """What replaces each SECURE placeholder: its value, or a mask where it is not ours to know."""
    secure = answer["secure"] or {"names": [], "values": None}
    values: dict[str, str] = secure["values"] or {}
    return {name: values.get(name, MASK) for name in secure["names"]}


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with every placeholder of `values` filled in; a value is never read as a placeholder itself."""
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)


def read_push(provider: str, payload: dict[str, Any]) -> Push:
    """Raises UnreadablePushError."""
    try:
        own, title, text = PHONES[provider].read(payload)
        content, has_text = own.get("content", {}), "text" in own  # the notification's may hide values (SECURE)
        return Push(
            message_id=own["id"],
            delivery_id=own["delivery"],
            title=own.get("title") if has_text else title,
            text=own["text"] if has_text else text,
            link=own.get("link", 0),
            bulk=own.get("bulk", False),
            mark=own.get("mark", ""),
            category=content.get("category"),
            url=content.get("url"),
            actions=tuple(
                Action(action["title"], action["action"], action.get("options")) for action in own.get("actions", ())
            ),
            custom_payload=own.get("customPayload"),
            more=own.get("more", False),
            sealed=own.get("sealed"),
            withdraw=own.get("withdraw", False),
            masked_title=title,
            masked_text=text,
        )
    except (KeyError, TypeError, AttributeError, orjson.JSONDecodeError) as error:
        raise UnreadablePushError(f"{provider}: {type(error).__name__}: {error}") from error
