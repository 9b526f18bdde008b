"""The FCM sandbox's token endpoint believes only a good assertion, and its tokens die when they should."""

import base64
import time
from collections.abc import Callable
from typing import Any

import pytest

from deploy.sandbox.fcm.keys import make_service_account
from tests.support.sandbox_http import TOKEN, Bench, fcm_bearer, fcm_url, google_assertion, google_exchange


async def test_a_good_assertion_is_exchanged_for_a_bearer_token(bench: Bench) -> None:
    status, body = await google_exchange(bench, google_assertion(bench))
    assert status == 200
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 3599)


def in_s(seconds: int) -> Callable[[], int]:
    """A time reckoned when it is asked for: between collecting tests and running one lie many minutes."""
    return lambda: int(time.time()) + seconds


@pytest.mark.parametrize(
    ("claims", "error"),
    [
        ({"iss": "stranger@example.com"}, "invalid_grant"),
        ({"aud": "https://example.com/token"}, "invalid_grant"),
        ({"scope": "https://www.googleapis.com/auth/devstorage.read_only"}, "invalid_scope"),
        ({"scope": None}, "invalid_scope"),
        ({"iat": in_s(600), "exp": in_s(1200)}, "invalid_grant"),
        ({"iat": in_s(-7200), "exp": in_s(-3600)}, "invalid_grant"),
        ({"exp": in_s(7200)}, "invalid_grant"),
        ({"iat": None}, "invalid_grant"),
        ({"exp": "soon"}, "invalid_grant"),
    ],
)
async def test_an_assertion_with_a_bad_claim_is_refused(bench: Bench, claims: dict[str, Any], error: str) -> None:
    made = {name: value() if callable(value) else value for name, value in claims.items()}
    status, body = await google_exchange(bench, google_assertion(bench, **made))
    assert (status, body["error"]) == (400, error)


async def test_an_assertion_signed_by_another_key_is_refused(bench: Bench) -> None:
    stranger = make_service_account("https://localhost/token").private_key
    status, body = await google_exchange(bench, google_assertion(bench, key=stranger))
    assert (status, body["error_description"]) == (400, "Invalid JWT Signature.")


async def test_an_assertion_of_another_algorithm_is_refused(bench: Bench) -> None:
    status, _ = await google_exchange(bench, google_assertion(bench, key="s" * 64, algorithm="HS256"))
    assert status == 400


@pytest.mark.parametrize("assertion", ["", "a", "a.b", "a.b.c", "é.é.é", base64.b64encode(b"[]").decode() * 3])
async def test_an_assertion_that_is_no_jwt_is_refused(bench: Bench, assertion: str) -> None:
    status, body = await google_exchange(bench, assertion)
    assert (status, body["error"]) == (400, "invalid_grant")


async def test_another_grant_type_is_refused(bench: Bench) -> None:
    status, body = await google_exchange(bench, google_assertion(bench), "client_credentials")
    assert (status, body["error"]) == (400, "unsupported_grant_type")


async def test_a_token_dies_after_its_lifetime_and_when_it_is_revoked(bench: Bench) -> None:
    bearer = await fcm_bearer(bench)
    bench.sandbox.faults.switch("fcm.token_lifetime_s", "0")
    dead_on_arrival = await fcm_bearer(bench)
    bench.sandbox.faults.switch("fcm.token_lifetime_s", "3600")
    body = {"message": {"token": TOKEN}}
    assert (await bench.post(fcm_url(bench), body, bearer=bearer))[0] == 200
    status, refusal, _ = await bench.post(fcm_url(bench), body, bearer=dead_on_arrival)
    assert (status, refusal["error"]["status"]) == (401, "UNAUTHENTICATED")
    control = bench.urls["control"]
    async with bench.session.post(f"{control}/bearers/fcm/expire") as response:
        assert (await response.json())["expired"] >= 2
    assert (await bench.post(fcm_url(bench), body, bearer=bearer))[0] == 401
