"""Who has signed in, and what that person may do here, by the claims of an ID token that holds. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.values import OperatorScope
from services.registry.sign_in.oidc.refusals import SignInRefused
from services.runtime.access.oidc.roles import Roles, scopes_of
from services.runtime.text.storable import fault_of

MOST_OF_NAME = 100
PREFIX = "oidc:"
"""Before the name in the account's: names of accounts with a password hold no colon."""
_EMAIL = "email"


@dataclass(frozen=True, slots=True)
class Person:
    """`subject` is the login's own id of the person, who may be renamed."""

    subject: str
    name: str
    scopes: tuple[OperatorScope, ...]


@dataclass(frozen=True, slots=True)
class Claims:
    """Which of them hold what, and which group is which scope."""

    groups: str
    names: Sequence[str]
    roles: Roles


def person_of(claims: Mapping[str, Any], wanted: Claims) -> Person:
    """Raises SignInRefused, which names the claim that lacks something."""
    groups = _groups(_claim(claims, wanted.groups))
    if groups is None:
        raise SignInRefused("no-groups", f"the ID token has no groups in {wanted.groups}", wanted.groups)
    scopes = scopes_of(groups, wanted.roles)
    if not scopes:
        raise SignInRefused(
            "no-role", f"{len(groups)} groups in {wanted.groups}, none in RPNS_OIDC_ROLES", wanted.groups
        )
    for name in wanted.names:
        found = _name(_claim(claims, name))
        if found and not (name == _EMAIL and claims.get("email_verified") is False):
            return Person(str(claims["sub"]), f"{PREFIX}{found}", scopes)
    listed = ", ".join(wanted.names)
    raise SignInRefused("no-name", f"the ID token has no name in {listed}", listed)


def _claim(claims: Mapping[str, Any], path: str) -> object:
    """By its whole name, which may hold dots, or one part after the other: `realm_access.roles`."""
    if path in claims:
        return claims[path]
    first, dot, rest = path.partition(".")
    inner = claims.get(first)
    return _claim(inner, rest) if dot and isinstance(inner, dict) else None


def _groups(found: object) -> list[str] | None:
    if isinstance(found, str):
        return [found]
    return [group for group in found if isinstance(group, str)] if isinstance(found, list) else None


def _name(found: object) -> str:
    """Somebody's name as it can be told; empty for what can not."""
    if not isinstance(found, str) or not found.isprintable() or fault_of(found) is not None:
        return ""
    name = found.strip()
    return name if len(name) <= MOST_OF_NAME else ""
