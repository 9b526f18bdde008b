"""Provisioning of applications and their provider credentials, `/v1/applications`."""

import secrets as random_secrets
from typing import Any

from fastapi import APIRouter
from pydantic import ValidationError

from schemas import ids
from schemas.application_events import ApplicationChanged, CredentialsChanged
from schemas.providers import Provider, ProviderName
from services.registry.bodies import Id
from services.registry.http import PROBLEMS, By, IfMatch, operator_router
from services.registry.provisioning.application_bodies import (
    ApiKeyBody,
    ApplicationCreate,
    ApplicationPatch,
    ApplicationView,
    CredentialsView,
    EnabledBody,
)
from services.registry.provisioning.partners import changes_of
from services.registry.provisioning.secret_rules import SecretRules
from services.registry.provisioning.service import Entity, Provisioning, Stamp, application_of
from services.runtime import credentials
from services.runtime.crypto.master_key import Secrets
from services.runtime.http.server import Problem, field_errors


def application_routes(provisioning: Provisioning, secrets: Secrets, rules: SecretRules) -> APIRouter:
    """All routes of applications."""
    router = operator_router("/v1/applications", "applications")
    _add_applications(router, provisioning, secrets, rules)
    _add_api_keys(router, provisioning, secrets, rules)
    _add_credentials(router, provisioning, secrets)
    return router


def _key_is_free(provisioning: Provisioning, digest: str) -> None:
    if provisioning.directory.application_by_api_key(digest) is not None:
        raise Problem(409, "API key is taken", errors=[{"field": "apiKey", "rule": "must be new"}])


def _add_applications(router: APIRouter, provisioning: Provisioning, secrets: Secrets, rules: SecretRules) -> None:
    applications = provisioning.directory.applications

    @router.post("", status_code=201, responses={409: PROBLEMS[400]})
    async def create_application(body: ApplicationCreate, by: By) -> ApplicationView:
        """Create an application. The API key, given or drawn, is in this answer only."""
        rules.check_key("apiKey", body.api_key)
        api_key = body.api_key or random_secrets.token_urlsafe(24)
        digest = secrets.digest(api_key, "api-key")
        application_id = body.application_id or ids.uuid7()
        given = {name: value for name, value in changes_of(body).items() if name not in ("api_key", "application_id")}

        def decide(current: Entity | None, stamp: Stamp) -> ApplicationChanged:
            if current is not None:
                raise Problem(409, "Application exists", errors=[{"field": "applicationId", "rule": "must be new"}])
            _key_is_free(provisioning, digest)
            made = {"application_id": application_id, "api_key_digests": (digest,), "identity": body.identity}
            return ApplicationChanged.checked(**{**stamp.fields(), **made, **given})

        return ApplicationView.of(await provisioning.change(f"application/{application_id}", decide, by=by), api_key)

    @router.get("")
    async def list_applications() -> list[ApplicationView]:
        """All applications, by id."""
        return [ApplicationView.of(applications[key]) for key in sorted(applications)]

    @router.get("/{application_id}", responses={404: PROBLEMS[400]})
    async def get_application(application_id: Id) -> ApplicationView:
        """One application."""
        return ApplicationView.of(application_of(applications.get(application_id)))

    @router.patch("/{application_id}", responses={404: PROBLEMS[400], 409: PROBLEMS[400]})
    async def change_application(
        application_id: Id, body: ApplicationPatch, by: By, if_match: IfMatch = None
    ) -> ApplicationView:
        """Change what the body names; `{"enabled": false}` switches the application off."""

        def change(application: ApplicationChanged, stamp: Stamp) -> ApplicationChanged:
            return application.changed(**{**stamp.fields(), **changes_of(body)})

        return ApplicationView.of(
            await provisioning.change_application(application_id, change, by=by, if_match=if_match)
        )


