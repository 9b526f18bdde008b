"""Which group of the login is which scope here: `rpns-admins=admin,helpdesk=support`. Pure.

The last `=` divides, so a group may hold some. Between the pairs stands a comma, or a semicolon where groups hold
commas, as names of a directory do: `CN=Helpdesk,OU=Groups=support;CN=Admins,OU=Groups=admin`.
"""

from collections.abc import Iterable, Mapping
from typing import get_args

from schemas.values import OperatorScope

Roles = Mapping[str, tuple[OperatorScope, ...]]
_SCOPES: dict[str, OperatorScope] = {scope: scope for scope in get_args(OperatorScope)}


def roles_of(text: str) -> Roles:
    """The scopes of each group. Raises ValueError, whose text is the rule."""
    found: dict[str, tuple[OperatorScope, ...]] = {}
    for pair in filter(None, (part.strip() for part in text.split(";" if ";" in text else ","))):
        group, divider, name = (part.strip() for part in pair.rpartition("="))
        scope = _SCOPES.get(name)
        if not divider or not group or scope is None:
            raise ValueError(f"must be pairs as group=scope, where the scope is {', '.join(_SCOPES)}")
        found[group] = (*found.get(group, ()), scope)
    if not found:
        raise ValueError("must name at least one group")
    return found


def scopes_of(groups: Iterable[str], roles: Roles) -> tuple[OperatorScope, ...]:
    """All scopes that these groups give, from the least to the greatest; none: they may do nothing here."""
    given = {scope for group in groups for scope in roles.get(group, ())}
    return tuple(scope for scope in _SCOPES.values() if scope in given)
