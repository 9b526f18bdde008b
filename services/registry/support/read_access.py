"""Read access to installations: an operator has it to all, a partner to those of the applications it sends to."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from fastapi import Depends, Request

from services.runtime.access.partner_auth import Caller, CallerOf
from services.runtime.directory import Directory
from services.runtime.http.server import Problem


@dataclass(frozen=True, slots=True)
class ReadAccess:
    """What a caller may read: these applications."""

    applications: frozenset[str]

    def checked(self, application_id: str) -> str:
        """The application, if it may be read. Raises Problem 404, as for one that does not exist."""
        if application_id not in self.applications:
            raise Problem(404, "Unknown application")
        return application_id


ReadAccessDependency = Callable[..., Awaitable[ReadAccess]]


def read_access(directory: Directory, callers: CallerOf) -> ReadAccessDependency:
    """The dependency of routes that operators and partners share."""
    who = Depends(callers)

    async def found(_: Request, asking: Caller = who) -> ReadAccess:
        if asking.partner is None:
            return ReadAccess(frozenset(directory.applications))
        own = (
            sender.application_id
            for sender in directory.senders_of(asking.partner.partner_id)
            if sender.enabled and sender.application_id is not None
        )
        return ReadAccess(frozenset(own))

    return found
