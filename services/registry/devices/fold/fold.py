"""One installation as the fold of its events: `fold(device, event) -> device`. Pure; the order of events is no matter.

    fact                                       what it is
    proof of the owner's login                 goes with the owner, unless revoked later
    device, version, locale, zone, owner,      last-writer-wins registers by `stamp` = (server time, event id)
    settings, each subscription, claim
    subscriptions                              the newest hundred of them
    token                                      a register; gone when retired later than registered
    retired, worked, accepted, proofs used     by digest; the eight (of proofs sixteen) newest are remembered
    live                                       a register for each Live Activity (`live.py`)
    proof, application                         the first install wins, so nobody takes a known id over
    installed_at, last_used_at, updated_at     minimum, maximum, maximum
    launches                                   counted once for each event, told by the newest sixteen
    permission of the system                   every word of the newest thirty-two (`permission.py`)

What spans installations is decided in `settled`, with what the registers of tokens and cards say
(`shared.py`). Source: docs/design.md §6, `docs/device-api.md`.
"""

from typing import Any

from schemas.device_events import (
    ActivityEnded,
    ActivityTokenRegistered,
    AppStarted,
    Depersonalized,
    DeviceEvent,
    InstallationReplaced,
    Installed,
    Personalized,
    ProofRevoked,
    PushToStartTokenRegistered,
    PushToStartTokenRemoved,
    SettingsChanged,
    TokenRegistered,
    TokenRemoved,
    TokenRetired,
    TokenWorked,
)
from schemas.events import Event
from services.registry.devices.fold import live as devices_live
from services.registry.devices.fold import permission
from services.registry.devices.fold.launches import counted
from services.registry.devices.fold.state import (
    Device,
    KeptSubscription,
    Mark,
    Owner,
    PermissionReport,
    PrimaryClaim,
    Stamp,
    Token,
)

REMEMBERED_DIGESTS = 8
REMEMBERED_PROOFS = 16
REMEMBERED_SUBSCRIPTIONS = 100
"""The newest; the API refuses more, but calls that come side by side do not see each other."""


def stamp_of(event: Event) -> Stamp:
    """Sorts by server time, then by event id."""
    return f"{event.at:015d}/{event.event_id}"


def fold(device: Device | None, event: DeviceEvent) -> Device:
    """The installation after `event`; what spans installations is left to `settled`."""
    device = device or Device(installation_id=event.installation_id, application_id=event.application_id)
    stamp = stamp_of(event)
    changed = _changed(device, event, stamp)
    if event.at > changed.updated_at:
        changed = changed.model_copy(update={"updated_at": event.at})
    by_device = not isinstance(event, TokenRetired | TokenWorked | InstallationReplaced | ProofRevoked)
    if by_device and event.at > changed.last_used_at:
        changed = changed.model_copy(update={"last_used_at": event.at})
    return changed


def _changed(device: Device, event: DeviceEvent, stamp: Stamp) -> Device:
    match event:
        case Installed():
            return _installed(device, event, stamp)
        case TokenRegistered():
            token, waiting = (None, _token(event)) if event.waits else (_token(event), None)
            return _token_checked(_written(device, stamp, "token", token=token, waiting_token=waiting))
        case TokenRemoved():
            return _written(device, stamp, "token", token=None, waiting_token=None)
        case TokenRetired():
            mark = Mark(digest=event.digest, stamp=stamp, cutoff=event.at if event.dead_at is None else event.dead_at)
            kept = "live_retired" if event.slot else "retired"
            return _token_checked(device.model_copy(update={kept: _remembered(getattr(device, kept), mark)}))
        case TokenWorked():
            mark = Mark(digest=event.digest, stamp=stamp, under=event.under)
            news: dict[str, object] = {"worked": _remembered(device.worked, mark.replace(under=""))}
            if event.under:
                news["accepted"] = _remembered(device.accepted, mark)
            return _token_checked(device.model_copy(update=news))
        case ActivityTokenRegistered() | PushToStartTokenRegistered() | ActivityEnded() | PushToStartTokenRemoved():
            live = devices_live.written(device.live, event, stamp)
            return _token_checked(device.model_copy(update={"live": live}))
        case Personalized() | Depersonalized() | InstallationReplaced():
            return _proof_checked(_owned(device, event, stamp))
        case ProofRevoked():
            return _proof_checked(_written(device, stamp, "revoked"))
        case SettingsChanged():
            return _settings(device, event, stamp)
        case AppStarted():
            said = {name: getattr(event, name) for name in ("app_version", "os_version", "locale", "time_zone")}
            device = _each(device, stamp, {name: value for name, value in said.items() if value is not None})
            launches = counted(device.launches, stamp, event.at, event.session_s)
            return device.model_copy(update={"launches": launches})
        case _:
            return device


