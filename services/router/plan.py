"""Who gets a link, and who not and why. Pure: everything it decides on is an argument.

    request ─▶ of another channel? ─▶ `plan_channel.py`
              application can push? ─no─▶ 26
              └▶ recipient known?    ─no─▶ 19 / 20
                └▶ each installation, those whose owner is proved first, of these the last used first:
                     live token, wanted provider (22) ▶ primary (21) ▶ version (27) ▶ subscription (25)
                     ▶ allowed in the app (23) ▶ allowed by the system (24) ─▶ target

An installation that nobody vouches for gets what its owner gets, and is never primary beside one that is vouched for.

No target: the reason of the installation that came furthest. Source: `docs/partner-api.md` §3, docs/design.md §4.
"""

from collections.abc import Sequence
from typing import NamedTuple

from schemas import ids
from schemas.events import MessageRequested, Planned, PlannedTarget, SkippedTarget, TargetResolved
from schemas.live import aim_of
from schemas.providers import Provider
from schemas.reasons import Reason, furthest
from schemas.values import Channel, Link, Recipient
from services.router.checks import UsableProviders, provider_of, why_not
from services.router.lifetimes import expires_at
from services.router.plan_channel import to_channel
from services.router.plan_live import slots_of
from services.runtime.access.identity import is_trusted, trusted_first
from services.runtime.crypto.delivery_ids import DeliveryIds
from services.runtime.installations.model import Installation

MAX_INSTALLATIONS = 50
"""Of one recipient; the last used take part (docs/design.md §4)."""
_MAX_SKIPPED = 200
"""Of the trace: a recipient with more installations than this has the rest counted, not listed."""
_PUSH = Channel.PUSH
_NO_PUSH = frozenset({Provider.CHANNEL_PLATFORM})


class Plan(NamedTuple):
    """The decision and its deliveries."""

    planned: Planned
    targets: Sequence[TargetResolved] = ()


def plan(
    request: MessageRequested,
    installations: Sequence[Installation],
    known: bool,
    usable: UsableProviders,
    now: int,
    *,
    deliveries: DeliveryIds,
    send_by: int | None = None,
) -> Plan:
    """The plan of the link that is due, at `now` (UTC ms). `installations` are the recipient's, the last used first."""
    link = request.chain[0]
    until = expires_at(request, now)
    if (send_by is not None and now > send_by) or now >= until:
        return _nobody(request, Reason.EXPIRED, now)
    if link.channel is not _PUSH or link.content is None:
        return _channel_plan(request, usable, now, send_by, deliveries)
    if usable.application is None or not usable.application.enabled or usable.providers <= _NO_PUSH:
        return _nobody(request, Reason.NO_APPLICATION, now)
    if not installations:
        return _nobody(request, _absent(request, link, known), now)
    chosen: list[tuple[Installation, Provider, str]] = []
    skipped: list[SkippedTarget] = []
    aim = aim_of(link.content)
    ordered, trusted = trusted_first(installations, usable.application)
    for place, installation in enumerate(ordered):
        slots = ("",) if aim is None else slots_of(installation, aim, link.application_id or "", now)
        provider = provider_of(installation, slots)
        is_primary = installation.primary and (place < trusted or not trusted)
        reason = (
            Reason.NOT_LATEST if place >= MAX_INSTALLATIONS else why_not(installation, link, usable, slots, is_primary)
        )
        if reason is None and provider is not None:
            chosen.extend((installation, provider, slot) for slot in slots)
        elif reason is not None and len(skipped) < _MAX_SKIPPED:
            skipped.append(
                SkippedTarget(installation_id=installation.installation_id, provider=provider, reason=reason)
            )
        skipped.extend(SkippedTarget(installation_id=gone, reason=Reason.REPLACED) for gone in installation.replaces)
    if not chosen:
        return _nobody(request, furthest(skip.reason for skip in skipped), now, skipped)
    return _somebody(request, chosen, skipped, now, send_by=send_by, until=until, usable=usable, deliveries=deliveries)


