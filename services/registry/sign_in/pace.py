"""How often the password of an account may be guessed, over all instances. Pure; times in monotonic s.

    counted for                                     at once   then one each
    a network, over all names                          40          1 s
    a name, from browsers that are not known           10          1 min
                                                       15          5 min
                                                       20         15 min
    a browser that has signed in to this account       10          1 min

So a name that is guessed at waits, longer the more it is guessed at, and its owner gets in meanwhile from the browser
that has been let in before: a botnet locks nobody out. (OWASP, Slow Down Online Guessing Attacks with Device Cookies.)
Names that no account has wait alike. What one instance counts, the others hear of, under names that tell nothing to who
reads them (`services/runtime/pacing/spends.py`).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from services.runtime.pacing.spends import Spends
from services.runtime.pacing.token_bucket import TokenBuckets

_MOST_KEPT = 20_000
_LADDER = ((10, 60), (15, 300), (20, 900))
"""Of a name: so many at once, then one each so many seconds."""


@dataclass(frozen=True, slots=True)
class Guess:
    """Who guesses: at which name, from which network, and from which browser of that account, if it is known."""

    name: str
    network: str
    browser: str = ""


class SignInPace:
    """Counts a guess before it is looked at, because guesses come side by side; a right one is given back."""

    def __init__(self, spends: Spends | None = None, named: Callable[[str], str] = str) -> None:
        self._named = named
        self._of_network = TokenBuckets(1, 40, _MOST_KEPT)
        self._of_browser = TokenBuckets(1 / 60, 10, _MOST_KEPT)
        self._of_name = [TokenBuckets(1 / every_s, burst, _MOST_KEPT) for burst, every_s in _LADDER]
        if spends is not None:
            spends.follow("sign-ins/network", self._of_network)
            spends.follow("sign-ins/browser", self._of_browser)
            for (burst, _), buckets in zip(_LADDER, self._of_name, strict=True):
                spends.follow(f"sign-ins/name-{burst}", buckets)

    def begin(self, guess: Guess, now_s: float) -> float:
        """0 when the guess is counted and may be looked at; otherwise the seconds to wait, and nothing is counted."""
        counted = list(self._counted(guess))
        wait_s = max(buckets.wait_s(key, now_s) for buckets, key in counted)
        if not wait_s:
            for buckets, key in counted:
                buckets.take(key, now_s)
        return wait_s

    def wait_s(self, guess: Guess, now_s: float) -> float:
        """The seconds after which `begin` takes the next one."""
        return max(buckets.wait_s(key, now_s) for buckets, key in self._counted(guess))

    def was_right(self, guess: Guess, now_s: float) -> None:
        """What `begin` has counted was no failure. Those of others stay counted."""
        for buckets, key in self._counted(guess):
            buckets.give_back(key, now_s)

    def forgive(self, name: str) -> None:
        """The guesses at a name are forgotten, at all instances: nobody has guessed at the password that it has now."""
        for buckets in self._of_name:
            buckets.forget(self._named(name))

    def _counted(self, guess: Guess) -> Iterator[tuple[TokenBuckets, str]]:
        yield self._of_network, self._named(guess.network)
        if guess.browser:
            yield self._of_browser, self._named(guess.browser)
        else:
            name = self._named(guess.name)
            yield from ((buckets, name) for buckets in self._of_name)
