"""The template of a mailing, which a recipient's values turn into a message. Pure, and the hot path:

    MailingDraft ─▶ Template ─check(values)─▶ None, or the first rule that the filled message breaks  (upload)
                             ─filled(values)─▶ chain, SECURE values, extraParam, callbackData                (planning)

The template was checked as a whole; for each recipient only what their values change is checked again.
"""

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from schemas.message_fields import Extras
from schemas.values import Channel, Link
from services.ingest.mailing.rules.draft import MailingDraft
from services.ingest.mailing.rules.link_template import LinkTemplate
from services.ingest.mailing.rules.marked_text import Values, in_pairs, marked_text
from services.ingest.rules import extra_param_of, invalid

MAX_FILLED_BYTES = 64 * 1024


class FilledMessage(NamedTuple):
    """The parts of a message that differ between recipients."""

    chain: tuple[Link, ...]
    secure: Mapping[int, Mapping[str, str]]
    extras: Extras


class Template:
    """Compiled once for a mailing; `names` are the columns that every line must have."""

    def __init__(self, drafted: MailingDraft) -> None:
        request = drafted.accepted.request
        self.names = drafted.names
        self.single_braces = drafted.single_braces
        self.request = request
        self.segment = drafted.segment
        self.ends_at = drafted.accepted.ends_at
        self.has_push = any(link.channel is Channel.PUSH for link in request.chain)
        self.senders = tuple(link.sender for link in request.chain)
        self.first_channel = request.chain[0].channel.value
        secure = drafted.accepted.secure
        self._links = [LinkTemplate(link, secure.get(place), _where(place)) for place, link in enumerate(request.chain)]
        self._extras = request.extras
        self._extra = marked_text(request.extra_param, in_pairs)
        self._callback = marked_text(request.callback_data)
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
        extras = [text.encode(errors="replace") for text in filled.extras.values() if isinstance(text, str)]
        return sum(map(len, map(msgspec.json.encode, filled.chain))) + sum(map(len, extras))


def _where(place: int) -> str:
    """The path of a link's message in the body."""
    return "message" if place == 0 else "cascadeChainLink" + ".nextLink" * (place - 1) + ".message"
