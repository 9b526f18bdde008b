"""What a mailing sends at most over the channels that are paid for: all but PUSH. Pure.

    chain ─▶ every link but those of PUSH, whether the one before reaches anybody or not ─▶ a message to each phone
          ─▶ of SMS also its parts, of the text with the recipient's values

Addresses that are shortened make a text no longer. Nothing here knows prices: see `DECISIONS.md`, 125.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from schemas.values import Channel
from services.ingest.mailing.rules.marked_text import Values
from services.ingest.mailing.rules.template import Template
from services.runtime.text.link_text import text_of
from services.runtime.text.sms_parts import part_count


@dataclass
class PaidMessages:
    """Counted for recipients with a phone; the others get nothing but pushes. `parts` are those of SMS."""

    template: Template
    messages: Counter[Channel] = field(default_factory=Counter)
    parts: int = 0
    _last: tuple[str, int] = ("", 1)  # a text and its parts: most texts are everybody's

    @cached_property
    def channels(self) -> Sequence[Channel]:
        """Of each link that is paid for, in the order of the chain."""
        return [link.channel for link in self.template.request.chain if link.channel is not Channel.PUSH]

    def add(self, values: Values, times: int = 1) -> None:
        """Count `times` recipients with a phone whose values these are."""
        for channel in self.channels:
            self.messages[channel] += times
        if Channel.SMS in self.channels:
            self.parts += times * self._parts_of(values)

    def _parts_of(self, values: Values) -> int:
        texts = [text_of(link) or "" for link in self.template.filled(values).chain if link.channel is Channel.SMS]
        return sum(map(self._count, texts))

    def _count(self, text: str) -> int:
        if text != self._last[0]:
            self._last = text, part_count(text)
        return self._last[1]
