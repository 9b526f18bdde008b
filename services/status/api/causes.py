"""Why each delivery of a message failed: its reason, and what the provider meant by its refusal. Pure.

The errorCode of a refusal is one for all providers' words, and so is what a delivery keeps. What the word was is in the
trace, so messages of former releases are told apart as well.
"""

from collections.abc import Iterable, Mapping

from schemas.language import Words
from schemas.reasons import Reason
from schemas.refusals import Conclusion, conclusion_of
from services.status.fold import trace_of
from services.status.message import Delivery, Entry, Link, Message

_REFUSED = Reason.PROVIDER_REFUSED
_MARK = f'"{_REFUSED.value}"'.encode()
Conclusions = Mapping[tuple[int, str], Conclusion]
"""By number of the link and installation."""


def conclusions_of(message: Message) -> Conclusions:
    """What the providers meant that refused the message, of each installation by the last word that came."""
    found: dict[tuple[int, str], Conclusion] = {}
    for entry in trace_of(message) if _MARK in message.trace else ():
        if (conclusion := conclusion_of_line(entry)) is not None:
            found[entry.link, entry.installation_id] = conclusion
    return found


def conclusion_of_line(entry: Entry) -> Conclusion | None:
    """Of one line. A Live Activity has a token of its own, whose end says nothing of the app."""
    if entry.reason is not _REFUSED or entry.slot:
        return None
    return conclusion_of(entry.provider, entry.detail)


def conclusion_on(link: Link, delivery: Delivery, conclusions: Conclusions) -> Conclusion | None:
    """Of one delivery."""
    if delivery.reason is not _REFUSED or delivery.slot:
        return None
    return conclusions.get((link.number, delivery.installation_id))


def conclusion_of_link(link: Link, conclusions: Conclusions) -> Conclusion | None:
    """Of the link, where all of its refusals mean the same."""
    if link.failed_reason is not _REFUSED:
        return None
    refused = (target for target in link.targets if target.reason is _REFUSED)
    found = {conclusion_on(link, target, conclusions) for target in refused}
    return found.pop() if len(found) == 1 else None


def causes_of(link: Link, conclusions: Conclusions) -> Iterable[Words]:
    """What is said of each installation that got nothing, those that were left out included."""
    for target in link.targets:
        if target.reason is not None:
            yield words_of(target.reason, conclusion_on(link, target, conclusions))
    for skip in link.skipped:
        yield skip.reason.words


def words_of(reason: Reason, conclusion: Conclusion | None) -> Words:
    """The clause of an explanation."""
    return reason.words if conclusion is None else conclusion.words
