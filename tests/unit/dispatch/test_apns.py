"""APNs without a wire: the table holds every row of the specification, and provider tokens keep Apple's intervals."""

from dataclasses import dataclass
from typing import cast

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from schemas.values import Content
from services.dispatch.http2.pool import Pool
from services.dispatch.providers.apns import client
from services.dispatch.providers.apns.render import LIMIT_BYTES, render
from services.dispatch.providers.apns.table import TABLE, Action, action_of
from services.dispatch.providers.apns.token import ProviderToken, provider_token
from tests.support import provider_rows
from tests.support.pushes import push_of

ROWS = provider_rows.known("apns")
_PEM = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
KEY = ec.generate_private_key(ec.SECP256R1())
FITS = {
    Action.OK: {"OK"},
    Action.DROP_TOKEN: {"DROP_TOKEN"},
    Action.FIX_PAYLOAD: {"FIX_PAYLOAD"},
    Action.ALERT: {"ALERT"},
    Action.RECONNECT: {"RECONNECT"},
    Action.REFRESH_AUTH: {"REFRESH_AUTH", "RECONNECT"},
    Action.OWN_CONNECTION: {"ALERT"},
    Action.KEEP_AUTH: {"RETRY"},
    Action.RETRY_TOKEN: {"RETRY"},
    Action.RETRY: {"RETRY"},
}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['status']} {' '.join(row['reasons'])[:40]}")
def test_the_table_does_what_the_row_says(row: dict[str, list[str]]) -> None:
    for reason in row["reasons"] or [""]:
        assert FITS[TABLE[int(str(row["status"])), reason]] <= {*row["actions"]}


def test_the_table_holds_nothing_that_the_specification_does_not() -> None:
    listed = {(int(row["status"]), reason) for row in ROWS for reason in row["reasons"] or [""]}
    assert set(TABLE) == listed


@given(st.integers(300, 599), st.text())
def test_an_unknown_word_is_about_its_own_message(status: int, reason: str) -> None:
    if (status, reason) not in TABLE:
        assert action_of(status, reason) in {Action.FIX_PAYLOAD, Action.RETRY, Action.RETRY_TOKEN}


@given(st.text(min_size=1, max_size=5000), st.none() | st.text(max_size=5000))
def test_a_body_is_never_over_the_limit(text: str, title: str | None) -> None:
    body, _ = render(push_of(Content(text=text, title=title)))
    assert len(body) <= LIMIT_BYTES


# -- provider tokens; times are seconds


def token() -> ProviderToken:
    return ProviderToken("TEAM000000", "KEY0000000", KEY)


def test_a_provider_token_is_signed_as_jose_and_names_team_key_and_time() -> None:
    bearer = token().bearer(1_700_000_000.9)
    scheme, _, text = bearer.partition(b" ")
    assert scheme == b"bearer"
    assert jwt.get_unverified_header(text)["kid"] == "KEY0000000"
    claims = jwt.decode(text, KEY.public_key(), ["ES256"], options={"verify_iat": False})
    assert claims == {"iss": "TEAM000000", "iat": 1_700_000_000}


def test_a_provider_token_is_renewed_after_50_minutes() -> None:
    provider = token()
    first = provider.bearer(1000)
    assert provider.bearer(1000 + 49 * 60) == first
    assert provider.bearer(1000 + 50 * 60) != first


def test_a_refused_token_is_renewed_no_sooner_than_after_20_minutes() -> None:
    provider = token()
    first = provider.bearer(1000)
    assert provider.expired(first, 1000 + 19 * 60) is False
    assert provider.bearer(1000 + 19 * 60) == first
    assert provider.expired(first, 1000 + 20 * 60) is True
    second = provider.bearer(1000 + 20 * 60)
    assert second != first
    assert provider.expired(first, 1000 + 20 * 60) is True  # asked by another task: there is a newer one
    assert provider.bearer(1000 + 20 * 60) == second


def test_too_many_updates_bring_the_former_token_back_for_20_minutes() -> None:
    provider = token()
    first = provider.bearer(1000)
    now = 1000 + 50 * 60
    second = provider.bearer(now)
    provider.too_many(second, now)
    assert provider.bearer(now) == first
    assert provider.expired(first, now) is False
    assert provider.bearer(now + 19 * 60) == first
    assert provider.bearer(now + 20 * 60) not in (first, second)


def test_one_key_has_one_token_for_all_who_send_with_it() -> None:
    pem = KEY.private_bytes(*_PEM).decode()
    shared = provider_token("TEAM000001", "KEY0000000", pem)
    assert provider_token("TEAM000001", "KEY0000000", pem) is shared
    assert provider_token("TEAM000002", "KEY0000000", pem) is not shared


@pytest.mark.parametrize(
    "key", [ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65537, 2048)], ids=["P-384", "RSA"]
)
def test_another_kind_of_key_is_refused(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> None:
    with pytest.raises(ValueError, match="P-256"):
        provider_token("TEAM000000", "KEY0000000", key.private_bytes(*_PEM).decode())


@dataclass
class Connected:
    """What is asked of a pool that took nothing."""

    connections: int
    is_unreachable: bool


@pytest.mark.parametrize(
    ("pool", "is_doubtful", "scope"),
    [
        (Connected(0, True), True, "provider"),
        (Connected(0, True), False, "provider"),
        (Connected(0, False), False, "provider"),
        (Connected(0, False), True, "token"),  # Apple ends connections for the errors of those that never worked
        (Connected(1, False), True, "application"),
    ],
)
def test_tokens_whose_errors_cost_their_connections_do_not_make_apple_look_away(
    pool: Connected, is_doubtful: bool, scope: str
) -> None:
    endpoint = client.Endpoint("https://apns.example", is_doubtful=is_doubtful)
    assert client._not_taken("no free stream in time", cast(Pool, pool), endpoint).scope == scope