def to_nobody(request: MessageRequested, reason: Reason, now: int) -> Plan:
    """A plan that goes to nobody."""
    return _nobody(request, reason, now)


def _absent(request: MessageRequested, link: Link, known: bool) -> Reason:
    if known:
        return Reason.NO_PRIMARY if link.primary_only else Reason.NO_ACTIVE_INSTALLATION
    by_user = request.recipient.external_user_id is not None
    return Reason.UNKNOWN_USER if by_user else Reason.UNKNOWN_PHONE


def _channel_plan(
    request: MessageRequested, usable: UsableProviders, now: int, send_by: int | None, deliveries: DeliveryIds
) -> Plan:
    name, until = request.chain[0].channel.value, expires_at(request, now)
    delivery_id = deliveries.of(request.message_id, request.link, name)
    application = usable.application if Provider.CHANNEL_PLATFORM in usable.providers else None
    decided = to_channel(request, application, delivery_id, now, expires_at=until, send_by=send_by)
    if isinstance(decided, Reason):
        return _nobody(request, decided, now)
    target, resolved = decided
    return Plan(_planned(request, now, until, targets=[target]), [resolved])


def _nobody(request: MessageRequested, reason: Reason, now: int, skipped: Sequence[SkippedTarget] = ()) -> Plan:
    return Plan(_planned(request, now, expires_at(request, now), skipped=skipped, reason=reason))


def _somebody(
    request: MessageRequested,
    chosen: Sequence[tuple[Installation, Provider, str]],
    skipped: Sequence[SkippedTarget],
    now: int,
    *,
    send_by: int | None,
    until: int,
    usable: UsableProviders,
    deliveries: DeliveryIds,
) -> Plan:
    link = request.chain[0]
    application_id, content = link.application_id or "", link.content
    assert content is not None
    targets, resolved = [], []
    for installation, provider, slot in chosen:
        delivery_id = deliveries.of(request.message_id, request.link, installation.installation_id, slot)
        owner = ids.owner_key_of(application_id, installation.external_user_id, installation.phone)
        targets.append(
            PlannedTarget(
                delivery_id=delivery_id,
                installation_id=installation.installation_id,
                application_id=application_id,
                provider=provider,
                owner=owner,
                slot=slot,
                proved=is_trusted(installation, usable.application),
            )
        )
        resolved.append(
            TargetResolved(
                event_id=ids.event_id_of(delivery_id, "target-resolved/1"),
                at=now,
                # each by name: spreading `link_fields` and `origin` costs 2 % of decoding, planning and encoding
                message_id=request.message_id,
                partner_id=request.partner_id,
                lane=request.lane,
                link=request.link,
                delivery_id=delivery_id,
                installation_id=installation.installation_id,
                application_id=application_id,
                provider=provider,
                recipient=_named(request),
                content=content,
                expires_at=until,
                send_by=send_by,
                recipient_mark=owner[: ids.MARK_DIGITS],
                accepted_at=request.at,
                planned_at=now,
                slot=slot,
                packet_id=request.packet_id,
                mailing_id=request.mailing_id,
            )
        )
    return Plan(_planned(request, now, until, targets=targets, skipped=skipped), resolved)


def _planned(
    request: MessageRequested,
    now: int,
    until: int,
    *,
    targets: Sequence[PlannedTarget] = (),
    skipped: Sequence[SkippedTarget] = (),
    reason: Reason | None = None,
) -> Planned:
    return Planned(
        event_id=ids.event_id_of(request.event_id, "planned"),
        at=now,
        message_id=request.message_id,
        partner_id=request.partner_id,
        lane=request.lane,
        link=request.link,
        request_id=request.event_id,
        recipient=_named(request),
        send_at=now,
        expires_at=until,
        targets=tuple(targets),
        skipped=tuple(skipped),
        reason=reason,
    )


def _named(request: MessageRequested) -> Recipient:
    """The recipient that what follows is sealed for; which of a segment's installations fitted, the targets say."""
    named = request.recipient
    return named.replace(only_installations=()) if named.only_installations else named