def _add_api_keys(router: APIRouter, provisioning: Provisioning, secrets: Secrets, rules: SecretRules) -> None:
    @router.post("/{application_id}/api-keys", responses={404: PROBLEMS[400], 409: PROBLEMS[400]})
    async def rotate_api_key(application_id: Id, body: ApiKeyBody, by: By, if_match: IfMatch = None) -> ApplicationView:
        """A new API key, shown in this answer only. With `keepOld` the one before works too, until it is dropped."""
        rules.check_key("apiKey", body.api_key)
        api_key = body.api_key or random_secrets.token_urlsafe(24)
        digest = secrets.digest(api_key, "api-key")

        def change(application: ApplicationChanged, stamp: Stamp) -> ApplicationChanged:
            _key_is_free(provisioning, digest)
            kept = application.api_key_digests[:1] if body.keep_old else ()
            return stamp.on(application, api_key_digests=(digest, *kept))

        return ApplicationView.of(
            await provisioning.change_application(application_id, change, by=by, if_match=if_match),
            api_key,
        )

    @router.delete("/{application_id}/api-keys/old", responses={404: PROBLEMS[400]})
    async def drop_old_api_keys(application_id: Id, by: By, if_match: IfMatch = None) -> ApplicationView:
        """End the overlap: only the newest API key goes on working."""

        def change(application: ApplicationChanged, stamp: Stamp) -> ApplicationChanged:
            return stamp.on(application, api_key_digests=application.api_key_digests[:1])

        return ApplicationView.of(
            await provisioning.change_application(application_id, change, by=by, if_match=if_match)
        )


_UPLOAD = "Upload or replace credentials, as the provider's console gives them out (snake case): " + "; ".join(
    f"{provider} {credentials.fields_of(provider)}" for provider in Provider
)


def _add_credentials(router: APIRouter, provisioning: Provisioning, secrets: Secrets) -> None:
    directory = provisioning.directory

    @router.get("/{application_id}/credentials", responses={404: PROBLEMS[400]})
    async def list_credentials(application_id: Id) -> list[CredentialsView]:
        """Which credentials there are; fingerprints only."""
        application_of(directory.applications.get(application_id))
        return [CredentialsView.of(known) for known in directory.credentials_of(application_id)]

    @router.put(
        "/{application_id}/credentials/{provider}",
        responses={404: PROBLEMS[400], 409: PROBLEMS[400]},
        description=_UPLOAD,
    )
    async def put_credentials(
        application_id: Id, provider: ProviderName, body: dict[str, Any], by: By, if_match: IfMatch = None
    ) -> CredentialsView:
        """Upload or replace credentials."""
        try:
            plain = credentials.checked(Provider(provider), body)
        except ValidationError as error:
            faults = field_errors(error.errors(include_url=False, include_context=False, include_input=False))
            raise Problem(400, "Invalid credentials", errors=faults) from None

        def decide(_: Entity | None, stamp: Stamp) -> CredentialsChanged:
            application_of(directory.applications.get(application_id))
            return CredentialsChanged(
                event_id=stamp.event_id,
                at=stamp.at,
                by=stamp.by,
                application_id=application_id,
                provider=Provider(provider),
                sealed=secrets.seal(plain, b"credentials"),
                fingerprint=secrets.digest(plain.decode(), "credentials")[:16],
                public_key=credentials.public_key(Provider(provider), plain),
            )

        key = f"credentials/{application_id}/{provider}"
        return CredentialsView.of(await provisioning.change(key, decide, by=by, if_match=if_match))

    @router.patch("/{application_id}/credentials/{provider}", responses={404: PROBLEMS[400], 409: PROBLEMS[400]})
    async def switch_credentials(
        application_id: Id, provider: ProviderName, body: EnabledBody, by: By, if_match: IfMatch = None
    ) -> CredentialsView:
        """Switch credentials on or off."""

        def decide(current: Entity | None, stamp: Stamp) -> CredentialsChanged:
            if not isinstance(current, CredentialsChanged):
                raise Problem(404, "No such credentials")
            return stamp.on(current, enabled=body.enabled)

        key = f"credentials/{application_id}/{provider}"
        return CredentialsView.of(await provisioning.change(key, decide, by=by, if_match=if_match))
