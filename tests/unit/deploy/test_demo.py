"""The demo plays on whatever earlier ones have left: nobody has used its phone numbers before."""

from deploy.demo.phones import EVERYBODY, NOBODY, Numbers
from services.runtime.text import phones


def test_each_demo_has_numbers_of_its_own_that_the_platform_takes() -> None:
    customers = (*EVERYBODY, NOBODY)
    first, second = [{Numbers.of(numbers, customer) for customer in customers} for numbers in (Numbers(), Numbers())]
    assert len(first) == len(customers)
    assert not first & second
    assert all(phones.normalise(f"+{phone}") == phone for phone in first)
