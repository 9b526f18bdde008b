"""Lines of mailings that were dropped, because a message had their id before: each ends as a duplicate. Pure.

A request that is logged again after a crash is dropped as well, and names the request that has won: that is no
duplicate. A winner of another lane may be named only later, and is none of the mailing's.

The trace tells a repetition of the event. Where it has no room any more (a thousand lines of one id) or is gone (the
message is closed), the number of the line does: a planner logs the lines of a list in their order, and after a crash
goes back to one that it has logged, so what is behind the furthest is new. Lines of a segment and of an older release
have no number, and count once more there.
"""

from schemas import events
from services.status.fold.follow_ups import FollowUp, LineRepeated
from services.status.message import MAX_TRACE, Link, Message, Repeats

MAX_MAILINGS = 1000
"""Mailings whose lines are counted at one message; of more than that nobody keeps an account."""


def note_repeat(message: Message, link: Link, event: events.MessageEvent, *, is_traced: bool = False) -> list[FollowUp]:
    """Count the line unless it is the one that was planned, or `is_traced`: it has left its line in the trace.

    Its mailing is to be counted anew however often the event is folded, for nobody may have been told before.
    """
    if not isinstance(event, events.RequestRepeated):
        return []
    mailing_id, line = event.mailing_id, event.mailing_line or 0
    if mailing_id is None or event.link or event.request_id == link.request_id:
        return []
    known = message.repeats.get(mailing_id)
    if known is None and (is_traced or len(message.repeats) >= MAX_MAILINGS):
        return []
    known = message.repeats.setdefault(mailing_id, Repeats())
    has_trace = not message.closed and message.trace_count < MAX_TRACE
    if not is_traced and (has_trace or not line or line > known.line):
        known.count, known.line = known.count + 1, max(known.line, line)
    return [LineRepeated(mailing_id)]
