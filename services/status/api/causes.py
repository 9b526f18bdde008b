"""Why each delivery of a message failed: its reason, and what the provider meant by its refusal. Pure.

The errorCode of a refusal is one for all providers' words, and so is what a delivery keeps. What the word was is in the
trace, so messages of former releases are told apart as well.
"""

from collections.abc import Iterable, Mapping

import orjson

from schemas.advice import UNSENT, UNSENT_BY_HOUR, UNSENT_IN_TIME, Advice
from schemas.language import Language
from schemas.reasons import Reason
from schemas.refusals import Conclusion, advice_of, conclusion_of
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


def causes_of(link: Link, conclusions: Conclusions, language: Language) -> Iterable[str]:
    """What is told of each installation that got nothing, those that were left out included."""
    for target in link.targets:
        if target.reason is not None:
            yield clause_of(target.reason, language, conclusion_on(link, target, conclusions), link)
    for skip in link.skipped:
        yield clause_of(skip.reason, language, link=link)


def clause_of(
    reason: Reason, language: Language, conclusion: Conclusion | None = None, link: Link | None = None
) -> str:
    """The clause of an explanation; of a subscription that is off it names those of which the link needs one."""
    if is_unsent(reason, link):
        return UNSENT.said_in(language)
    words = (reason.words if conclusion is None else conclusion.words).said_in(language)
    wanted = _subscriptions_of(link) if reason is Reason.SUBSCRIPTION_OFF and link is not None else ()
    return f"{words}: {', '.join(wanted)}" if wanted else words


def advice_on(reason: Reason, conclusion: Conclusion | None, link: Link | None) -> Advice:
    """What it means. Of what no device had a push of, nobody can say that the phone was off."""
    if link is not None and is_unsent(reason, link):
        return UNSENT_BY_HOUR if link.scheduled_at else UNSENT_IN_TIME
    return advice_of(reason, conclusion)


def is_unsent(reason: Reason, link: Link | None) -> bool:
    """Whether it has expired with no device that it was sent to."""
    return reason is Reason.EXPIRED and link is not None and not link.targets


def _subscriptions_of(link: Link) -> tuple[str, ...]:
    """Those of which a device needs one to get it, as the partner named them."""
    if link.request is None:
        return ()
    asked = orjson.loads(link.request.chain)
    return tuple(asked[0].get("subscriptions") or ()) if asked else ()
