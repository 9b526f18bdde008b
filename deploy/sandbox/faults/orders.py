"""Faults that a test or a user orders from the sandbox, and switches between two readings of an unclear spec.

A server calls `take` once for each request. An order for the request's token strikes before one for the whole
provider; among equals the older strikes first, until it has struck `times` times. An answer can be ordered word by word
(`body`, `content_type`, `headers`): what proxies, new releases and broken servers say is in no list of reasons.
"""

from collections import defaultdict
from dataclasses import dataclass

from deploy.sandbox.providers import SWITCHES


@dataclass(frozen=True, slots=True)
class Orderable:
    """The kinds and, for kind status, the reasons a provider knows."""

    kinds: frozenset[str]
    reasons: frozenset[str]
    takes_any_status: bool
    """whether a status without a reason is enough"""
    takes_any_reason: bool = False
    """beside a status: providers invent words"""


@dataclass(frozen=True, slots=True)
class Fault:
    """One order; the kinds and reasons that a provider knows are in `docs/sandbox.md`."""

    kind: str  # status | slow | hang | reset | drop-after-write | goaway | refused-stream | stream-limit …
    status: int = 0  # HTTP status for kind=status; 0 = the reason's own status
    reason: str = ""  # the provider's reason or code: Unregistered, UNREGISTERED, 80300007
    retry_after: str | None = None  # seconds or an HTTP date, sent verbatim
    delay_ms: int = 0  # wait before anything else happens
    timestamp_ms: int | None = None  # APNs 410
    value: int | None = None  # stream-limit: the limit; goaway: the last stream id that is still processed
    token: str | None = None  # only for this token; None = the whole provider
    times: int | None = None  # how often it strikes; None = until cleared
    holding: str | None = None  # only requests whose body holds this text (fcm, rustore)
    body: str | None = None  # of the answer, in place of the provider's own
    content_type: str | None = None  # of the answer, likewise
    headers: tuple[tuple[str, str], ...] = ()  # of the answer, besides the provider's own


class _Order:
    """A fault and how many strikes it has left."""

    __slots__ = ("fault", "left")

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.left = fault.times


class Faults:
    """The orders of one sandbox and its switches."""

    def __init__(self) -> None:
        self.switches: dict[str, str] = {name: values[0] for name, values in SWITCHES.items()}
        self._orders: dict[str, list[_Order]] = defaultdict(list)

    def order(self, provider: str, fault: Fault) -> None:
        if fault.times is not None and fault.times < 1:
            raise ValueError("times must be at least 1")
        self._orders[provider].append(_Order(fault))

    def take(self, provider: str, token: str | None, body: bytes = b"") -> Fault | None:
        """The fault that strikes this request, if one is ordered; consumes one strike."""
        if not self._orders.get(provider):
            return None
        own = None if token is None else self._strike(provider, token, body)
        return own or self._strike(provider, None, body)

    def take_own(self, provider: str, token: str) -> Fault | None:
        """As `take`, but only what was ordered for this very token: for one of several in a request."""
        return self._strike(provider, token) if self._orders.get(provider) else None

    def clear(self, provider: str | None = None) -> None:
        """Withdraws the provider's orders, or all; switches stay."""
        if provider is None:
            self._orders.clear()
        else:
            self._orders.pop(provider, None)

    def ordered(self) -> list[tuple[str, Fault, int | None]]:
        """(provider, fault, strikes left; None = until cleared) of every open order."""
        return [(provider, o.fault, o.left) for provider, orders in self._orders.items() for o in orders]

    def switch(self, name: str, value: str) -> None:
        """Sets a switch; ValueError when there is no such switch or value. `*` stands for a whole number."""
        if name not in SWITCHES:
            raise ValueError(f"no switch {name!r}; there are {', '.join(SWITCHES)}")
        values = SWITCHES[name]
        any_number = "*" in values and value.isascii() and value.isdigit() and len(value) < 10
        if not any_number and (value == "*" or value not in values):
            raise ValueError(f"{name} takes one of {', '.join(values)}, not {value!r}")
        self.switches[name] = value

    def _strike(self, provider: str, token: str | None, body: bytes = b"") -> Fault | None:
        orders = self._orders[provider]
        order = next((order for order in orders if order.fault.token == token and _is_held(order.fault, body)), None)
        if order is None:
            return None
        if order.left is not None:
            order.left -= 1
            if order.left == 0:
                orders.remove(order)
        return order.fault


def _is_held(fault: Fault, body: bytes) -> bool:
    return fault.holding is None or fault.holding.encode() in body
