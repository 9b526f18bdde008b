"""Lines of mailings that were dropped, because a message had their id before: each ends as a duplicate. Pure.

A request that is logged again after a crash is dropped as well, and names the request that has won: that is no
duplicate. A winner of another lane may be named only later, and is none of the mailing's.
"""

from schemas import events
from services.status.message import Link, Message

MAX_MAILINGS = 1000
"""Mailings whose lines are counted at one message; of more than that nobody keeps an account."""


def note_repeat(message: Message, link: Link, event: events.RequestRepeated) -> None:
    """Count the line, unless it is the one that was planned.

    The caller knows a repetition of the event by the line that it left in the trace. Where the trace has no room any
    more (a thousand lines of one id), or the message is closed, a repetition after a crash counts once more.
    """
    mailing_id = event.mailing_id
    if mailing_id is None or event.link or event.request_id == link.request_id:
        return
    if mailing_id in message.repeats or len(message.repeats) < MAX_MAILINGS:
        message.repeats[mailing_id] = message.repeats.get(mailing_id, 0) + 1
