"""The template of one link of a mailing's message: what of it is filled in, and its limits. Pure."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from schemas import lossless
from schemas.values import Button, Content, Link
from services.ingest.mailing.rules.marked_text import MarkedText, Values, in_json, marked_text
from services.ingest.rules import (
    LINK,
    PLACEHOLDER,
    ChannelData,
    Refused,
    Rich,
    check_channel,
    check_secure,
    filled_url,
    invalid,
    options_of_button,
    parsed,
    rich_addresses,
    shown_url_of,
)


class _Field(NamedTuple):
    """A field of a push with a limit in code points."""

    name: str  # in Content
    text: MarkedText
    least: int
    most: int | None
    path: str

    def filled(self, values: Values) -> str:
        """The text as it is sent."""
        text = self.text.fill(values)
        if self.name == "content_url":
            return filled_url(text)
        return _rich_filled(text) if self.name == "enrichment" else text


class LinkTemplate:
    """One link, and what of it is filled in."""

    def __init__(self, link: Link, secure: Mapping[str, str] | None, where: str) -> None:
        self.link, self.where = link, where
        self.data = marked_text(link.data, in_json)
        self.fields: list[_Field] = []
        self.buttons: list[tuple[Button, MarkedText | None, MarkedText | None]] = []
        self.secure = secure
        self.secure_texts = {name: marked_text(value) for name, value in (secure or {}).items()}
        if link.content is not None:
            self._compile(link.content)
        self.is_fixed = not (self.data or self.fields or any(t or o for _, t, o in self.buttons))

    def _compile(self, content: Content) -> None:
        limits: tuple[tuple[str, str, int, int | None, Callable[[str], str] | None], ...] = (
            ("text", "text", 1, 1000, None),
            ("title", "title", 0, 80, None),
            ("content_url", "content.contentUrl", 0, 512, None),
            ("custom_payload", "customPayload", 0, None, in_json),
            ("enrichment", "extraOptions.RICH", 0, None, in_json),
            ("live_activity", "extraOptions.LIVE_ACTIVITY", 0, None, in_json),
        )
        for name, path, least, most, escape in limits:
            if text := marked_text(getattr(content, name), escape):
                self.fields.append(_Field(name, text, least, most, f"{self.where}.data.{path}"))
        self.buttons = [(button, marked_text(button.title), marked_text(button.options)) for button in content.actions]

    def filled(self, values: Values) -> Link:
        if self.is_fixed:
            return self.link
        if self.link.content is None:
            data = self.data.fill(values) if self.data else self.link.data
            return self.link.replace(data=data)
        changes: dict[str, Any] = {field.name: field.filled(values) for field in self.fields}
        if any(title or options for _, title, options in self.buttons):
            changes["actions"] = tuple(_button(*parts, values) for parts in self.buttons)
        return self.link.replace(content=self.link.content.replace(**changes))

    def secure_of(self, values: Values) -> Mapping[str, str] | None:
        if not self.secure:
            return None
        return {
            name: text.fill(values) if (text := self.secure_texts[name]) else value
            for name, value in self.secure.items()
        }

    def check(self, values: Values) -> int:
        """Characters that were filled in. Raises Refused."""
        size = 0
        for field in self.fields:
            text = field.text.fill(values)
            size += len(text)
            _check_length(text, field.least, field.most, field.path)
            if field.name == "content_url":
                shown_url_of(text, field.path)
            if field.name == "enrichment":
                rich = lossless.loads(text)
                parsed(Rich, rich, field.path)
                rich_addresses(rich, field.path)
        for place, (button, title, options) in enumerate(self.buttons):
            path = f"{self.where}.data.content.actions[{place}]"
            if title:
                _check_length(title.fill(values), 1, 64, f"{path}.title")
            if options:
                text = options.fill(values)
                _check_length(text, 0, 300, f"{path}.options")
                options_of_button(button.action, text, path)
        if self.data:
            text = self.data.fill(values)
            raw = lossless.loads(text)
            check_channel(self.link.channel, parsed(ChannelData, raw, f"{self.where}.data"), raw, f"{self.where}.data")
            size += len(text)
        if self.secure and self.fields:
            content = self.filled(values).content
            texts = (content.title or "", content.text) if content else ()
            check_secure(
                {name for text in texts for name in PLACEHOLDER.findall(text)},
                self.secure,
                f"{self.where}.data.extraOptions.SECURE",
            )
        return size


def _rich_filled(text: str) -> str:
    if "://" not in text:
        return text
    try:
        return lossless.text_of(rich_addresses(lossless.loads(text), ""))
    except Refused:  # it was taken under older rules
        return text


def _button(button: Button, title: MarkedText | None, options: MarkedText | None, values: Values) -> Button:
    changes = {name: text.fill(values) for name, text in (("title", title), ("options", options)) if text}
    if button.action.lower() == LINK and "options" in changes:
        changes["options"] = filled_url(changes["options"])
    return button.replace(**changes) if changes else button


def _check_length(text: str, least: int, most: int | None, path: str) -> None:
    if len(text) < least:
        raise invalid(path, "must not be empty once it is filled in")
    if most is not None and len(text) > most:
        raise invalid(path, f"must have at most {most} characters once it is filled in")
