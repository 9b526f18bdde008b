"""Who is calling: an application by its API key, an installation by its credential, an operator by the admin token."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Header, Request

from schemas.application_events import ApplicationChanged
from services.directory import Directory
from services.registry.devices_state import Device
from services.registry.store import Devices
from services.secrets import Secrets
from services.web import Problem, is_admin

ApiKey = Annotated[str | None, Header(alias="X-Api-Key", max_length=256)]
Bearer = Annotated[str | None, Header(alias="Authorization", max_length=512)]


@dataclass(frozen=True)
class Doors:
    """The checks; their methods are FastAPI dependencies."""

    devices: Devices
    directory: Directory
    secrets: Secrets
    admin_token: str

    def application(self, api_key: ApiKey = None) -> ApplicationChanged:
        """The application whose key is in X-Api-Key."""
        found = None
        for digest in self.secrets.digests(api_key or "", "api-key"):
            found = found or self.directory.application_by_api_key(digest)
        if found is None:
            raise Problem(401, "Unknown API key", "X-Api-Key must hold a key of an application")
        if not found.enabled:
            raise Problem(403, "Application is switched off")
        return found

    async def installation(self, installation_id: UUID, authorization: Bearer = None, api_key: ApiKey = None) -> Device:
        """The installation in the path, proved by the credential that it was given at install."""
        key = str(installation_id)
        scheme, _, credential = (authorization or "").partition(" ")
        found = (await self.devices.load([key])).get(key) if scheme.lower() == "bearer" else None
        holds = (
            found is not None
            and bool(found.proof_hash)  # imported ones have none, and nobody speaks for them
            and self.secrets.credential_holds(credential.strip(), key, found.proof_hash)
        )
        if found is None or not holds:
            raise Problem(401, "Wrong credential", "Authorization must be: Bearer <credential of this installation>")
        if api_key is not None and self.application(api_key).application_id != found.application_id:
            raise Problem(401, "Wrong API key", "the installation belongs to another application")
        application = self.directory.applications.get(found.application_id)
        if application is None or not application.enabled:
            raise Problem(403, "Application is switched off")
        return found

    def admin(self, request: Request) -> None:
        """The admin token."""
        if not is_admin(request, self.admin_token):
            raise Problem(401, "Admin token needed", "Authorization must be: Bearer <admin token>")
