"""Named tokens of operators, `/v1/operators`: made, listed and revoked with the scope `admin`.

POST   /v1/operators        {name, scopes, expiresAt}: 201 with the token, which is in this answer only
GET    /v1/operators        all that were ever made, and whether they work
DELETE /v1/operators/{id}   ends one for good, within a second
"""

import secrets as random_secrets
from operator import attrgetter
from typing import Annotated

from fastapi import APIRouter
from pydantic import AfterValidator, Field, StrictInt, StringConstraints

from schemas import ids
from schemas.application_events import OperatorTokenChanged
from schemas.values import OperatorScope
from services.registry.bodies import AnswerModel, BadField, Id, RequestModel
from services.registry.http import PROBLEMS, By, operator_router
from services.registry.provisioning.service import Entity, Provisioning, Stamp
from services.runtime.access.audit import note_change, state_of
from services.runtime.access.operator_tokens import BOOTSTRAP, PREFIX, PURPOSE
from services.runtime.access.refusals import OTHERS, STRANGER
from services.runtime.clock import now_ms
from services.runtime.crypto.master_key import Secrets
from services.runtime.http.field_rules import form
from services.runtime.http.server import Problem

_TOKEN_BYTES = 32
_MOST = 1_000
"""Tokens that work at the same time."""
_FARTHEST_MS = 4_102_444_800_000  # the year 2100
_OF_THE_TRAIL = frozenset((BOOTSTRAP, STRANGER, OTHERS, "operator", "partner", "kafka"))


def _free(name: str) -> str:
    if name in _OF_THE_TRAIL:
        raise ValueError("must be another name: the audit trail uses this one for itself")
    return name


OperatorName = Annotated[
    str,
    StringConstraints(
        pattern=form(
            r"^[a-z0-9][a-z0-9._@-]{0,63}$",
            "must be 1 to 64 small letters, digits and . _ @ -, a letter or digit first",
        )
    ),
    AfterValidator(_free),
]


class OperatorCreate(RequestModel):
    """Whose token it is to be, and what it may do."""

    name: OperatorName = Field(description="small letters, digits and . _ @ -; events name it")
    scopes: Annotated[list[OperatorScope], Field(min_length=1, max_length=4)]
    expires_at: Annotated[StrictInt, Field(le=_FARTHEST_MS)] | None = Field(None, description="UTC ms; null: never")


class OperatorView(AnswerModel):
    """A token. `token` only in the answer that made it."""

    operator_id: str
    name: str
    scopes: list[OperatorScope]
    state: str = Field(description="works, expired, revoked")
    created_at: int
    expires_at: int | None
    changed_at: int
    by: str = Field(description="who made it, or has revoked it")
    token: str | None = None

    @classmethod
    def of(cls, operator: OperatorTokenChanged, token: str | None = None) -> "OperatorView":
        state = "revoked" if operator.revoked else "expired" if _has_expired(operator) else "works"
        return cls.shown(operator, state=state, changed_at=operator.at, token=token)


def operator_routes(provisioning: Provisioning, secrets: Secrets) -> APIRouter:
    """All routes of operators."""
    router = operator_router("/v1/operators", "operators")
    operators = provisioning.directory.operators

    @router.post("", status_code=201, responses={409: PROBLEMS[400]})
    async def create_operator(body: OperatorCreate, by: By) -> OperatorView:
        """A new token, shown in this answer only. A name has one token that works; to change it, use a second name."""
        token = PREFIX + random_secrets.token_urlsafe(_TOKEN_BYTES)
        operator_id = ids.uuid7()

        def decide(_: Entity | None, stamp: Stamp) -> OperatorTokenChanged:
            if body.expires_at is not None and body.expires_at <= stamp.at:
                raise BadField("expiresAt", "must be in the future")
            _is_free(provisioning, body.name)
            return OperatorTokenChanged(
                event_id=stamp.event_id,
                at=stamp.at,
                by=stamp.by,
                operator_id=operator_id,
                name=body.name,
                scopes=tuple(dict.fromkeys(body.scopes)),
                digest=secrets.digest(token, PURPOSE),
                created_at=stamp.at,
                expires_at=body.expires_at,
            )

        return OperatorView.of(await provisioning.change(f"operator/{operator_id}", decide, by=by), token)

    @router.get("")
    async def list_operators() -> list[OperatorView]:
        """The oldest first, those that were revoked among them."""
        return [OperatorView.of(known) for known in sorted(operators.values(), key=attrgetter("created_at"))]

    @router.delete("/{operator_id}", responses={404: PROBLEMS[400]})
    async def revoke_operator(operator_id: Id, by: By) -> OperatorView:
        """End a token for good; repeats change nothing."""
        if (known := operators.get(operator_id)) is not None and known.revoked:
            note_change(known.entity_key, state_of(known), state_of(known))
            return OperatorView.of(known)

        def decide(current: Entity | None, stamp: Stamp) -> OperatorTokenChanged:
            if not isinstance(current, OperatorTokenChanged):
                raise Problem(404, "Unknown operator", "no token has this id")
            return stamp.on(current, revoked=True)

        return OperatorView.of(await provisioning.change(f"operator/{operator_id}", decide, by=by))

    return router


def _is_free(provisioning: Provisioning, name: str) -> None:
    known = provisioning.directory.operators.values()
    works = [operator for operator in known if not operator.revoked and not _has_expired(operator)]
    if any(operator.name == name for operator in works):
        raise Problem(409, "Name is taken", errors=[{"field": "name", "rule": "must have no token that works"}])
    if len(works) >= _MOST:
        raise Problem(409, "Too many operators", f"at most {_MOST} tokens work at the same time")


def _has_expired(operator: OperatorTokenChanged) -> bool:
    return operator.expires_at is not None and operator.expires_at <= now_ms()
