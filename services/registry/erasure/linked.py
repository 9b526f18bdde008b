"""Whom an erasure reaches: those who were named, and the owners that proved logins show together with them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from schemas import ids
from services.registry.devices import Device, DeviceStore, OwnerRecord
from services.runtime.access.identity import is_trusted
from services.runtime.directory import Directory


@dataclass(frozen=True, slots=True)
class Persons:
    """Users and phones, by value."""

    users: frozenset[str]
    phones: frozenset[str]

    @property
    def count(self) -> int:
        return len(self.users) + len(self.phones)

    def without(self, others: "Persons") -> "Persons":
        return Persons(self.users - others.users, self.phones - others.phones)

    def record_ids(self, application_id: str) -> list[str]:
        """Their records in the application."""
        users = [ids.user_record_id(application_id, user) for user in sorted(self.users)]
        return users + [ids.phone_record_id(application_id, phone) for phone in sorted(self.phones)]

    def owner_keys(self, application_id: str) -> list[str]:
        """Their keys in the history and Live Activities of the application."""
        users = [ids.owner_key_of(application_id, user, None) for user in sorted(self.users)]
        return users + [ids.owner_key_of(application_id, None, phone) for phone in sorted(self.phones)]


class Linked(NamedTuple):
    """Whom an erasure reaches, those who were named among them; and who is linked by unproved logins alone."""

    reached: Persons
    left_out: Persons


@dataclass(frozen=True)
class LinkedPersons:
    """Looks into the owners' records and the installations."""

    devices: DeviceStore
    directory: Directory

    async def of(self, persons: Persons, applications: list[str]) -> Linked:
        """Who is logged in together with them, or was, as far as the records of the applications know. One step.

        Only a proved login links: anybody who has the app can log in with somebody else's phone.
        """
        record_ids = [record_id for application in applications for record_id in persons.record_ids(application)]
        records = (await self.devices.owners.load(record_ids)).values()
        of_users = [record for record in records if record.external_user_id is not None]
        phones = {phone for record in of_users for phone in self._linking_phones(record)}
        all_phones = {phone for record in of_users for phone in record.phones}
        seen = {key for record in records if record.phone is not None for key in record.all_installations}
        owned = [device for device in (await self.devices.load(seen)).values() if device.phone in persons.phones]
        users = {device.external_user_id for device in owned if device.external_user_id and self._is_trusted(device)}
        all_users = {device.external_user_id for device in owned if device.external_user_id}
        reached = Persons(persons.users | users, persons.phones | phones)
        return Linked(reached, Persons(frozenset(all_users), frozenset(all_phones)).without(reached))

    def _linking_phones(self, record: OwnerRecord) -> Mapping[str, str]:
        application = self.directory.applications.get(record.application_id)
        return record.phones if application is not None and application.identity == "off" else record.proved_phones

    def _is_trusted(self, device: Device) -> bool:
        return is_trusted(device, self.directory.applications.get(device.application_id))
