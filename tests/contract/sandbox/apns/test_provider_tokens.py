"""Provider tokens signed by PyJWT, which the sandbox does not use (`docs/providers.md` §1.2)."""

from collections.abc import Callable

import jwt
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from deploy.sandbox.apns.keys import ApnsCredentials, make_apns_key
from tests.support.apns_harness import ALERT, TOPIC, Sandbox, outcome

JWT_RULES: list[tuple[str, Callable[[Sandbox], str | None], str]] = [
    ("absent", lambda s: None, "403 MissingProviderToken"),
    ("empty", lambda s: "", "403 MissingProviderToken"),
    ("another scheme", lambda s: f"basic {s.jwt()}", "403 InvalidProviderToken"),
    ("capital Bearer", lambda s: f"Bearer {s.jwt()}", "200"),
    ("nonsense", lambda s: "bearer a.b.c", "403 InvalidProviderToken"),
    ("two parts", lambda s: "bearer " + s.jwt().rpartition(".")[0], "403 InvalidProviderToken"),
    ("padding", lambda s: f"bearer {s.jwt()}==", "403 InvalidProviderToken"),
    ("unknown kid", lambda s: f"bearer {s.jwt(headers={'kid': 'UNKNOWN123'})}", "403 InvalidProviderToken"),
    ("kid not text", lambda s: f"bearer {unsigned_kid(s)}", "403 InvalidProviderToken"),
    ("another team", lambda s: f"bearer {s.jwt(iss='ANOTHER123')}", "403 InvalidProviderToken"),
    ("no team", lambda s: f"bearer {s.jwt(iss=None)}", "403 InvalidProviderToken"),
    ("no iat", lambda s: f"bearer {s.jwt(iat=None)}", "403 InvalidProviderToken"),
    ("another key's signature", lambda s: f"bearer {forged(s)}", "403 InvalidProviderToken"),
    ("a DER signature", lambda s: f"bearer {with_der_signature(s)}", "403 InvalidProviderToken"),
    ("HS256", lambda s: f"bearer {symmetric(s)}", "403 InvalidProviderToken"),
    ("just under an hour", lambda s: f"bearer {s.jwt(iat=int(s.clock.now_s) - 3590)}", "200"),
    ("over an hour", lambda s: f"bearer {s.jwt(iat=int(s.clock.now_s) - 3610)}", "403 ExpiredProviderToken"),
    ("from the future", lambda s: f"bearer {s.jwt(iat=int(s.clock.now_s) + 900)}", "403 ExpiredProviderToken"),
]


def forged(sandbox: Sandbox) -> str:
    stranger = make_apns_key(team_id=sandbox.credentials.team_id)
    return sandbox.jwt(stranger, headers={"kid": sandbox.credentials.key_id})


def symmetric(sandbox: Sandbox) -> str:
    claims = {"iss": sandbox.credentials.team_id, "iat": int(sandbox.clock.now_s)}
    return jwt.encode(claims, "s" * 32, "HS256", headers={"kid": sandbox.credentials.key_id})


def unsigned_kid(sandbox: Sandbox) -> str:
    header = jwt.utils.base64url_encode(b'{"alg":"ES256","kid":[1]}').decode()
    return f"{header}.{sandbox.jwt().partition('.')[2]}"


def with_der_signature(sandbox: Sandbox) -> str:
    signed, _, signature = sandbox.jwt().rpartition(".")
    raw = jwt.utils.base64url_decode(signature)
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    return f"{signed}.{jwt.utils.base64url_encode(der).decode()}"


@pytest.mark.parametrize(("authorization", "expected"), [pytest.param(a, e, id=name) for name, a, e in JWT_RULES])
async def test_a_provider_token_must_be_genuine_and_fresh(
    apns: Sandbox, authorization: Callable[[Sandbox], str | None], expected: str
) -> None:
    assert outcome(await apns.push(authorization=authorization(apns))) == expected


async def test_a_token_that_was_accepted_expires_on_the_same_connection(apns: Sandbox) -> None:
    async with apns.client() as client:
        fields = apns.fields()
        assert (await client.request(fields, orjson.dumps(ALERT))).status == 200
        apns.clock.now_s += 3601
        assert outcome(await client.request(fields, orjson.dumps(ALERT))) == "403 ExpiredProviderToken"


async def test_a_second_new_token_within_twenty_minutes_is_refused_and_the_first_still_works(
    apns: Sandbox,
) -> None:
    body = orjson.dumps(ALERT)
    async with apns.client() as client:
        first = apns.fields()
        assert (await client.request(first, body)).status == 200
        apns.clock.now_s += 1190
        second = apns.fields()
        assert outcome(await client.request(second, body)) == "429 TooManyProviderTokenUpdates"
        assert (await client.request(first, body)).status == 200
        apns.clock.now_s += 20
        assert (await client.request(second, body)).status == 200
        assert (await client.request(first, body)).status == 200


async def test_token_updates_may_be_made_unlimited(apns: Sandbox) -> None:
    apns.faults.switch("apns.token_update_interval_s", "0")
    async with apns.client() as client:
        for _ in range(3):
            assert (await client.request(apns.fields(), orjson.dumps(ALERT))).status == 200


async def on_one_connection(apns: Sandbox, *keys: ApnsCredentials) -> list[str]:
    apns.faults.switch("apns.token_update_interval_s", "0")
    async with apns.client() as client:
        return [
            outcome(await client.request(apns.fields(authorization=f"bearer {apns.jwt(key)}"), orjson.dumps(ALERT)))
            for key in keys
        ]


async def test_a_connection_belongs_to_one_team(apns: Sandbox) -> None:
    other = make_apns_key((TOPIC,))
    apns.server.keys.add(other)
    assert await on_one_connection(apns, apns.credentials, other) == ["200", "403 InvalidProviderToken"]
    assert await on_one_connection(apns, other) == ["200"]


async def test_two_keys_of_a_team_share_a_connection_unless_one_is_topic_scoped(apns: Sandbox) -> None:
    team_wide, scoped = (make_apns_key((TOPIC,), team_id=apns.credentials.team_id) for _ in range(2))
    apns.server.keys.add(team_wide)
    apns.server.keys.add(scoped, topic_scoped=True)
    assert await on_one_connection(apns, apns.credentials, team_wide) == ["200", "200"]
    assert await on_one_connection(apns, apns.credentials, scoped) == ["200", "403 UnrelatedKeyIdInToken"]


async def test_a_key_of_the_other_environment_is_refused_in_either_spelling(apns: Sandbox) -> None:
    key = make_apns_key((TOPIC,))
    apns.server.keys.add(key, environment="production")
    assert await on_one_connection(apns, key) == ["403 BadEnvironmentKeyIdInToken"]
    apns.faults.switch("apns.bad_environment_reason", "BadEnvironmentKeyInToken")
    assert await on_one_connection(apns, key) == ["403 BadEnvironmentKeyInToken"]


async def test_a_revoked_key_is_refused_even_though_its_token_was_accepted(apns: Sandbox) -> None:
    async with apns.client() as client:
        fields = apns.fields()
        assert (await client.request(fields, orjson.dumps(ALERT))).status == 200
        apns.server.keys.revoke(apns.credentials.key_id)
        assert outcome(await client.request(fields, orjson.dumps(ALERT))) == "403 InvalidProviderToken"
