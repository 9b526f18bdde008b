"""Who is calling the device API: an application by its API key, an installation by its credential.

Shared by the processes that have device routes: `registry` (what a device is) and `status` (what it was sent). Each
brings the look-up of its own view of an installation. Who calls too often is answered 429 (`device_pace.py`).
Source: docs/design.md §6.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, Generic, Protocol, TypeVar
from uuid import UUID

from fastapi import Header, Request, Security

from schemas.application_events import ApplicationChanged
from services.runtime.access.device_pace import DevicePace
from services.runtime.cross_origin import answers_page
from services.runtime.crypto.master_key import Secrets
from services.runtime.directory import Directory
from services.runtime.http.security_schemes import APPLICATION, INSTALLATION
from services.runtime.http.server import Problem

MAX_AUTHORIZATION = 512
"""Characters of the header."""
ApiKey = Annotated[str | None, Header(alias="X-Api-Key", max_length=256, include_in_schema=False)]
OwnApiKey = Annotated[str | None, Header(alias="X-Api-Key", max_length=256, description="may be given: is checked")]
Bearer = Annotated[str | None, Header(alias="Authorization", max_length=MAX_AUTHORIZATION, include_in_schema=False)]


class Authenticatable(Protocol):
    """What authentication needs of an installation; an imported one has no proof, so nobody can speak for it."""

    @property
    def application_id(self) -> str: ...
    @property
    def proof_hash(self) -> str: ...


Found = TypeVar("Found", bound=Authenticatable)


class DeviceAuth(Generic[Found]):
    """Authenticates callers of the device API; its methods are FastAPI dependencies."""

    def __init__(
        self,
        find: Callable[[str], Awaitable[Found | None]],
        directory: Directory,
        secrets: Secrets,
        pace: DevicePace,
    ) -> None:
        self._find, self.directory, self.secrets, self.pace = find, directory, secrets, pace

    def application(
        self, request: Request, api_key: ApiKey = None, _: None = Security(APPLICATION)
    ) -> ApplicationChanged:
        """The application whose key is in X-Api-Key."""
        self.pace.called(request.scope)
        found = self._application(api_key)
        answers_page(request.scope, found)
        self.pace.proved(found.application_id)
        return found

    def installing(
        self, request: Request, api_key: ApiKey = None, _: None = Security(APPLICATION)
    ) -> ApplicationChanged:
        """The same, for a call that may make an installation."""
        found = self.application(request, api_key)
        self.pace.installs(request.scope, found.application_id)
        return found

    def _application(self, api_key: str | None) -> ApplicationChanged:
        found = None
        for digest in self.secrets.digests(api_key or "", "api-key"):
            found = found or self.directory.application_by_api_key(digest)
        if found is None:
            raise Problem(401, "Unknown API key", "X-Api-Key must hold a key of an application")
        if not found.enabled:
            raise Problem(403, "Application is switched off")
        return found

    async def installation(
        self,
        request: Request,
        installation_id: UUID,
        authorization: Bearer = None,
        api_key: OwnApiKey = None,
        __: None = Security(INSTALLATION),
    ) -> Found:
        """The installation in the path, proved by the credential that it was given at install."""
        self.pace.called(request.scope)
        key = str(installation_id)
        scheme, _, credential = (authorization or "").partition(" ")
        found = await self._find(key) if scheme.lower() == "bearer" else None
        if found is None or not self._is_its_own(credential.strip(), key, found):
            raise Problem(401, "Wrong credential", "Authorization must be: Bearer <credential of this installation>")
        application = self.directory.applications.get(found.application_id)
        if application is not None:
            answers_page(request.scope, application)
        self.pace.proved(found.application_id, key)
        if api_key is not None and self._application(api_key).application_id != found.application_id:
            raise Problem(401, "Wrong API key", "the installation belongs to another application")
        if application is None or not application.enabled:
            raise Problem(403, "Application is switched off")
        return found

    def _is_its_own(self, credential: str, installation_id: str, found: Found) -> bool:
        if not found.proof_hash:
            return False
        application_id = self.secrets.application_of(credential, installation_id)
        if application_id is not None:
            return application_id == found.application_id
        return self.secrets.former_credential_holds(credential, installation_id, found.proof_hash)
