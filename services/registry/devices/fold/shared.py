"""What spans installations: who holds a token, who holds the primary mark, and the card of a user or phone. Pure.

    token holder    "<stamp>/<installation>" of the newest registration of a token      greatest wins
    primary         "<stamp>/<installation>" of the newest claim on a card              greatest wins
    revocation      stamp of the newest end of all proofs of a user or phone            greatest wins

An installation keeps its token only while no other one registered it later, and is primary while it holds the mark of
its owner's card and has not released it. Its login is proved unless that was, or its proof was signed, before the
proofs of its owner were revoked. Source: docs/design.md §6.
"""

from collections.abc import Iterable, Mapping

from schemas.device_events import DeviceEvent, Personalized, SettingsChanged
from schemas.providers import Platform
from schemas.values import Frozen
from services.registry.devices.fold.fold import stamp_of
from services.registry.devices.fold.state import Device, Owner, Stamp

MAX_INSTALLATIONS = 100
MAX_PHONES = 50
_SIGNED_WITHIN_MS = 1000
"""`iat` has whole seconds: a proof signed right after a revocation must not look older."""


class OwnerRecord(Frozen):
    """One for each user or phone that was ever seen, by application. What it lists, it lists by newest link."""

    card_id: str
    application_id: str
    external_user_id: str | None = None
    phone: str | None = None
    first_seen_at: int = 0
    last_seen_at: int = 0
    primary: str = ""
    phones: dict[str, str] = {}  # of a user: to the stamp of the newest link
    proved_phones: dict[str, str] = {}  # of these, by logins that were proved
    installations: dict[str, str] = {}
    proved_installations: dict[str, str] = {}  # of these, by logins that were proved: others cannot crowd them out


def user_card(application_id: str, external_user_id: str) -> str:
    return f"{application_id}/u/{external_user_id}"


def phone_card(application_id: str, phone: str) -> str:
    return f"{application_id}/p/{phone}"


def card_of(application_id: str, owner: Owner | None) -> str | None:
    """The card whose primary mark counts for an installation of this owner: the user's, else the phone's."""
    if owner is None:
        return None
    if owner.external_user_id is not None:
        return user_card(application_id, owner.external_user_id)
    return phone_card(application_id, owner.phone) if owner.phone is not None else None


def cards_of(application_id: str, external_user_id: str | None, phone: str | None) -> list[str]:
    """The cards of the user and of the phone, as far as they are there."""
    cards = [] if external_user_id is None else [user_card(application_id, external_user_id)]
    return cards if phone is None else [*cards, phone_card(application_id, phone)]


def was_signed_before(signed_at: int, revoked: Stamp) -> bool:
    """Whether a proof is older than the revocation with this stamp; empty: there was none."""
    return bool(revoked) and signed_at + _SIGNED_WITHIN_MS <= int(revoked[:15])


def cards_touched(event: DeviceEvent) -> list[str]:
    """The cards that `event` changes."""
    match event:
        case Personalized():
            return cards_of(event.application_id, event.external_user_id, event.phone)
        case SettingsChanged(primary=True, claimed_for=str(card)):
            return [card]
        case _:
            return []


def fold_card(card: OwnerRecord | None, card_id: str, event: DeviceEvent) -> OwnerRecord:
    """The card after `event`, one of `cards_touched`."""
    card = card or _blank(card_id, event)
    stamp = stamp_of(event)
    if isinstance(event, SettingsChanged):
        return card.model_copy(update={"primary": max(card.primary, holder(stamp, event.installation_id))})
    if not isinstance(event, Personalized):
        return card
    phones = {event.phone: stamp} if card.external_user_id is not None and event.phone is not None else {}
    here = {event.installation_id: stamp}
    proved = phones if event.proof is not None else {}
    return card.model_copy(
        update={
            "first_seen_at": min(event.at, card.first_seen_at or event.at),
            "last_seen_at": max(event.at, card.last_seen_at),
            "phones": _newest(card.phones, phones, MAX_PHONES),
            "proved_phones": _newest(card.proved_phones, proved, MAX_PHONES),
            "installations": _newest(card.installations, here, MAX_INSTALLATIONS),
            "proved_installations": _newest(
                card.proved_installations, here if event.proof is not None else {}, MAX_INSTALLATIONS
            ),
        }
    )


