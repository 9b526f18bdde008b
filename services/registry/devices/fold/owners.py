"""Records of owners: one for each user or phone that was ever seen, by application. Pure.

    primary         "<stamp>/<installation>" of the newest claim on the owner's primary mark    greatest wins
    revocation      stamp of the newest end of all proofs of the owner                           greatest wins

What a record lists, it lists by the newest link. Source: docs/design.md §6.
"""

from collections.abc import Mapping

from schemas import ids
from schemas.device_events import DeviceEvent, Personalized, SettingsChanged
from schemas.values import Frozen
from services.registry.devices.fold.fold import stamp_of
from services.registry.devices.fold.imported import register_stamp
from services.registry.devices.fold.state import Owner, Stamp, holder

MAX_INSTALLATIONS = 100
MAX_PHONES = 50
_SIGNED_WITHIN_MS = 1000
"""`iat` has whole seconds: a proof signed right after a revocation must not look older."""


class OwnerRecord(Frozen, omit_defaults=False):
    """What is known of a user or phone; the document in collection `cards` has these fields, and `_id` for the id."""

    record_id: str
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

    @property
    def all_installations(self) -> set[str]:
        """The installations of either list: each list is bounded."""
        return self.installations.keys() | self.proved_installations.keys()


def primary_record_id(application_id: str, owner: Owner | None) -> str | None:
    """The record whose primary mark counts for an installation of this owner: the user's, else the phone's."""
    if owner is None:
        return None
    return next(iter(record_ids(application_id, owner.external_user_id, owner.phone)), None)


def record_ids(application_id: str, external_user_id: str | None, phone: str | None) -> list[str]:
    """The records of the user and of the phone, where they are given."""
    found = [] if external_user_id is None else [ids.user_record_id(application_id, external_user_id)]
    return found if phone is None else [*found, ids.phone_record_id(application_id, phone)]


def records_changed_by(event: DeviceEvent) -> list[str]:
    match event:
        case Personalized():
            return record_ids(event.application_id, event.external_user_id, event.phone)
        case SettingsChanged(primary=True, claimed_for=str(record_id)):
            return [record_id]
        case _:
            return []


def fold_owner(record: OwnerRecord | None, record_id: str, event: DeviceEvent) -> OwnerRecord:
    """The record after `event`, which is one that changes it (`records_changed_by`)."""
    record = record or _new_record(record_id, event)
    stamp = register_stamp(event, stamp_of(event))
    if isinstance(event, SettingsChanged):
        return record.replace(primary=max(record.primary, holder(stamp, event.installation_id)))
    if not isinstance(event, Personalized):
        return record
    is_proved = event.proof is not None
    phones = {event.phone: stamp} if record.external_user_id is not None and event.phone is not None else {}
    here = {event.installation_id: stamp}
    return record.replace(
        first_seen_at=min(event.at, record.first_seen_at or event.at),
        last_seen_at=max(event.at, record.last_seen_at),
        phones=_newest(record.phones, phones, MAX_PHONES),
        proved_phones=_newest(record.proved_phones, phones if is_proved else {}, MAX_PHONES),
        installations=_newest(record.installations, here, MAX_INSTALLATIONS),
        proved_installations=_newest(record.proved_installations, here if is_proved else {}, MAX_INSTALLATIONS),
    )


def without_revoked(record: OwnerRecord, revoked: Mapping[str, Stamp]) -> OwnerRecord:
    """The record without the proved links from before a revocation of its owner or of a phone.

    `revoked`: the stamp of the newest revocation, by record id.
    """
    own = revoked.get(record.record_id, "")
    ends = {
        phone: max(own, revoked.get(ids.phone_record_id(record.application_id, phone), ""))
        for phone in record.proved_phones
    }
    return record.replace(
        proved_phones={phone: stamp for phone, stamp in record.proved_phones.items() if stamp > ends[phone]},
        proved_installations={key: stamp for key, stamp in record.proved_installations.items() if stamp > own},
    )


def was_signed_before(signed_at: int, revoked: Stamp) -> bool:
    """Whether a proof is older than the revocation with this stamp; empty: there was none."""
    return bool(revoked) and signed_at + _SIGNED_WITHIN_MS <= int(revoked[:15])


def _new_record(record_id: str, event: DeviceEvent) -> OwnerRecord:
    external_user_id, phone = ids.owner_of_record(event.application_id, record_id)
    return OwnerRecord(
        record_id=record_id, application_id=event.application_id, external_user_id=external_user_id, phone=phone
    )


def _newest(old: dict[str, str], new: dict[str, str], most: int) -> dict[str, str]:
    """The greatest stamp of each name, and of those the newest: the same in whatever order they come."""
    merged = old | {name: max(stamp, old.get(name, "")) for name, stamp in new.items()}
    kept = sorted(merged, key=lambda name: (merged[name], name), reverse=True)[:most]
    return {name: merged[name] for name in sorted(kept)}
