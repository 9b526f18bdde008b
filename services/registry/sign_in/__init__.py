"""How named operators sign in to the console: accounts with passwords, and the sessions that they begin."""

from services.registry.sign_in.account_routes import account_routes
from services.registry.sign_in.accounts import Accounts, account_of
from services.registry.sign_in.entrance import Entrance, SessionView
from services.registry.sign_in.pace import SignInPace
from services.registry.sign_in.passwords import Passwords
from services.registry.sign_in.session_routes import session_routes
from services.registry.sign_in.wiring import open_sign_in

__all__ = [
    "Accounts",
    "Entrance",
    "Passwords",
    "SessionView",
    "SignInPace",
    "account_of",
    "account_routes",
    "open_sign_in",
    "session_routes",
]
