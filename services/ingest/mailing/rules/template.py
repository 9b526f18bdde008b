"""The template of a mailing, which a recipient's values turn into a message. Pure, and the hot path:

    MailingDraft ─▶ Template ─check(values)─▶ None, or the first rule that the filled message breaks  (upload)
                             ─filled(values)─▶ chain, SECURE values, extraParam, callbackData                (planning)

The template was checked as a whole; for each recipient only what their values change is checked again.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from schemas import lossless
from schemas.message_fields import Extras
from schemas.values import Button, Channel, Content, Link
from services.ingest.mailing.rules.draft import MailingDraft
from services.ingest.rules import (
    FIRST_MARK,
    LAST_MARK,
    LINK,
    PLACEHOLDER,
    ChannelData,
    Refused,
    Rich,
    check_channel,
    check_secure,
    extra_param_of,
    filled_url,
    invalid,
    options_of_button,
    parsed,
    rich_addresses,
    shown_url_of,
)

MAX_FILLED_BYTES = 64 * 1024
_MARK = re.compile(f"([{FIRST_MARK}-{LAST_MARK}])")
Values = Sequence[str]
"""A recipient's values, in the order of the template's names."""


class FilledMessage(NamedTuple):
    """The parts of a message that differ between recipients."""

    chain: tuple[Link, ...]
    secure: Mapping[int, Mapping[str, str]]
    extras: Extras


class _Text(NamedTuple):
    """A text with marks: a format, and which value goes to each place; `escape` is how values are written there."""

    form: str
    places: tuple[int, ...]
    escape: Callable[[str], str] | None

    def fill(self, values: Values) -> str:
        if self.escape is None:
            return self.form % tuple([values[place] for place in self.places])
        return self.form % tuple([self.escape(values[place]) for place in self.places])


def _text(marked: str | None, escape: Callable[[str], str] | None = None) -> _Text | None:
    """None when there is nothing to fill in."""
    if marked is None or not _MARK.search(marked):
        return None
    pieces = _MARK.split(marked)
    form = "".join("%s" if place % 2 else piece.replace("%", "%%") for place, piece in enumerate(pieces))
    return _Text(form, tuple(ord(mark) - ord(FIRST_MARK) for mark in pieces[1::2]), escape)


def _in_json(value: str) -> str:
    return orjson.dumps(value).decode()[1:-1]


def _in_pairs(value: str) -> str:
    return value.replace(",", ",,")


class _Field(NamedTuple):
    """A field of a push with a limit in code points."""

    name: str  # in Content
    text: _Text
    least: int
    most: int | None
    path: str

    def filled(self, values: Values) -> str:
        """The text as it is sent."""
        text = self.text.fill(values)
        if self.name == "content_url":
            return filled_url(text)
        return _rich_filled(text) if self.name == "enrichment" else text


class _LinkTemplate:
    """One link, and what of it is filled in."""

    def __init__(self, link: Link, secure: Mapping[str, str] | None, where: str) -> None:
        self.link, self.where = link, where
        self.data = _text(link.data, _in_json)
        self.fields: list[_Field] = []
        self.buttons: list[tuple[Button, _Text | None, _Text | None]] = []
        self.secure = secure
        self.secure_texts = {name: _text(value) for name, value in (secure or {}).items()}
        if link.content is not None:
            self._compile(link.content)
        self.is_fixed = not (self.data or self.fields or any(t or o for _, t, o in self.buttons))

    def _compile(self, content: Content) -> None:
        limits: tuple[tuple[str, str, int, int | None, Callable[[str], str] | None], ...] = (
            ("text", "text", 1, 1000, None),
            ("title", "title", 0, 80, None),
            ("content_url", "content.contentUrl", 0, 512, None),
            ("custom_payload", "customPayload", 0, None, _in_json),
            ("enrichment", "extraOptions.RICH", 0, None, _in_json),
            ("live_activity", "extraOptions.LIVE_ACTIVITY", 0, None, _in_json),
        )
        for name, path, least, most, escape in limits:
            if text := _text(getattr(content, name), escape):
                self.fields.append(_Field(name, text, least, most, f"{self.where}.data.{path}"))
        self.buttons = [(button, _text(button.title), _text(button.options)) for button in content.actions]

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


def _button(button: Button, title: _Text | None, options: _Text | None, values: Values) -> Button:
    changes = {name: text.fill(values) for name, text in (("title", title), ("options", options)) if text}
    if button.action.lower() == LINK and "options" in changes:
        changes["options"] = filled_url(changes["options"])
    return button.replace(**changes) if changes else button


def _check_length(text: str, least: int, most: int | None, path: str) -> None:
    if len(text) < least:
        raise invalid(path, "must not be empty once it is filled in")
    if most is not None and len(text) > most:
        raise invalid(path, f"must have at most {most} characters once it is filled in")


class Template:
    """Compiled once for a mailing; `names` are the columns that every line must have."""

    def __init__(self, drafted: MailingDraft) -> None:
        request = drafted.accepted.request
        self.names = drafted.names
        self.request = request
        self.segment = drafted.segment
        self.ends_at = drafted.accepted.ends_at
        self.has_push = any(link.channel is Channel.PUSH for link in request.chain)
        self.first_channel = request.chain[0].channel.value
        secure = drafted.accepted.secure
        self._links = [
            _LinkTemplate(link, secure.get(place), _where(place)) for place, link in enumerate(request.chain)
        ]
        self._extras = request.extras
        self._extra = _text(request.extra_param, _in_pairs)
        self._callback = _text(request.callback_data)
        self._is_fixed = all(link.is_fixed for link in self._links)

    def check(self, values: Values) -> None:
        """Raises Refused for the first rule that the message breaks with these values."""
        size = sum(link.check(values) for link in self._links)
        if self._extra:
            extra = extra_param_of(self._extra.fill(values))
            size += len(extra or "")
        if self._callback:
            size += len(self._callback.fill(values))
        if size * 4 > MAX_FILLED_BYTES and self._bytes_of(values) > MAX_FILLED_BYTES:
            raise invalid("message", f"must have at most {MAX_FILLED_BYTES} bytes once it is filled in")

    def filled(self, values: Values) -> FilledMessage:
        """The message of a recipient whose values were checked."""
        chain = self.request.chain if self._is_fixed else tuple([link.filled(values) for link in self._links])
        secure = {place: found for place, link in enumerate(self._links) if (found := link.secure_of(values))}
        extras = self._extras
        if self._extra:
            extras = {**extras, "extra_param": self._extra.fill(values)}
        if self._callback:
            extras = {**extras, "callback_data": self._callback.fill(values)}
        return FilledMessage(chain, secure, extras)

    def _bytes_of(self, values: Values) -> int:
        filled = self.filled(values)
        texts = [link.model_dump_json() for link in filled.chain]
        texts += [text for text in filled.extras.values() if isinstance(text, str)]
        return sum(len(text.encode(errors="replace")) for text in texts)


def _where(place: int) -> str:
    """The path of a link's message in the body."""
    return "message" if place == 0 else "cascadeChainLink" + ".nextLink" * (place - 1) + ".message"
