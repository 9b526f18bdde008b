"""The account of somebody who signs in at the company's login: made at the first time, and kept as the login says.

Whose it is tells the login's own id of the person, so a renamed one stays the same. It has no password. Its scopes are
those of the groups at the last sign-in; where they, or the name, are others than before, it is changed, and the
sessions that go on have what it has now. Like any account it is listed, switched off, signed out and deleted by
administrators; one that was deleted is made anew under its id, and none of its sessions of before holds.
"""

import hashlib
from typing import Final

from schemas.application_events import AccountChanged
from services.registry.provisioning import Entity, Provisioning, Stamp
from services.registry.sign_in.oidc.person import Person
from services.registry.sign_in.oidc.refusals import SignInRefused
from services.runtime.http.server import Problem

START: Final = "oidc-"
"""Of the ids of these accounts."""


def account_id_of(issuer: str, subject: str) -> str:
    """The same for the same person, whatever the instance."""
    return START + hashlib.sha256(f"{len(issuer)}/{issuer}/{subject}".encode()).hexdigest()[:32]


def is_of_login(account_id: str) -> bool:
    """Whether it is such an account: the login has its password, and says what it may do."""
    return account_id.startswith(START)


async def account_of(provisioning: Provisioning, issuer: str, person: Person) -> AccountChanged:
    """The account, as it is now. Raises SignInRefused."""
    account_id = account_id_of(issuer, person.subject)
    known = provisioning.directory.accounts.get(account_id)
    if known is not None and not known.deleted and not known.enabled:
        raise SignInRefused("disabled", "the account is switched off")
    if known is not None and (known.name, known.scopes) == (person.name, person.scopes):
        return known

    def decide(current: Entity | None, stamp: Stamp) -> AccountChanged:
        if isinstance(current, AccountChanged):
            anew = {"deleted": False, "enabled": True, "created_at": stamp.at, "sessions_since": stamp.at}
            return stamp.on(current, name=person.name, scopes=person.scopes, **(anew if current.deleted else {}))
        return AccountChanged(
            event_id=stamp.event_id,
            at=stamp.at,
            by=stamp.by,
            account_id=account_id,
            name=person.name,
            scopes=person.scopes,
            created_at=stamp.at,
        )

    try:
        changed = await provisioning.change(f"account/{account_id}", decide, by=f"operator:{person.name}")
    except Problem as problem:
        raise SignInRefused("unavailable", problem.body.title) from None
    if not changed.enabled:
        raise SignInRefused("disabled", "the account is switched off")
    return changed
