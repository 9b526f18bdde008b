"""The contract between the services: events, topics, codec and ids. Other languages read `schemas/json/`.

The life of a message. A message is a chain of links (push, then SMS …); a link is resolved to deliveries, one for
each installation; a delivery lives like this:

                            ┌───────▶ SUPPRESSED   its owner has logged out, or somebody else has logged in
    planned ─▶ PLANNED ─────┼──▶ SENT ──▶ DELIVERED ──▶ READ
                 ▲    │     │      │
                 └────┘     ├──────┼──▶ REFUSED      the provider refused it, or reported later that it failed
      target-resolved again └──────┴──▶ EXPIRED      the lifetime passed first
      (a retry: an event with a time, never a sleep)

`DeliveryState` orders these as a lattice: READ > DELIVERED > failures > SENT > PLANNED. A fold takes the maximum, so
receipts may come late, twice and out of order and the result is the same. The state of a link is the maximum over its
deliveries, except that a link has failed only when all of them have, and that it stays failed once the next link of
its chain has been requested.

    partner ─POST─▶ ingest ─message-requested─▶ router ─target-resolved.<provider>─▶ dispatch ─▶ provider
    device ─receipt─▶ registry ─status-events─▶ status ◀─provider-dispatched─ dispatch
"""

from enum import StrEnum


class DeliveryState(StrEnum):
    """The state of a delivery, a link or a message. Source: docs/design.md §4."""

    PLANNED = "PLANNED"
    SENT = "SENT"
    SUPPRESSED = "SUPPRESSED"
    EXPIRED = "EXPIRED"
    REFUSED = "REFUSED"
    DELIVERED = "DELIVERED"
    READ = "READ"

    def __init__(self, name: str) -> None:
        self.rank = len(type(self).__members__)
        """Place in the lattice; the three failures stand above SENT and below DELIVERED."""
        self.is_failure = name in ("SUPPRESSED", "EXPIRED", "REFUSED")
        self.is_terminal = self.is_failure or name == "READ"
        """True when only a late receipt can still raise the state."""
