"""Who gets a link, and who not and why. Pure: everything it decides on is an argument.

    request ─▶ of another channel? ─▶ `plan_channel.py`
              application can push? ─no─▶ 26
              └▶ recipient known?    ─no─▶ 19 / 20
                └▶ each installation, those whose owner is proved first, of these the last used first:
                     live token, wanted provider (22) ▶ primary (21) ▶ version (27) ▶ subscription (25)
                     ▶ allowed in the app (23) ▶ allowed by the system (24) ─▶ target

An installation that nobody vouches for gets what its owner gets, and is never primary where one is that somebody does.

No target: the reason of the installation that came furthest. Source: `docs/partner-api.md` §3, docs/design.md §4.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from schemas import ids
from schemas.application_events import ApplicationChanged
from schemas.events import MessageRequested, Planned, PlannedTarget, SkippedTarget, TargetResolved
from schemas.live import aim_of
from schemas.providers import Provider
from schemas.reasons import Reason, furthest
from schemas.topics import PLANNING_HORIZON_MS
from schemas.values import Channel, Link, Recipient
from services.router.plan_channel import to_channel
from services.router.plan_live import slots_of
from services.runtime.access.identity import is_trusted, trusted_first
from services.runtime.crypto.delivery_ids import DeliveryIds
from services.runtime.installations.model import Installation
from services.runtime.text.versions import version_key

MAX_INSTALLATIONS = 50
"""Of one recipient; the last used take part (docs/design.md §4)."""
_MAX_SKIPPED = 200
"""Of the trace: a recipient with more installations than this has the rest counted, not listed."""
_HOUR_MS = 3_600_000
_NEVER = 2**53
_PUSH, _WEB = Channel.PUSH, Provider.WEB
_NO_PUSH = frozenset({Provider.CHANNEL_PLATFORM})


@dataclass(frozen=True, slots=True)
class UsableProviders:
    """The providers that an application can push over."""

    application: ApplicationChanged | None
    providers: frozenset[Provider]  # those with credentials that are switched on
    web_key: str | None = None  # what browsers subscribe with now


@dataclass(frozen=True, slots=True)
class Plan:
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
        provider = _provider_of(installation, slots)
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


def held_until(request: MessageRequested) -> int:
    """UTC ms up to which a link that is held up may wait: then it is EXPIRED.

    The fallback of a password is as short-lived as the password; what waits by design may wait longer.
    """
    link, schedule = request.chain[0], request.schedule
    until = request.at + (link.ttl_ms if schedule is None and request.lane == "single" else PLANNING_HORIZON_MS)
    if schedule is not None and schedule.deadline is not None:
        until = schedule.deadline
    return min(until, _readable_until(link))


def expires_at(request: MessageRequested, now: int) -> int:
    """UTC ms. A lifetime runs from the sending; that of a single message for now from its acceptance.

    So a one-time password does not outlive its ttl because the platform was away meanwhile. A mailing may take longer
    than its ttl to plan, and a scheduled message or a later link has only now been sent.
    """
    link = request.chain[0]
    return min((request.at if _is_for_now(request) else now) + link.ttl_ms, _readable_until(link))


def _readable_until(link: Link) -> int:
    """UTC ms from which on nobody can open the link's SECURE values: then it is not worth sending."""
    secure = link.content.secure if link.content is not None else None
    return _NEVER if secure is None else (secure.hour + 1) * _HOUR_MS


def _is_for_now(request: MessageRequested) -> bool:
    return request.lane == "single" and request.link == 0 and request.schedule is None


def _provider_of(installation: Installation, slots: Sequence[str]) -> Provider | None:
    """The provider that these slots of the installation are reached over; a Live Activity needs no push token."""
    if not slots or slots[0]:
        return Provider.APNS if slots else None
    return installation.token.provider if installation.token else None


def why_not(
    installation: Installation,
    link: Link,
    usable: UsableProviders,
    slots: Sequence[str] = ("",),
    is_primary: bool | None = None,
) -> Reason | None:
    """The first check that the installation does not pass; None when the link goes to these `slots` of it.

    The system's permission to notify is not that to show activities: an activity that has a token may be updated.
    """
    application, provider = usable.application, _provider_of(installation, slots)
    if link.primary_only and not (installation.primary if is_primary is None else is_primary):
        return Reason.NOT_PRIMARY
    is_live = link.content is not None and link.content.live_activity is not None
    if provider is None:
        return Reason.NO_PRIMARY if link.primary_only and not is_live else Reason.NO_ACTIVE_INSTALLATION
    if link.providers and provider not in link.providers:
        return Reason.OTHER_PROVIDER
    if provider not in usable.providers:
        return Reason.NO_APPLICATION
    if (
        provider is _WEB
        and (token := installation.token) is not None
        and token.server_key not in (None, usable.web_key)
    ):
        return Reason.KEY_GONE
    if (
        application is not None
        and application.min_version
        and _below(installation.app_version, application.min_version)
    ):
        return Reason.BELOW_MIN_VERSION
    if link.subscriptions and not _subscribed(installation, link, application):
        return Reason.SUBSCRIPTION_OFF
    if not installation.push_enabled:
        return Reason.PUSH_DISABLED
    return None if installation.push_os_enabled or is_live else Reason.PUSH_OS_DISABLED


def _subscribed(installation: Installation, link: Link, application: ApplicationChanged | None) -> bool:
    """Any of the names: on by the device's word, else by the catalogue's default; a name that nobody knows is off."""
    if not installation.subscriptions.isdisjoint(link.subscriptions):
        return True
    catalogue = application.subscriptions if application is not None else ()
    unsaid = (kind for kind in catalogue if kind.default and kind.id not in installation.subscriptions_off)
    return any(kind.id in link.subscriptions or kind.name in link.subscriptions for kind in unsaid)


def _below(version: str, least: str) -> bool:
    return version_key(version) < version_key(least)


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
                **request.link_fields,
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
                **request.origin,
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
        **request.link_fields,
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