def without_revoked(card: OwnerRecord, revoked: Mapping[str, Stamp]) -> OwnerRecord:
    """The card, where logins of before a revocation of its user or a phone vouch for nothing. `revoked`: by card."""
    own = revoked.get(card.card_id, "")
    ends = {phone: revoked.get(phone_card(card.application_id, phone), "") for phone in card.proved_phones}
    return card.model_copy(
        update={
            "proved_phones": {
                phone: stamp for phone, stamp in card.proved_phones.items() if stamp > max(own, ends[phone])
            },
            "proved_installations": {key: stamp for key, stamp in card.proved_installations.items() if stamp > own},
        }
    )


def holder(stamp: str, installation_id: str) -> str:
    return f"{stamp}/{installation_id}"


def token_key(application_id: str, digest: str) -> str:
    """The name of a token's register."""
    return f"{application_id}/{digest}"


def settled(device: Device, token_holder: str | None, primary: str | None, revoked: Stamp = "") -> Device:
    """The installation, with the facts that it shares with others.

    `token_holder` is the register of its token; `primary` that of its owner's card; None or empty: nobody's.
    `revoked` is the newest revocation of its owner's proofs.
    """
    update: dict[str, object] = {}
    proof = device.proof
    if proof is not None and (device.stamps["owner"] < revoked or was_signed_before(proof.signed_at, revoked)):
        update["proof"] = None
    if device.token is not None and token_holder:
        stamp, _, installation_id = token_holder.rpartition("/")
        if installation_id != device.installation_id and stamp > device.stamps["token"]:
            update["token"] = None
    holds = bool(primary) and str(primary).rpartition("/")[2] == device.installation_id
    is_primary = holds and device.owner is not None and device.claim is not None and device.claim.value
    if is_primary != device.primary:
        update["primary"] = is_primary
    return device.model_copy(update=update) if update else device


def is_same_person(one: Owner, other: Owner) -> bool:
    """By user id where both have one, else by phone."""
    if one.external_user_id is not None and other.external_user_id is not None:
        return one.external_user_id == other.external_user_id
    return one.phone is not None and one.phone == other.phone


def tells_devices_apart(device_id: str) -> bool:
    """False for what systems and apps give when they do not tell: zeros, placeholders, a constant of old Androids."""
    said = device_id.strip().lower()
    return said not in _NO_DEVICE_IDS and len({one for one in said if one.isalnum()}) > 1


_NO_DEVICE_IDS = frozenset({"unknown", "null", "none", "undefined", "nil", "9774d56d682e549c", *Platform})


def newest_holders(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The greatest holder for each key."""
    found: dict[str, str] = {}
    for key, one in pairs:
        found[key] = max(one, found.get(key, ""))
    return found


def _blank(card_id: str, event: DeviceEvent) -> OwnerRecord:
    kind, _, name = card_id.removeprefix(f"{event.application_id}/").partition("/")
    return OwnerRecord(
        card_id=card_id,
        application_id=event.application_id,
        external_user_id=name if kind == "u" else None,
        phone=name if kind == "p" else None,
    )


def _newest(old: dict[str, str], new: dict[str, str], most: int) -> dict[str, str]:
    """The greatest stamp of each name, and of those the newest: the same in whatever order they come."""
    merged = old | {name: max(stamp, old.get(name, "")) for name, stamp in new.items()}
    kept = sorted(merged, key=lambda name: (merged[name], name), reverse=True)[:most]
    return {name: merged[name] for name in sorted(kept)}
