"""States of links and deliveries: the lattice that their maximum is taken in. Pure."""

from schemas import DeliveryState

PLANNED, SENT, DELIVERED, READ = (
    DeliveryState.PLANNED,
    DeliveryState.SENT,
    DeliveryState.DELIVERED,
    DeliveryState.READ,
)
"""By themselves, because the look-up of a member in its enumeration costs several times as much."""


def highest(states: list[DeliveryState]) -> DeliveryState:
    """The maximum of the lattice; a failure counts only when all have failed. PLANNED for none."""
    best = furthest_of(states)
    if best.is_failure:
        alive = [state for state in states if not state.is_failure]
        return furthest_of(alive) if alive else best
    return best


def furthest_of(states: list[DeliveryState]) -> DeliveryState:
    """The maximum of the lattice; PLANNED for none."""
    best = PLANNED
    for state in states:
        if state.rank > best.rank:
            best = state
    return best