def _installed(device: Device, event: Installed, stamp: Stamp) -> Device:
    update: dict[str, Any] = {"installed_at": min(event.at, device.installed_at or event.at)}
    if not device.first_stamp or stamp < device.first_stamp:
        update |= {
            "first_stamp": stamp,
            "proof_hash": event.proof_hash,
            "application_id": event.application_id,
        }
    device = device.model_copy(update=update)
    about = {name: getattr(event, name) for name in ("device_id", "platform", "model", "public_key")}
    device = _written(device, stamp, "device", **about)
    said = {name: getattr(event, name) for name in ("app_version", "os_version", "locale", "time_zone")}
    return _each(device, stamp, said)


def _owned(device: Device, event: Personalized | Depersonalized | InstallationReplaced, stamp: Stamp) -> Device:
    """Whose the installation is, and what goes with it: one register."""
    facts: dict[str, Any] = {"owner": None, "proof": None, "replaces": (), "replaced_by": ""}
    if isinstance(event, Personalized):
        owner = Owner(external_user_id=event.external_user_id, phone=event.phone)
        facts |= {"owner": owner, "proof": event.proof, "replaces": event.replaces}
        if event.proof is not None:
            mark = Mark(digest=event.proof.digest, stamp=stamp, cutoff=event.proof.signed_at)
            used = _remembered(device.proofs_used, mark, REMEMBERED_PROOFS)
            device = device.model_copy(update={"proofs_used": used})
    elif isinstance(event, InstallationReplaced):
        facts |= {"replaced_by": event.by_installation_id}
    return _written(device, stamp, "owner", **facts)


def _proof_checked(device: Device) -> Device:
    """Without the proof of a login that was before the last revocation."""
    if device.proof is None or device.stamps.get("owner", "") > device.stamps.get("revoked", ""):
        return device
    return device.model_copy(update={"proof": None})


def _settings(device: Device, event: SettingsChanged, stamp: Stamp) -> Device:
    if event.primary is not None:
        device = _written(device, stamp, "claim", claim=PrimaryClaim(value=event.primary, card=event.claimed_for))
    switches = {"push_enabled": event.push_enabled, "push_os_enabled": event.push_os_enabled}
    device = _each(device, stamp, {name: value for name, value in switches.items() if value is not None})
    if event.push_os_enabled is not None:
        word = PermissionReport(stamp=stamp, allowed=event.push_os_enabled, source=event.source)
        words = permission.said(device.os_said, word)
        device = device.model_copy(update={"os_said": words, "os_changes": permission.changes(words)})
    if event.subscriptions:
        kept = {one.id: one for one in device.subscriptions}
        for one in event.subscriptions:
            if one.id not in kept or stamp > kept[one.id].stamp:
                kept[one.id] = KeptSubscription(**one.model_dump(), stamp=stamp)
        newest = sorted(kept, key=lambda key: (kept[key].stamp, key), reverse=True)[:REMEMBERED_SUBSCRIPTIONS]
        device = device.model_copy(update={"subscriptions": tuple(kept[key] for key in sorted(newest))})
    return device


def _written(device: Device, stamp: Stamp, register: str, **values: object) -> Device:
    """Write a register unless it holds something newer."""
    if stamp <= device.stamps.get(register, ""):
        return device
    return device.model_copy(update={**values, "stamps": {**device.stamps, register: stamp}})


def _each(device: Device, stamp: Stamp, values: dict[str, Any]) -> Device:
    for name, value in values.items():
        device = _written(device, stamp, name, **{name: value})
    return device


def _token(event: TokenRegistered) -> Token:
    return Token(
        provider=event.provider,
        sealed=event.sealed,
        digest=event.digest,
        environment=event.environment,
        bundle=event.bundle,
        variant=event.variant,
        server_key=event.server_key,
        registered_at=event.at,
    )


def _token_checked(device: Device) -> Device:
    """Drop tokens that were retired since they were registered; say whether the push token was seen to work."""
    if device.live_retired:
        device = device.model_copy(update={"live": devices_live.checked(device.live, device.live_retired)})
    token = device.token
    if token is None:
        return device
    if any(mark.digest == token.digest and token.registered_at <= mark.cutoff for mark in device.retired):
        return device.model_copy(update={"token": None})
    worked = any(mark.digest == token.digest for mark in device.worked)
    under = next((mark.under for mark in device.accepted if mark.digest == token.digest), "")
    if (worked, under) == (token.worked, token.worked_under):
        return device
    return device.model_copy(update={"token": token.model_copy(update={"worked": worked, "worked_under": under})})


def _remembered(marks: tuple[Mark, ...], mark: Mark, most: int = REMEMBERED_DIGESTS) -> tuple[Mark, ...]:
    """The greatest mark of each digest, and of those the newest: the same in whatever order they come."""
    kept = {one.digest: one for one in marks}
    old = kept.get(mark.digest)
    if old is not None:
        newest = max(old, mark, key=lambda one: one.stamp)
        mark = newest.replace(cutoff=max(old.cutoff, mark.cutoff))
    kept[mark.digest] = mark
    return tuple(sorted(kept.values(), key=lambda one: one.stamp, reverse=True)[:most])
