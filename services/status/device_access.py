"""Devices that ask this process: proved by their credential, and not too often.

A device that asks more than 30 times at once or twice a second for long is answered 429: an app pulls its history
when it starts and fetches a message when a push comes.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from fastapi import Depends

from schemas import ids
from services import web
from services.device_door import DeviceDoor
from services.directory import Directory
from services.installations import Installation, Installations
from services.request_pace import RequestPace
from services.secrets import Secrets
from services.status.fold_inbox import inbox_owner

PER_S, BURST = 2.0, 30


@dataclass(frozen=True, slots=True)
class Caller:
    """A proved installation; `owner` is empty when nobody is logged in."""

    installation_id: str
    application_id: str
    owner: str

    @property
    def inbox(self) -> str:
        """Whose history it reads (`fold_inbox.py`)."""
        return inbox_owner(self.owner, self.installation_id)


def device_caller(
    installations: Installations, directory: Directory, secrets: Secrets
) -> Callable[..., Awaitable[Caller]]:
    """The dependency that every device route has. Answers 401, 403 or 429."""

    async def find(installation_id: str) -> Installation | None:
        return (await installations.by_ids([installation_id])).get(installation_id)

    door, pace = DeviceDoor(find, directory, secrets), RequestPace(PER_S, BURST)

    proved = Depends(door.installation)

    async def who(one: Installation = proved) -> Caller:
        if not pace.admits(one.installation_id, time.monotonic()):
            raise web.Problem(429, "Too many requests", f"at most {BURST} at once and {PER_S:g} a second")
        owner = ids.owner_key_of(one.application_id, one.external_user_id, one.phone)
        return Caller(one.installation_id, one.application_id, owner)

    return who
