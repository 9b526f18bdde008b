"""Keys that proofs of login are verified with, `/v1/applications/{id}/identity-keys`. See docs/features/identity.md."""

import secrets as random_secrets
from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

from fastapi import APIRouter, Query

from schemas.application_events import ApplicationChanged, IdentityKey
from services.registry.bodies import BadField, Id
from services.registry.http import PROBLEMS, By, IfMatch, operator_router
from services.registry.identity import keys as identity_keys
from services.registry.identity.keys import BadKey
from services.registry.provisioning import ApplicationView, IdentityKeyBody, Provisioning, Stamp
from services.runtime.crypto.master_key import Secrets
from services.runtime.http.server import Problem
from services.runtime.text.storable import Text

Checked = TypeVar("Checked")
_FORMS = ("pem", "jwks", "secret")


def identity_key_routes(provisioning: Provisioning, secrets: Secrets) -> APIRouter:
    """All routes of these keys."""
    router = operator_router("/v1/applications", "applications")

    @router.post("/{application_id}/identity-keys", responses={404: PROBLEMS[400], 409: PROBLEMS[400]})
    async def add_identity_keys(
        application_id: Id, body: IdentityKeyBody, by: By, if_match: IfMatch = None
    ) -> ApplicationView:
        """Add a public key (`pem`), those of a file (`jwks`), or a `secret`; an empty one is drawn and shown once."""
        drawn = random_secrets.token_urlsafe(32) if body.secret == "" else None
        new = _given(body, drawn, secrets)

        def change(application: ApplicationChanged, stamp: Stamp) -> ApplicationChanged:
            added = [key.replace(added_at=stamp.at) for key in new]
            keys = _checked(lambda: identity_keys.joined(application.identity_keys, added))
            return stamp.on(application, identity_keys=keys)

        changed = await provisioning.change_application(application_id, change, by=by, if_match=if_match)
        return ApplicationView.of(changed, secret=drawn)

    @router.delete("/{application_id}/identity-keys", responses={404: PROBLEMS[400], 409: PROBLEMS[400]})
    async def end_identity_key(
        application_id: Id, by: By, kid: Annotated[Text, Query(max_length=64)] = "", if_match: IfMatch = None
    ) -> ApplicationView:
        """End a key: proofs that it has signed are taken no more. What they have proved stays proved (see revoke)."""

        def change(application: ApplicationChanged, stamp: Stamp) -> ApplicationChanged:
            left = tuple(key for key in application.identity_keys if key.kid != kid)
            if len(left) == len(application.identity_keys):
                raise Problem(404, "Unknown key", errors=[{"field": "kid", "rule": "must be that of a key"}])
            return stamp.on(application, identity_keys=left)

        return ApplicationView.of(
            await provisioning.change_application(application_id, change, by=by, if_match=if_match)
        )

    return router


def _checked(judge: Callable[[], Checked]) -> Checked:
    """What a pure rule says, its refusal in this API's words. Raises BadField."""
    try:
        return judge()
    except BadKey as error:
        raise BadField(error.field, error.rule) from None


def _given(body: IdentityKeyBody, drawn: str | None, secrets: Secrets) -> Sequence[IdentityKey]:
    """The keys of the body. Raises BadField."""
    if sum(getattr(body, name) is not None for name in _FORMS) != 1:
        raise BadField("pem", "give one of pem, jwks and secret")
    if body.jwks is not None:
        if body.kid:
            raise BadField("kid", "is in the JWKS itself, for each of its keys")
        return _checked(lambda: identity_keys.of_jwks(body.jwks))
    if body.pem is not None:
        return [_checked(lambda: identity_keys.of_pem(body.pem or "", body.kid))]
    secret = _checked(lambda: identity_keys.secret_of(drawn or body.secret or ""))
    kid = _checked(lambda: identity_keys.checked_kid("kid", body.kid))
    return [IdentityKey(kid=kid, alg="HS256", sealed=secrets.seal(secret, b"identity"))]
