"""Shows a message in the bodies of the API, its trace in order, in the language of whoever asks."""

from schemas import ids
from schemas.language import Language
from schemas.message_fields import NO_EXTRAS, NO_ORIGIN
from schemas.reasons import Reason, reason_named
from schemas.refusals import Conclusion
from schemas.reports import STATUS_WORDS
from schemas.values import Channel
from services.status.api.bodies import (
    ChangeView,
    DeliveryView,
    EntryView,
    LinkView,
    MessageSummary,
    MessageView,
    ReasonView,
    ReportView,
    SkippedView,
)
from services.status.api.causes import (
    Conclusions,
    advice_on,
    clause_of,
    conclusion_of_line,
    conclusion_of_link,
    conclusion_on,
    conclusions_of,
)
from services.status.api.explain import explain
from services.status.api.timeline import in_order
from services.status.fold import trace_of
from services.status.message import Delivery, Entry, Link, Message, UnreadMessage
from services.status.words import STEPS, Sentence, fill, said_anew

_REPORTED = {status.value: words for status, words in STATUS_WORDS.items()}
SHORT = 8
"""As many characters of an installation's id tell those of a customer apart."""


def summary_of(message: Message | UnreadMessage, language: Language = Language.ENGLISH) -> MessageSummary:
    """The message as a line of a list."""
    if isinstance(message, UnreadMessage):
        return _unread(message, language)
    request = message.request
    last = message.links[max(message.links)] if message.links else None
    return MessageSummary(
        message_id=message.message_id,
        mt_num=request.mt_num if request else None,
        id=request.partner_ref if request else None,
        partner_id=message.partner_id,
        lane=message.lane,
        state=message.state.value,
        reason=_failure(last, conclusions_of(message), language)
        if last is not None and message.state.is_failure
        else None,
        explanation=explain(message, language),
        phone=request.phone if request else None,
        external_user_id=request.external_user_id if request else None,
        channel=request.channel.value if request else None,
        sender=request.sender if request else None,
        title=request.title if request else None,
        text=request.text if request else None,
        created_at=message.created_at,
    )


def _unread(message: UnreadMessage, language: Language) -> MessageSummary:
    known = message.reason and (reason_named(message.reason) or message.reason)
    return MessageSummary(
        message_id=message.message_id,
        mt_num=message.mt_num,
        id=message.partner_ref,
        partner_id=message.partner_id,
        lane=message.lane,
        state=message.state,
        reason=reason_view(known, language) if known else None,
        explanation=(Sentence.DAMAGED if message.is_damaged else Sentence.NEWER).said_in(language),
        phone=message.phone,
        external_user_id=message.external_user_id,
        channel=None,
        sender=None,
        title=None,
        text=None,
        created_at=message.created_at,
    )


def view_of(message: Message, language: Language = Language.ENGLISH) -> MessageView:
    """The whole message."""
    summary, request, conclusions = summary_of(message, language), message.request, conclusions_of(message)
    return MessageView(
        message_id=summary.message_id,
        mt_num=summary.mt_num,
        id=summary.id,
        partner_id=summary.partner_id,
        lane=summary.lane,
        state=summary.state,
        reason=summary.reason,
        explanation=summary.explanation,
        phone=summary.phone,
        external_user_id=summary.external_user_id,
        channel=summary.channel,
        sender=summary.sender,
        title=summary.title,
        text=summary.text,
        created_at=summary.created_at,
        **(request.extras if request else NO_EXTRAS),
        **(request.origin if request else NO_ORIGIN),
        registered_delivery=request.registered_delivery if request else None,
        notify_url=request.notify_url if request else None,
        links=[_link(message.links[number], conclusions, language) for number in sorted(message.links)],
        trace=[_entry(entry, message.links.get(entry.link), language) for entry in in_order(trace_of(message))],
        trace_dropped=message.trace_dropped,
        closed=message.closed,
    )


