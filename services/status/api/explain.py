"""Explains in one plain line why a customer did not get a message, in the language of whoever asks. Pure."""

from collections import Counter

from schemas import DeliveryState
from schemas.language import Language
from schemas.reasons import Reason
from schemas.values import Channel
from services.status.api.causes import Conclusions, causes_of, clause_of, conclusion_of_link, conclusions_of
from services.status.fold import trace_of
from services.status.message import Delivery, Link, Message
from services.status.words import CHANNELS, Sentence, fill, scope_of


def explain(message: Message, language: Language = Language.ENGLISH) -> str:
    """What has become of the message, for somebody who asks on behalf of the customer."""
    doubtful, conclusions = _in_doubt(message), conclusions_of(message)
    links = [
        _told_of(_LinkSentences(message.links[number], doubtful[number], conclusions, language))
        for number in sorted(message.links)
    ]
    if not links:
        links = [Sentence.NOTHING_KNOWN.said_in(language)]
    elif len(links) > 1:
        links = [
            fill(Sentence.LINK, language, number=number, outcome=outcome) for number, outcome in enumerate(links, 1)
        ]
    return " ".join([*links, *([Sentence.CLOSED.said_in(language)] if message.closed else [])])


def _in_doubt(message: Message) -> Counter[int]:
    """The number of deliveries whose attempts all got no answer, by link."""
    unanswered, taken = set[tuple[int, str, str]](), set[tuple[int, str, str]]()
    for entry in trace_of(message) if b'"uncertain' in message.trace else ():
        outcome = entry.detail.partition(":")[0] if entry.what == "attempt" else ""
        if outcome in ("uncertain", "accepted"):
            (unanswered if outcome == "uncertain" else taken).add((entry.link, entry.installation_id, entry.slot))
    return Counter(number for number, *_ in unanswered - taken)


def _told_of(sentences: "_LinkSentences") -> str:
    return " ".join(fill(sentence, sentences.language, **values) for sentence, values in sentences.all())


_Part = tuple[Sentence, dict[str, str | int]]


class _LinkSentences:
    """What is to be said of a link: each sentence with what belongs in its places."""

    def __init__(self, link: Link, doubtful: int, conclusions: Conclusions, language: Language) -> None:
        self._link, self._doubtful, self._conclusions, self.language = link, doubtful, conclusions, language
        self._is_push = link.request is None or link.request.channel is Channel.PUSH
        self._channel = _beginning(link.request.channel if link.request is not None else Channel.PUSH, language)

    def all(self) -> list[_Part]:
        """In their order."""
        link = self._link
        if link.request is None and link.number and not link.is_planned:
            return [(Sentence.REQUESTED, {})]
        sentences = self._outcome()
        if link.late_confirmation:
            sentences.append((Sentence.LATE, {}))
        if link.cascade_decision is not None and link.cascade_decision.is_cancelled:
            sentences.append((Sentence.CANCELLED, {"channels": ", ".join(link.cascade_decision.channels)}))
        return sentences

    def _outcome(self) -> list[_Part]:
        match self._link.state:
            case DeliveryState.READ:
                return [self._reached(Sentence.READ, "read_at"), *self._not_proved()]
            case DeliveryState.DELIVERED:
                return [self._reached(Sentence.DELIVERED, "delivered_at"), *self._not_proved()]
            case DeliveryState.SENT:
                return self._sent()
            case DeliveryState.PLANNED:
                return [self._waiting()]
        return self._failed()

    def _reached(self, sentence: Sentence, field: str) -> _Part:
        targets = self._link.deciding_targets
        reached = sum(bool(getattr(target, field)) for target in targets)
        return sentence, {"channel": self._channel, "reached": reached, "devices": len(targets)}

    def _not_proved(self) -> list[_Part]:
        """Of devices whose logins were not proved; nothing when there are none."""
        count = sum(not target.proved for target in self._link.targets)
        return [(Sentence.NOT_PROVED, {"devices": count})] if count else []

    def _sent(self) -> list[_Part]:
        targets: list[Delivery] = self._link.targets
        sent = sum(target.state is DeliveryState.SENT for target in targets)
        causes = self._causes()
        left_out: list[_Part] = [(Sentence.LEFT_OUT, {"causes": self._listed(causes)})] if causes else []
        if all(target.is_never_confirmed for target in targets):
            return [(Sentence.ACTIVITIES_SENT, {"channel": self._channel, "activities": sent}), *left_out]
        sentence = Sentence.SENT if self._doubtful < sent else Sentence.PERHAPS_SENT
        return [(sentence, {"channel": self._channel, "devices": sent}), *self._in_doubt(), *left_out]

    def _in_doubt(self) -> list[_Part]:
        return [(Sentence.IN_DOUBT, {"devices": self._doubtful})] if self._doubtful else []

    def _waiting(self) -> _Part:
        link = self._link
        about: dict[str, str | int] = {"channel": self._channel}
        if link.is_planned:
            tries = max((target.attempts for target in link.targets), default=0)
            about["devices"] = len(link.targets)
            return (Sentence.TRIED, {**about, "tries": tries}) if tries else (Sentence.ON_ITS_WAY, about)
        if link.held_by:
            return Sentence.HELD, {**about, "stop": scope_of(link.held_by, self.language)}
        return Sentence.SCHEDULED if link.send_at else Sentence.ACCEPTED, about

    def _failed(self) -> list[_Part]:
        link, reason = self._link, self._link.failed_reason or Reason.INTERNAL
        conclusion = conclusion_of_link(link, self._conclusions)
        words = clause_of(reason, self.language, conclusion, link)
        about: dict[str, str | int] = {"reason": words, "error_code": reason.error_code}
        sentences: list[_Part] = [
            (Sentence.PUSH_FAILED, about) if self._is_push else (Sentence.FAILED, {**about, "channel": self._channel})
        ]
        causes = self._causes()
        considered = len(link.targets) + len(link.skipped)
        if considered > 1 and causes == {words: considered}:
            sentences.append((Sentence.FAILED_ON_ALL, {"devices": considered}))
        elif considered > 1 and causes:
            sentences.append((Sentence.FAILED_OF, {"devices": considered, "causes": self._listed(causes)}))
        sent = sum(bool(target.sent_at) for target in link.targets) - self._doubtful
        if reason is Reason.EXPIRED and sent > 0:
            sentences.append((Sentence.HAD_TAKEN, {"devices": sent}))
        return sentences + self._in_doubt()

    def _causes(self) -> Counter[str]:
        """What is told of installations that got nothing, with their number."""
        return Counter(causes_of(self._link, self._conclusions, self.language))

    def _listed(self, causes: Counter[str]) -> str:
        """The most frequent first."""
        return "; ".join(
            fill(Sentence.CAUSE, self.language, devices=number, cause=cause) for cause, number in causes.most_common()
        )


def _beginning(channel: Channel, language: Language) -> str:
    """The channel where a sentence begins with it."""
    words = CHANNELS.get(channel.value)
    name = channel.value if words is None else words.said_in(language)
    return name[:1].upper() + name[1:]
