"""The pace of failed logins, in this process: how often a password may be guessed. Pure; times are monotonic seconds.

    counted for                  at once   then one each   beyond that
    a login from one network          10             6 s   refused
    a network, over all logins        40             1 s   refused
    a login, over all networks       100             1 s   delayed: a botnet must not lock a partner out

A network is an IPv4 address or the /64 of an IPv6 one (`services/runtime/access/callers.py`). Unknown logins count as
one login of their network and share no ceiling, since nobody can be locked out of them.
"""

from collections import OrderedDict

_MOST_KEPT = 20_000


class _Buckets:
    """A token bucket for each key; one that is full again is as good as none."""

    def __init__(self, burst: int, each_s: float) -> None:
        self._burst, self._each_s = float(burst), each_s
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def left(self, key: str, now_s: float) -> float:
        left, at_s = self._left.get(key, (self._burst, now_s))
        return min(self._burst, left + (now_s - at_s) / self._each_s)

    def take(self, key: str, now_s: float) -> float:
        """Take one token, on credit when there is none; the seconds until it is earned."""
        left = self.left(key, now_s) - 1
        self._left[key] = (left, now_s)
        self._left.move_to_end(key)
        if len(self._left) > _MOST_KEPT:
            self._left.popitem(last=False)
        return max(0.0, -left * self._each_s)

    def give_back(self, key: str, now_s: float) -> None:
        self._left[key] = (min(self._burst, self.left(key, now_s) + 1), now_s)

    def wait_s(self, key: str, now_s: float, least: float) -> float:
        """The seconds until so many tokens are left, if nobody else comes."""
        return max(0.0, (least - self.left(key, now_s)) * self._each_s)

    def forget(self, key: str) -> None:
        self._left.pop(key, None)


class LoginPace:
    """Counts a guess before it is looked at, because guesses come side by side; a right one is given back."""

    def __init__(self) -> None:
        self._of_both = _Buckets(10, 6.0)
        self._of_network = _Buckets(40, 1.0)
        self._of_login = _Buckets(100, 1.0)

    def begin(self, login: str, network: str, now_s: float) -> float | None:
        """The seconds to wait before the password is looked at; None refuses. An unknown login is empty."""
        both = f"{login}/{network}"
        if self._of_both.left(both, now_s) < 1 or self._of_network.left(network, now_s) < 1:
            return None
        self._of_both.take(both, now_s)
        self._of_network.take(network, now_s)
        return self._of_login.take(login, now_s) if login else 0.0

    def wait_s(self, login: str, network: str, now_s: float) -> float:
        """The seconds after which `begin` takes the next guess, and those of this login that are delayed are over."""
        waits = [self._of_both.wait_s(f"{login}/{network}", now_s, 1), self._of_network.wait_s(network, now_s, 1)]
        return max(*waits, self._of_login.wait_s(login, now_s, 0) if login else 0.0)

    def was_right(self, login: str, network: str, now_s: float) -> None:
        """What `begin` has counted was no failure."""
        self._of_both.forget(f"{login}/{network}")
        self._of_network.give_back(network, now_s)
        self._of_login.give_back(login, now_s)
