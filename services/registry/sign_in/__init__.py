"""How named operators sign in to the console: accounts with passwords, and the sessions that they begin."""

from services.registry.sign_in.accounts import Accounts, account_of
from services.registry.sign_in.entrance import Entrance, SessionView

__all__ = ["Accounts", "Entrance", "SessionView", "account_of"]
