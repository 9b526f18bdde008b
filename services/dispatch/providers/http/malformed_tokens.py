"""Finds out whether the token or the message is malformed, where the answer does not say, by an empty message.

    refused ─▶ the token has worked before ─▶ the message is at fault
            ─▶ asked for this token:  taken ─▶ the message is at fault
                                    refused ─▶ asked for one that was just accepted:  taken ─▶ the token is at fault
                                                                                    refused ─▶ nobody can tell

The provider only checks the empty message (`validate_only`); it reaches nobody. Few are sent: one after another, at
most one pair in a second, and while nothing is asked the token stays. So no bad message ever retires a token, and a
token that is malformed goes with one of its next pushes.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

from services.dispatch.provider import Accepted, Push, Rejected, Result, TokenGone

EVERY_S: Final = 1.0
EMPTY_TTL: Final = "60s"
Ask = Callable[[str], Awaitable[Result]]


class MalformedTokens:
    """The tokens of one sender. `ask` sends an empty message to a token, and raises nothing but CancelledError."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._control: str | None = None  # a token that was accepted; held in memory only
        self._is_asking = False
        self._next_at = float("-inf")

    async def answered(self, push: Push, result: Result) -> Result:
        """The result of a push; where a refusal leaves open which is at fault, what was found out."""
        if isinstance(result, Accepted):
            self._control = push.token
        if not isinstance(result, Rejected) or not result.unclear:
            return result
        if not push.token_worked and await self._is_malformed(push.token):
            return TokenGone(f"{result.detail}, of an empty message too", result.status, needs_proof=True)
        return replace(result, unclear=False)

    async def _is_malformed(self, token: str) -> bool:
        now, control = asyncio.get_running_loop().time(), self._control
        if control is None or control == token or self._is_asking or now < self._next_at:
            return False
        self._is_asking, self._next_at = True, now + EVERY_S
        try:
            of_token = await self._ask(token)
            if not isinstance(of_token, Rejected) or not of_token.unclear:
                return False
            return isinstance(await self._ask(control), Accepted)
        finally:
            self._is_asking = False
