"""Who may read of installations: the operator everything, a partner those of the applications that it sends to."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from fastapi import Depends, Request

from services.runtime.access.partner_auth import Caller, CallerOf
from services.runtime.directory import Directory
from services.runtime.http.server import Problem


@dataclass(frozen=True, slots=True)
class ReadAccess:
    """Who asks, and the applications that are its to read."""

    applications: frozenset[str]

    def checked(self, application_id: str) -> str:
        """The application, if it may be read. Raises Problem 404: a stranger's is as good as none."""
        if application_id not in self.applications:
            raise Problem(404, "Unknown application")
        return application_id


ReadAccessOf = Callable[..., Awaitable[ReadAccess]]


def reader(directory: Directory, callers: CallerOf) -> ReadAccessOf:
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
