"""Lets devices in: by their credential, and not too often.

An app pulls its history when it starts and fetches a message when a push comes; both read whole messages, so the pace
of an installation is slower here than in the registry.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from fastapi import Depends

from schemas import ids
from services.runtime.access.device_auth import DeviceAuth
from services.runtime.access.device_pace import DevicePace, Limit
from services.runtime.access.identity import is_trusted
from services.runtime.crypto.master_key import Secrets
from services.runtime.directory import Directory
from services.runtime.http.server import Problem
from services.runtime.installations.model import Installation
from services.runtime.installations.reader import Installations
from services.status.message import inbox_owner

PACE = Limit(30, 2)


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated installation; `owner` is empty when nobody is logged in."""

    installation_id: str
    application_id: str
    owner: str
    is_trusted: bool = True  # the owner was proved, or there is none

    @property
    def inbox(self) -> str:
        """The owner whose history it reads (`entries.py`)."""
        return inbox_owner(self.owner, self.installation_id)


def device_caller(
    installations: Installations, directory: Directory, secrets: Secrets, pace: DevicePace
) -> Callable[..., Awaitable[Caller]]:
    """The dependency that every device route has. Answers 401, 403 or 429."""

    async def find(installation_id: str) -> Installation | None:
        return (await installations.by_ids([installation_id])).get(installation_id)

    proved = Depends(DeviceAuth(find, directory, secrets, pace).installation)

    async def caller(installation: Installation = proved) -> Caller:
        owner = ids.owner_key_of(installation.application_id, installation.external_user_id, installation.phone)
        is_owned = is_trusted(installation, directory.applications.get(installation.application_id))
        return Caller(installation.installation_id, installation.application_id, owner, is_owned)

    return caller


def proved_caller(device_caller: Callable[..., Awaitable[Caller]]) -> Callable[..., Awaitable[Caller]]:
    """The dependency of routes that show what belongs to the owner: 403 unless the owner was proved."""
    device = Depends(device_caller)

    async def proved(caller: Caller = device) -> Caller:
        if not caller.is_trusted:
            raise Problem(403, "Proof of login required", "log in with `proof`", kind="proof-required")
        return caller

    return proved
