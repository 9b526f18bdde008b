"""Who an operator is: a named token, or RPNS_ADMIN_TOKEN, with which the first named one is made; or a session of an
account (`sessions/`).

    right  ─▶ the operator, as long as the token is not revoked and has not expired
    wrong  ─▶ 401; after ten from one network one more every six seconds, and 429 with the time to wait for the rest

A token that was accepted before stays accepted: nobody can lock out a colleague on the same network.
"""

import asyncio
import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

from schemas.application_events import OperatorTokenChanged
from schemas.values import OperatorScope
from services.runtime import telemetry
from services.runtime.access.sessions.statement import Session
from services.runtime.clock import now_ms
from services.runtime.crypto.master_key import Secrets
from services.runtime.directory import Directory
from services.runtime.pacing.spends import Spends
from services.runtime.pacing.token_bucket import TokenBuckets

log = telemetry.logger("operators")
PREFIX = "rpns_op_"
"""Of every named token, so that a scanner for secrets knows one when it lies in a repository."""
PURPOSE = "operator-token"
AUDIT_PURPOSE = "audit"
"""Of the fingerprints in the audit trail."""
BOOTSTRAP = "bootstrap"
FREE_FAILURES = 10
FORGIVEN_EVERY_S = 6.0
BEHIND_S = 3.0
_LOOK_S = 0.01
_MOST_NETWORKS = 20_000
_MOST_TOKEN = 512


@dataclass(frozen=True, slots=True)
class Operator:
    """`by` is what events say of who caused them; `operator_id` is empty for the token of the settings.

    `session`: the operator has signed in to an account, and shows no token.
    """

    by: str
    scopes: tuple[OperatorScope, ...]
    operator_id: str = ""
    session: Session | None = None

    @property
    def entity_key(self) -> str:
        """Of the account or token, in `application-events`; empty for the token of the settings."""
        if self.session is not None:
            return f"account/{self.session.account_id}"
        return f"operator/{self.operator_id}" if self.operator_id else ""


@dataclass(frozen=True, slots=True)
class Wrong:
    """No token of ours. `retry_after_s` is 0, or how long the network is to wait."""

    retry_after_s: int = 0


class OperatorTokens:
    """Checks tokens against the directory as it is at that moment. One for each process."""

    def __init__(
        self,
        directory: Directory,
        secrets: Secrets,
        admin_token: str,
        clock_s: Callable[[], float] = time.monotonic,
        *,
        spends: Spends | None = None,
    ) -> None:
        self.directory, self.secrets, self._clock_s = directory, secrets, clock_s
        self._admin_digest = secrets.digest(admin_token, PURPOSE) if admin_token else ""
        self._taken: set[str] = set()
        self._guesses = TokenBuckets(1 / FORGIVEN_EVERY_S, FREE_FAILURES, _MOST_NETWORKS)  # by network's name
        if spends is not None:
            spends.follow("guesses/operator", self._guesses)

    def check(self, authorization: str, network: str) -> Operator | Wrong:
        """The operator of `Authorization: Bearer <token>`, from a network as `callers.network_of` names it."""
        scheme, _, given = authorization.partition(" ")
        token = given.strip()
        if scheme.lower() != "bearer" or not token or len(token) > _MOST_TOKEN:
            return Wrong()
        digests = self.secrets.digests(token, PURPOSE)
        wait_s = self._wait_s(network) if digests[0] not in self._taken else 0
        if wait_s:
            telemetry.OPERATOR_TOKENS_REFUSED.labels("slowed down").inc()
            return Wrong(wait_s)
        found = self._operator(digests)
        if found is None:
            self._count(network)
            telemetry.OPERATOR_TOKENS_REFUSED.labels("wrong").inc()
            return Wrong()
        self._taken.add(digests[0])
        return found

    async def has_heard_of(self, session: Session) -> None:
        """Wait until the directory has the account as it was when the session began: the registry may have written that
        a moment ago. `BEHIND_S` at most; whoever asks then decides by what there is."""
        until_s = time.monotonic() + BEHIND_S
        while session.is_news_to(self.directory.accounts.get(session.account_id)):
            if time.monotonic() > until_s:
                return
            await asyncio.sleep(_LOOK_S)

    def of_session(self, session: Session) -> Operator | None:
        """The operator whose session it is, with the scopes that the account has now; None when it holds no more."""
        account = session.account_in(self.directory.accounts, now_ms())
        if account is None:
            return None
        return Operator(f"operator:{account.name}", account.scopes, session=session)

    def fingerprint(self, text: str) -> str:
        """Tells two texts apart, for who does not know the master key: what the audit trail says of secrets."""
        return self.secrets.digest(text, AUDIT_PURPOSE)

    def _operator(self, digests: list[str]) -> Operator | None:
        if self._admin_digest and hmac.compare_digest(digests[0], self._admin_digest):
            return Operator(BOOTSTRAP, ("admin",))
        for digest in digests:
            token = self.directory.operator_by_digest(digest)
            if token is None or not hmac.compare_digest(digest, token.digest):
                continue
            if not _is_good(token):
                return None
            return Operator(f"operator:{token.name}", token.scopes, token.operator_id)
        return None

    def _named(self, network: str) -> str:
        """The other instances hear of it: a name that tells nothing to who reads it."""
        return self.secrets.digest(network, "operator-pace")

    def _wait_s(self, network: str) -> int:
        """Whole seconds until this network may try a token again."""
        return ceil(self._guesses.wait_s(self._named(network), self._clock_s()))

    def _count(self, network: str) -> None:
        now_s = self._clock_s()
        name = self._named(network)
        could_try = not self._guesses.wait_s(name, now_s)
        self._guesses.take_on_credit(name, now_s)
        if could_try and self._guesses.wait_s(name, now_s):
            log.warning("wrong operators' tokens of a network are slowed down", network=network)


def still_holds(operator: Operator, directory: Directory) -> bool:
    """Whether the token or session of an operator who was let in is still good: for what goes on for long.

    Other scopes than those it was let in with end it too: whoever comes back is asked what it may do now.
    """
    if operator.session is not None:
        account = operator.session.account_in(directory.accounts, now_ms())
        return account is not None and account.scopes == operator.scopes
    token = directory.operators.get(operator.operator_id)
    return not operator.operator_id or (token is not None and _is_good(token))


def _is_good(token: OperatorTokenChanged) -> bool:
    return not token.revoked and (token.expires_at is None or token.expires_at > now_ms())
