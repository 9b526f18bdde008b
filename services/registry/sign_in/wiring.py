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


def open_sign_in(foundation: Foundation, rules: SecretRules) -> list[APIRouter]:
    """The routes. What they hold is closed with the process."""
    secrets, directory = foundation.secrets, foundation.directory
    lock = ProvisioningLock(foundation.database, "accounts")
    accounts = Accounts(Provisioning(directory, foundation.log, lock))
    pace = SignInPace(foundation.rates.spends, lambda text: secrets.digest(text, "sign-in-pace"))
    passwords = Passwords(directory, pace)
    foundation.process.stack.callback(passwords.close)
    entrance = Entrance(directory, secrets, foundation.trusted_proxies)
    return [
        account_routes(accounts, passwords),
        session_routes(accounts, entrance, passwords, rules),
        open_oidc(foundation, accounts.provisioning, entrance),
    ]
