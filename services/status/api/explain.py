"""Explains in one plain line why a customer did not get a message. Pure."""

from collections import Counter

from schemas import DeliveryState
from schemas.reasons import Reason
from schemas.values import Channel
from services.status.fold import trace_of
from services.status.message import Delivery, Link, Message


def explain(message: Message) -> str:
    """What has become of the message, for somebody who asks on behalf of the customer."""
    doubtful = _in_doubt(message)
    closed = " It was closed: it had become larger than a message may be." if message.closed else ""
    lines = [_link(message.links[number], doubtful[number]) for number in sorted(message.links)]
    if len(lines) < 2:
        return (lines[0] if lines else "Nothing is known of it yet.") + closed
    return " ".join(f"Link {number + 1}: {line}" for number, line in enumerate(lines)) + closed


def _in_doubt(message: Message) -> Counter[int]:
    """The number of deliveries whose attempts all got no answer, by link."""
    unanswered, taken = set[tuple[int, str, str]](), set[tuple[int, str, str]]()
    for entry in trace_of(message) if b'"uncertain' in message.trace else ():
        outcome = entry.detail.partition(":")[0] if entry.what == "attempt" else ""
        if outcome in ("uncertain", "accepted"):
            (unanswered if outcome == "uncertain" else taken).add((entry.link, entry.installation_id, entry.slot))
    return Counter(number for number, *_ in unanswered - taken)


def _link(link: Link, doubtful: int) -> str:
    request = link.request
    if request is None and link.number and not link.is_planned:
        return "It has been requested."
    channel = (request.channel if request is not None else Channel.PUSH).value
    line = _outcome(link, channel, doubtful)
    if link.late_confirmation:
        line += " It was confirmed after it had been given up: the customer may have been reached twice."
    if link.cascade_decision is not None and link.cascade_decision.is_cancelled:
        line += f" What was to follow was cancelled: {', '.join(link.cascade_decision.channels)}."
    return line


def _outcome(link: Link, channel: str, doubtful: int) -> str:
    targets = link.targets
    match link.state:
        case DeliveryState.READ:
            return f"{channel} was read on {_share(link.deciding_targets, 'read_at')}.{_unproved(targets)}"
        case DeliveryState.DELIVERED:
            shares = _share(link.deciding_targets, "delivered_at")
            return f"{channel} was delivered to {shares} and has not been read.{_unproved(targets)}"
        case DeliveryState.SENT:
            sent = sum(target.state is DeliveryState.SENT for target in targets)
            rest = _causes(link)
            if all(target.is_never_confirmed for target in targets):
                activities = "Live Activity" if sent == 1 else "Live Activities"
                return f"{channel} was handed to the provider for {sent} {activities}; phones do not confirm these." + (
                    f" Left out or failed: {rest}." if rest else ""
                )
            was = "was" if doubtful < sent else "may have been"
            line = f"{channel} {was} handed to the provider for {_count(sent, 'device')}; none has confirmed it yet."
            return line + _doubt(doubtful) + (f" Left out or failed: {rest}." if rest else "")
        case DeliveryState.PLANNED:
            return _waiting(link, channel)
    return _failure(link, channel, doubtful)


def _unproved(targets: list[Delivery]) -> str:
    """A sentence about devices whose logins were not proved; empty when there are none."""
    count = sum(not target.proved for target in targets)
    if not count:
        return ""
    whose = "the login" if count == 1 else "the logins"
    return f" Of {_count(count, 'device')} {whose} was not proved: receipts from there end no cascade."


def _doubt(doubtful: int) -> str:
    if not doubtful:
        return ""
    why = "no answer came, and another try could have been shown as a second one, or come too late"
    return f" Of {_count(doubtful, 'device')} we cannot know whether the provider took it: {why}."


def _waiting(link: Link, channel: str) -> str:
    if link.is_planned:
        tries = max((target.attempts for target in link.targets), default=0)
        again = f", {_count(tries, 'attempt')} so far" if tries else ""
        return f"{channel} is on its way to {_count(len(link.targets), 'device')}{again}."
    if link.held_by:
        return f"{channel} waits: {link.held_by} is paused."
    if link.send_at:
        return f"{channel} is scheduled and waits for its hour."
    return f"{channel} was accepted and has not been planned yet."


def _failure(link: Link, channel: str, doubtful: int) -> str:
    reason = link.failed_reason or Reason.INTERNAL
    line = f"{channel} was not delivered: {reason.words} (errorCode {reason.error_code})."
    rest = _causes(link)
    considered = len(link.targets) + len(link.skipped)
    if rest and considered > 1:
        line += f" Of {_count(considered, 'installation')}: {rest}."
    sent = sum(bool(target.sent_at) for target in link.targets) - doubtful
    if reason is Reason.EXPIRED and sent > 0:
        line += f" The provider had taken it for {_count(sent, 'device')}; the device is probably off or offline."
    return line + _doubt(doubtful)


def _causes(link: Link) -> str:
    """Reasons with their number, the most frequent first."""
    found = Counter(target.reason for target in link.targets if target.reason is not None)
    found.update(skip.reason for skip in link.skipped)
    return "; ".join(f"{number} × {reason.words}" for reason, number in found.most_common())


def _share(targets: list[Delivery], field: str) -> str:
    reached = sum(bool(getattr(target, field)) for target in targets)
    return f"{reached} of {_count(len(targets), 'device')}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
