"""Requests of late, by message id: is this one another under the same id? A help for partners, and no more.

It knows what this process has taken since it began, and of that the newest: between MOST and twice as many. Another
process's it does not know; the trace (`services/status/fold/trace.py`) and its metric miss none. Kept are hashes under
a key of the process, and nothing of any request.
"""

from schemas.events import MessageRequested

MOST = 20_000


class Recent:
    """One for each process; `note` after a request has been stored."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._newer: dict[str, int] = {}
        self._older: dict[str, int] = {}

    def note(self, message_id: str, told: int) -> bool:
        """True when one with this id was noted before that told somebody else, or something else (`told_by`)."""
        before = self._newer.get(message_id, self._older.get(message_id))
        if before is not None:
            return before != told
        if len(self._newer) >= self._most:
            self._newer, self._older = {}, self._newer
        self._newer[message_id] = told
        return False


def told_by(request: MessageRequested) -> int:
    """To whom what is told. Python's own hash of strings is keyed, and different in each process."""
    recipient = request.recipient
    if len(request.chain) == 1 and (content := request.chain[0].content) is not None:
        told = (content.text, content.title, content.content_url, content.custom_payload)
        return hash((recipient.phone, recipient.external_user_id, told))
    parts = list[object]()
    for link in request.chain:
        content = link.content
        if content is None:
            parts.append((link.channel, link.data))
        else:
            parts.append((content.text, content.title, content.content_url, content.custom_payload))
    return hash((recipient.phone, recipient.external_user_id, *parts))
