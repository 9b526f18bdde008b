"""Opens the ways to sign in."""

from fastapi import APIRouter

from services.registry.foundation import Foundation
from services.registry.provisioning import Provisioning, ProvisioningLock, SecretRules
from services.registry.sign_in.account_routes import account_routes
from services.registry.sign_in.accounts import Accounts
from services.registry.sign_in.entrance import Entrance
from services.registry.sign_in.oidc import open_oidc
from services.registry.sign_in.pace import SignInPace
from services.registry.sign_in.passwords import Passwords
from services.registry.sign_in.session_routes import session_routes
from services.runtime.access.oidc.roles import roles_of
from services.runtime.settings import Settings


def open_sign_in(foundation: Foundation, rules: SecretRules) -> list[APIRouter]:
    """The routes. What they hold is closed with the process."""
    secrets, directory = foundation.secrets, foundation.directory
    lock = ProvisioningLock(foundation.database, "accounts")
    accounts = Accounts(Provisioning(directory, foundation.log, lock), has_other_admins(foundation.process.settings))
    pace = SignInPace(foundation.rates.spends, lambda text: secrets.digest(text, "sign-in-pace"))
    passwords = Passwords(directory, pace)
    foundation.process.stack.callback(passwords.close)
    entrance = Entrance(directory, secrets, foundation.trusted_proxies)
    return [
        account_routes(accounts, passwords),
        session_routes(accounts, entrance, passwords, rules),
        open_oidc(foundation, accounts.provisioning, entrance),
    ]


def has_other_admins(settings: Settings) -> bool:
    """Whether admins get in without an account of ours: by the token of the settings, or a group of the company."""
    if settings.admin_token:
        return True
    return bool(settings.oidc_issuer) and any("admin" in scopes for scopes in roles_of(settings.oidc_roles).values())
