"""The pace of failed logins, over all instances: how often a password may be guessed. Pure; times in monotonic s.

    counted for                  at once   then one each   beyond that
    a login from one network          10             6 s   refused
    a network, over all logins        40             1 s   refused
    a login, over all networks       100             1 s   delayed: a botnet must not lock a partner out

A network is an IPv4 address or the /64 of an IPv6 one (`services/runtime/access/callers.py`). Unknown logins count as
one login of their network and share no ceiling, since nobody can be locked out of them. What one instance counts, the
others hear of (`services/runtime/pacing/spends.py`), under names that tell nothing to who reads them.
"""

from collections.abc import Callable

from services.runtime.pacing.spends import Spends
from services.runtime.pacing.token_bucket import TokenBuckets

_MOST_KEPT = 20_000


class LoginPace:
    """Counts a guess before it is looked at, because guesses come side by side; a right one is given back."""

    def __init__(self, spends: Spends | None = None, named: Callable[[str], str] = str) -> None:
        self._named = named
        self._of_both = TokenBuckets(1 / 6, 10, _MOST_KEPT)
        self._of_network = TokenBuckets(1, 40, _MOST_KEPT)
        self._of_login = TokenBuckets(1, 100, _MOST_KEPT)
        if spends is not None:
            spends.follow("guesses/both", self._of_both)
            spends.follow("guesses/network", self._of_network)
            spends.follow("guesses/login", self._of_login)

    def begin(self, login: str, network: str, now_s: float) -> float | None:
        """The seconds to wait before the password is looked at; None refuses. An unknown login is empty."""
        both, login, network = self._names(login, network)
        if self._of_both.wait_s(both, now_s) or self._of_network.wait_s(network, now_s):
            return None
        self._of_both.take(both, now_s)
        self._of_network.take(network, now_s)
        return self._of_login.take_on_credit(login, now_s) if login else 0.0

    def wait_s(self, login: str, network: str, now_s: float) -> float:
        """The seconds after which `begin` takes the next guess, and those of this login that are delayed are over."""
        both, login, network = self._names(login, network)
        waits = [self._of_both.wait_s(both, now_s), self._of_network.wait_s(network, now_s)]
        return max(*waits, self._of_login.wait_s(login, now_s, 0) if login else 0.0)

    def was_right(self, login: str, network: str, now_s: float) -> None:
        """What `begin` has counted was no failure."""
        both, login, network = self._names(login, network)
        self._of_both.forget(both)
        self._of_network.give_back(network, now_s)
        self._of_login.give_back(login, now_s)

    def _names(self, login: str, network: str) -> tuple[str, str, str]:
        both = self._named(f"{login}/{network}")
        return both, self._named(login) if login else "", self._named(network)