def _link(link: Link, conclusions: Conclusions, language: Language) -> LinkView:
    request, wanted = link.request, link.wanted
    return LinkView(
        link=link.number,
        channel=request.channel.value if request else None,
        sender=request.sender if request else None,
        state=link.state.value,
        reason=_failure(link, conclusions, language),
        double_reach=link.late_confirmation,
        send_at=link.send_at or None,
        expires_at=link.expires_at or None,
        awaited=request.awaited if request else None,
        deliveries=[_delivery(target, link, conclusions, language) for target in link.targets],
        skipped=[
            SkippedView(
                installation_id=skip.installation_id,
                provider=skip.provider or None,
                reason=reason_view(skip.reason, language, link=link),
            )
            for skip in link.skipped
        ],
        changes=[ChangeView(state=change.state.value, at=change.at) for change in link.changes],
        report=None
        if wanted is None
        else ReportView(
            status=wanted.status,
            error_code=wanted.error_code,
            taken=link.taken,
        ),
    )


def _failure(link: Link, conclusions: Conclusions, language: Language) -> ReasonView | None:
    reason = link.failed_reason if link.state.is_failure else None
    if reason is None:
        return None
    return reason_view(reason, language, conclusion_of_link(link, conclusions), link)


def _delivery(delivery: Delivery, link: Link, conclusions: Conclusions, language: Language) -> DeliveryView:
    conclusion = conclusion_on(link, delivery, conclusions)
    return DeliveryView(
        delivery_id=delivery.delivery_id,
        installation_id=delivery.installation_id,
        proved=delivery.proved,
        live_activity=delivery.slot or None,
        application_id=delivery.application_id,
        provider=delivery.provider,
        state=delivery.state.value,
        reason=reason_view(delivery.reason, language, conclusion, link) if delivery.reason is not None else None,
        attempts=delivery.attempts,
        sent_at=delivery.sent_at or None,
        delivered_at=delivery.delivered_at or None,
        read_at=delivery.read_at or None,
    )


def _entry(entry: Entry, link: Link | None, language: Language) -> EntryView:
    key = ids.delivery_key_of(entry.installation_id, entry.slot)
    known = link.deliveries.get(key) if link is not None else None
    is_report = entry.what == "report"
    return EntryView(
        at=entry.at,
        what=entry.what,
        words=STEPS[entry.what].said_in(language) if entry.what in STEPS else entry.what,
        link=entry.link,
        event_id=entry.event_id,
        reason=None if entry.reason is None else reason_view(entry.reason, language, conclusion_of_line(entry), link),
        detail=(_plan(link, language) if entry.what == "planned" else "") or said_anew(entry.detail, language) or None,
        installation_id=entry.installation_id or None,
        live_activity=entry.slot or None,
        provider=entry.provider or (known.provider if known is not None else "") or None,
        attempt=entry.attempt or None,
        status=entry.status if is_report or entry.status else None,
        status_words=_REPORTED[entry.status].said_in(language) if is_report and entry.status in _REPORTED else None,
        latency_ms=entry.latency_ms or None,
        late=entry.late_confirmation,
        counts=not entry.installation_id or (known is not None and known.planned),
    )


def _plan(link: Link | None, language: Language) -> str:
    """To how many devices a push goes, and which were left out and why; empty: as it was noted."""
    if link is None or not link.is_planned or (link.request is not None and link.request.channel is not Channel.PUSH):
        return ""
    left_out = [
        fill(
            Sentence.PLAN_LEFT_OUT,
            language,
            device=skip.installation_id[:SHORT],
            cause=clause_of(skip.reason, language, link=link),
        )
        for skip in link.skipped
    ]
    return "; ".join([fill(Sentence.PLAN, language, devices=len(link.targets)), *left_out])


def reason_view(
    reason: Reason | str, language: Language, conclusion: Conclusion | None = None, link: Link | None = None
) -> ReasonView:
    """A reason as it is shown, with what support can tell the customer; a text is one that only a newer release
    knows, whose errorCode is that of an unknown one. `link`: of a message, where it is about one."""
    if not isinstance(reason, Reason):
        words = Sentence.NEWER_REASON.said_in(language)
        return ReasonView(
            name=reason,
            error_code=Reason.CHANNEL_UNKNOWN.error_code,
            words=words,
            meaning=words,
            remedy=None,
            side=None,
        )
    advice = advice_on(reason, conclusion, link)
    return ReasonView(
        name=reason.value,
        error_code=reason.error_code,
        words=clause_of(reason, language, conclusion, link),
        meaning=advice.meaning.said_in(language),
        remedy=advice.remedy.said_in(language) if advice.remedy is not None else None,
        side=advice.side,
    )
