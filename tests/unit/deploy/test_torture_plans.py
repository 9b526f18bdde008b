"""Load and faults of a seed: the same every time, and no two strikes touch the same thing at once."""

from itertools import combinations

import pytest

from deploy.torture.faults import CATALOGUE, planned_strikes
from deploy.torture.load import customers_of, messages_of

KINDS = {name: fault.kind for name, fault in CATALOGUE.items()}


def test_a_seed_gives_the_same_load_and_the_same_strikes() -> None:
    customers = customers_of(7, 2_000)
    assert list(messages_of(7, 500, customers)) == list(messages_of(7, 500, customers))
    assert list(messages_of(7, 500, customers)) != list(messages_of(8, 500, customers))
    assert planned_strikes(7, 40, KINDS) == planned_strikes(7, 40, KINDS)
    assert planned_strikes(7, 40, KINDS) != planned_strikes(8, 40, KINDS)


def test_every_kind_of_message_and_fault_is_drawn() -> None:
    kinds = {message.kind for message in messages_of(1, 1_000, customers_of(1, 1_000))}
    assert kinds == {"single", "repeated", "reached", "nobody", "silent", "scheduled", "packet", "mailing"}
    assert {strike.name for strike in planned_strikes(1, 1_000, KINDS)} == KINDS.keys()


@pytest.mark.parametrize("seed", range(20))
def test_two_strikes_at_once_touch_different_things(seed: int) -> None:
    strikes = planned_strikes(seed, 60, KINDS)
    overlapping = [(first, second) for first, second in combinations(strikes, 2) if second.at_s < first.until_s]
    assert overlapping, "some are mixed"
    for first, second in overlapping:
        assert not {first.victim, *KINDS[first.name].touches} & {second.victim, *KINDS[second.name].touches}, (
            first,
            second,
        )


def test_only_customers_of_the_sender_are_on_the_list_of_a_mailing_and_the_silent_get_silent_cascades() -> None:
    customers = {customer.phone: customer for customer in customers_of(3, 4_000)}
    for message in messages_of(3, 2_000, list(customers.values())):
        customer = customers.get(message.phone)
        assert (customer is None) == (message.kind == "nobody")
        if customer is not None:
            assert (customer.habit == "silent") == (message.kind == "silent")
            assert not (message.kind == "mailing" and customer.second)
            assert message.second == customer.second
