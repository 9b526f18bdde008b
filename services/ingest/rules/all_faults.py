"""All that is wrong with a request that was refused, so that it can be mended at once. Pure.

    {"destAddr": 7, "message": {"type": "PUSH", "data": {"text": "", "ttl": "x"}}}

    refused for   destAddr: must be a string: write it in quotes       by its form, before anybody looks into `data`
    answered too  message.data.text: must not be empty; message.data.ttl: must be a whole number

The first fault stays first, and its code is that of the answer. Only what was refused comes here, so each part is read
anew, from the JSON, whatever the others hold.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from pydantic import ValidationError

from schemas.application_events import PartnerChanged
from schemas.values import LONGEST_CHAIN, Channel
from services.ingest.rules.address import shown_url_of
from services.ingest.rules.body import ChannelData, PushData, Request, ScheduleBody, SendRequest, parsed, violation
from services.ingest.rules.errors import MOST_OTHERS, Code, Faults, Refusal, Refused
from services.ingest.rules.fields import (
    STATES,
    channel_of,
    extra_param_of,
    lifetime_ms,
    notify_url_of,
    one_of,
    schedule_of,
)
from services.ingest.rules.link import Context, Senders, buttons_of, check_channel, sender_of
from services.ingest.rules.options import CATEGORIES, options_of
from services.runtime.text import phones


def with_all(first: Refusal, body: object, partner: PartnerChanged, senders: Senders, now_ms: int) -> Refusal:
    """The refusal of a request of `/v6/send`, whose JSON is `body`, with what else is wrong."""
    faults = Faults()
    faults.add(first)
    if isinstance(body, dict):
        add_all(faults, SendRequest, body, partner=partner, senders=senders, now_ms=now_ms)
    try:
        faults.judge()
    except Refused as refused:
        return refused.refusal
    return first


def add_all(
    faults: Faults,
    form: type[Request],
    body: Mapping[str, Any],
    *,
    partner: PartnerChanged,
    senders: Senders,
    now_ms: int,
) -> None:
    """Everything that is wrong with a request of this form, whose JSON is `body`."""
    _read_form(form, body, faults)
    context = Context(partner, senders, None)
    for link, where in _links(body):
        if len(faults) > MOST_OTHERS:
            break
        if where and isinstance(state := link.get("state"), str):
            faults.of(partial(one_of, state, STATES, f"{where}state"))
        if isinstance(message := link.get("message"), dict):
            _read_message(message, f"{where}message", context, faults)
    _read_around(body, partner, now_ms, faults)


def _read_form(form: type[Request], body: Mapping[str, Any], faults: Faults) -> None:
    try:
        form.model_validate(body)
    except ValidationError as error:
        faults.add(violation(error).refusal)


def _links(body: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Each link of the chain that is an object, the body itself first, and its place with a dot behind."""
    link, where = body, ""
    for _ in range(LONGEST_CHAIN):
        yield link, where
        name = "nextLink" if where else "cascadeChainLink"
        following = link.get(name)
        if not isinstance(following, dict):
            return
        link, where = following, f"{where}{name}."


def _read_message(message: Mapping[str, Any], where: str, context: Context, faults: Faults) -> None:
    kind, data, field = message.get("type"), message.get("data"), f"{where}.data"
    if not isinstance(kind, str | None):
        return
    channel = faults.of(partial(channel_of, kind, where))
    if channel is None or not isinstance(data, dict):
        return
    read = faults.of(lambda: parsed(PushData if channel is Channel.PUSH else ChannelData, data, field))
    if read is None:
        return
    faults.of(lambda: sender_of(channel, read, context, field))
    if isinstance(read, PushData):
        _read_push(read, context, field, faults)
    elif isinstance(read, ChannelData):
        faults.of(lambda: check_channel(channel, read, data, field))
    faults.of(lambda: lifetime_ms(channel, read.ttl, read.ttl_unit, context.partner, field))


def _read_push(data: PushData, context: Context, field: str, faults: Faults) -> None:
    options, texts = (*(data.options or ()), *(data.extra_options or ())), (data.title or "", data.text)
    faults.of(lambda: options_of(options, texts, context.partner.utc_offset_min, field))
    if (content := data.content) is None:
        return
    url, place = content.content_url, f"{field}.content"
    faults.of(lambda: one_of(content.content_category, CATEGORIES, f"{place}.contentCategory"))
    if url:
        faults.of(lambda: shown_url_of(url, f"{place}.contentUrl"))
    faults.of(lambda: buttons_of(content.actions or (), f"{place}.actions"))


def _read_around(body: Mapping[str, Any], partner: PartnerChanged, now_ms: int, faults: Faults) -> None:
    """The fields at the root whose form is right."""
    if isinstance(given := body.get("scheduleInfo"), dict):
        schedule = faults.of(lambda: parsed(ScheduleBody, given, "scheduleInfo"))
        faults.of(lambda: schedule_of(schedule, None, partner, now_ms))
    if isinstance(url := body.get("notifyUrl"), str):
        faults.of(lambda: notify_url_of(url, "notifyUrl"))
    if isinstance(extra := body.get("extraParam"), str):
        faults.of(lambda: extra_param_of(extra))
    if isinstance(phone := body.get("destAddr"), str):
        faults.of(lambda: _check_phone(phone))


def _check_phone(phone: str) -> None:
    if phone and phones.normalise(phone) is None:
        raise Refused(Code.PHONE, "destAddr", phones.RULE)
