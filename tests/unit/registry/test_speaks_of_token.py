"""Which records of `provider-dispatched` the registry decodes: those that say something of a token."""

import pytest

from schemas import codec, ids
from schemas.events import ProviderDispatched
from schemas.providers import Provider
from services.registry.devices.consumers import speaks_of_token


def dispatched(**about: object) -> bytes:
    return codec.encode(
        ProviderDispatched(
            event_id=ids.uuid7(),
            at=1,
            message_id=ids.uuid7(),
            partner_id="bank",
            delivery_id=ids.uuid7(),
            installation_id="i-0",
            application_id="app",
            provider=Provider.APNS,
            attempt=1,
            **{"outcome": "accepted", **about},  # type: ignore[arg-type]
        )
    )


@pytest.mark.parametrize(
    ("about", "speaks"),
    [
        ({"worked_under": "key-1"}, True),
        ({"outcome": "refused", "dead_token": "t"}, True),
        ({"outcome": "refused", "dead_token": "t", "dead_at": 5, "slot": "s/1"}, True),
        ({"worked_under": ""}, True),
        ({}, False),
        ({"worked_under": None, "dead_token": None}, False),
        ({"outcome": "refused", "detail": "Unregistered"}, False),
        ({"outcome": "retry", "retry_at": 5}, False),
        ({"detail": "worked_under"}, False),
    ],
)
def test_what_names_a_dead_token_or_new_credentials_is_decoded(about: dict[str, object], speaks: bool) -> None:
    assert speaks_of_token(dispatched(**about)) == speaks
