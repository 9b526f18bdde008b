"""Provisioning on real Kafka and MongoDB: what is answered holds at once, secrets are told once, nothing is lost."""

import asyncio
import base64
import uuid
from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson
import pytest
from argon2 import PasswordHasher
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from schemas import codec
from schemas.application_events import OperatorTokenChanged
from schemas.providers import Provider
from schemas.topics import APPLICATION_EVENTS
from services.runtime.access.logins import API_KEY
from tests.conftest import Servers, own_settings
from tests.support.listening import ADMIN
from tests.support.log_reader import all_events_of
from tests.support.registry_app import Registry, registry


@pytest.fixture(scope="module")
async def here(stack_servers: Servers) -> AsyncIterator[Registry]:
    async with registry(own_settings(stack_servers)) as opened:
        yield opened


def name() -> str:
    return f"n{uuid.uuid4().hex[:12]}"


async def call(here: Registry, method: str, path: str, body: object = None, **more: Any) -> Any:
    headers = ADMIN | more.pop("headers", {})
    sent: dict[str, Any] = {} if body is None else {"json": body}
    return await here.client.request(method, f"/v1{path}", headers=headers, **sent, **more)


async def ok(here: Registry, method: str, path: str, body: object = None) -> Any:
    answer = await call(here, method, path, body)
    assert answer.is_success, answer.text
    return answer.json()


def pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


P256 = pem(ec.generate_private_key(ec.SECP256R1()))
RSA = pem(rsa.generate_private_key(65537, 2048))
GOOD: dict[str, dict[str, object]] = {
    "apns": {"team_id": "TEAM567890", "key_id": "KEY4567890", "private_key": P256},
    "fcm": {
        "type": "service_account",
        "project_id": "project",
        "private_key_id": "k",
        "private_key": RSA,
        "client_email": "push@project.example",
        "token_uri": "https://oauth.example/token",
    },
    "hms": {"app_id": "100", "client_secret": "s3cret"},
    "rustore": {"project_id": "p", "service_token": "t0ken"},
    "channel": {
        "login": "us",
        "password": "p4ss",
        "url": "https://platform.example/",
        "callback": "c4llback" * 4,
        "subnets": ["192.0.2.0/24"],
    },
    "web": {"subject": "mailto:push@example.com", "private_key": P256},
}


async def operator(here: Registry, *scopes: str) -> tuple[dict[str, Any], dict[str, str]]:
    """A named one, and the headers with his token."""
    made = await ok(here, "POST", "/operators", {"name": name(), "scopes": scopes})
    return made, {"Authorization": f"Bearer {made['token']}"}


async def by_operators(here: Registry, method: str, path: str, headers: dict[str, str], **more: Any) -> httpx.Response:
    """On the operators' listener, whatever is shown."""
    transport = httpx.ASGITransport(app=here.listeners.operators)
    async with httpx.AsyncClient(transport=transport, base_url="http://operators") as client:
        return await client.request(method, f"/v1{path}", headers=headers, **more)


async def test_a_named_operator_stands_in_every_change_until_his_token_is_revoked(here: Registry) -> None:
    made, his = await operator(here, "operator")
    assert made["token"].startswith("rpns_op_")
    assert len(made["token"]) >= 8 + 43
    by = f"operator:{made['name']}"
    partner = (await by_operators(here, "POST", "/partners", his, json={"login": name()})).json()
    assert partner["by"] == by
    path = f"/partners/{partner['partnerId']}"
    assert (await ok(here, "PATCH", path, {"maxRatePerS": 5}))["by"] == "bootstrap"
    application = (await by_operators(here, "POST", "/applications", his, json={"name": "A"})).json()
    key = f"/applications/{application['applicationId']}"
    changes: list[tuple[str, str, dict[str, Any]]] = [
        ("PATCH", path, {"maxRatePerS": 6}),
        ("POST", f"{path}/password", {}),
        ("PUT", f"{path}/senders/S", {"applicationId": application["applicationId"]}),
        ("PATCH", key, {"name": "B"}),
        ("POST", f"{key}/api-keys", {}),
        ("PUT", f"{key}/credentials/hms", GOOD["hms"]),
        ("PATCH", f"{key}/credentials/hms", {"enabled": False}),
        ("PUT", f"/stops/partner/{partner['partnerId']}", {"state": "paused"}),
    ]
    for method, what, body in changes:
        assert (await by_operators(here, method, what, his, json=body)).json()["by"] == by, what
    for method, what in (("POST", f"{path}/report-key"), ("POST", f"{path}/batch-key"), ("POST", f"{path}/api-key")):
        assert (await by_operators(here, method, what, his)).status_code == 200, what
        assert (await ok(here, "GET", path))["by"] == by
        await ok(here, "PATCH", path, {"maxRatePerS": 7})
    assert (await by_operators(here, "GET", "/operators", his)).status_code == 403
    ended = await ok(here, "DELETE", f"/operators/{made['operatorId']}")
    assert (ended["state"], ended["by"]) == ("revoked", "bootstrap")
    assert (await ok(here, "DELETE", f"/operators/{made['operatorId']}")) == ended
    assert (await by_operators(here, "GET", "/partners", his)).status_code == 401
    listed = next(entry for entry in await ok(here, "GET", "/operators") if entry["operatorId"] == made["operatorId"])
    assert (listed["state"], listed["token"], listed["scopes"]) == ("revoked", None, ["operator"])


async def test_a_token_is_told_once_and_lies_nowhere_but_as_a_digest(here: Registry) -> None:
    made, _ = await operator(here, "read")
    events = await all_events_of(here.settings, APPLICATION_EVENTS)
    (event,) = [event for event in events if isinstance(event, OperatorTokenChanged) and event.name == made["name"]]
    assert made["token"] not in codec.encode(event).decode()
    assert event.digest == here.secrets.digest(made["token"], "operator-token")
    assert made["token"] not in str(await ok(here, "GET", "/operators"))


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "duty", "scopes": []}, "scopes"),
        ({"name": "duty", "scopes": ["root"]}, "scopes[0]"),
        ({"name": "Duty desk", "scopes": ["read"]}, "name"),
        ({"name": "bootstrap/x", "scopes": ["read"]}, "name"),
        ({"name": "duty", "scopes": ["read"], "expiresAt": 1}, "expiresAt"),
        ({"name": "duty", "scopes": ["read"], "expiresAt": 10**15}, "expiresAt"),
        ({"name": "duty", "scopes": "read"}, "scopes"),
    ],
)
async def test_an_operator_that_makes_no_sense_is_refused(here: Registry, body: dict[str, Any], field: str) -> None:
    answer = await call(here, "POST", "/operators", body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == field


async def test_a_name_has_one_token_that_works(here: Registry) -> None:
    made, _ = await operator(here, "read")
    again = {"name": made["name"], "scopes": ["admin"]}
    assert (await call(here, "POST", "/operators", again)).status_code == 409
    await ok(here, "DELETE", f"/operators/{made['operatorId']}")
    assert (await call(here, "POST", "/operators", again)).status_code == 201
    assert (await call(here, "DELETE", "/operators/nobody")).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("POST", "/partners", {"login": "weak-bank-1", "password": "demo"}, "password"),
        ("POST", "/partners", {"login": "weak-bank-two", "password": "Weak-Bank-Two"}, "password"),
        ("POST", "/partners", {"login": "weak-bank-3", "password": "x" * 257}, "password"),
        ("POST", "/partners", {"login": "weak-bank-4", "password": "long enough\u0000 but"}, "password"),
        ("POST", "/partners/{id}/password", {"password": "elevenchars"}, "password"),
        ("POST", "/partners/{id}/batch-key", {"key": "demobatchkey"}, "key"),
        ("POST", "/applications", {"name": "A", "apiKey": "demo-key"}, "apiKey"),
        ("POST", "/applications/app/api-keys", {"apiKey": "demo-key"}, "apiKey"),
    ],
)
async def test_a_weak_secret_is_refused_by_field_and_rule(
    here: Registry, method: str, path: str, body: dict[str, Any], field: str
) -> None:
    made = await ok(here, "POST", "/partners", {"login": name()})
    answer = await call(here, method, path.replace("{id}", made["partnerId"]), body)
    assert answer.status_code == 400, answer.text
    (error,) = answer.json()["errors"]
    assert error["field"] == field
    assert error["rule"]


@pytest.mark.parametrize("path", ["/partners", "/applications", "/installations?phone=79161234567"])
async def test_the_door_is_closed_without_an_operators_token(here: Registry, path: str) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic YTpi"}):
        assert (await by_operators(here, "GET", path, headers)).status_code == 401


async def test_a_partner_is_known_when_the_answer_comes_and_its_password_told_once(here: Registry) -> None:
    login = name()
    made = await ok(
        here, "POST", "/partners", {"login": login, "subnets": ["192.0.2.0/24"], "defaultTtlS": {"PUSH": 60}}
    )
    known = here.directory.partner_by_login(login)
    assert known is not None
    assert PasswordHasher().verify(known.password_hash, made["password"])
    assert known.subnets == ("192.0.2.0/24",)
    read = await ok(here, "GET", f"/partners/{made['partnerId']}")
    assert read == made | {"password": None}
    assert made["partnerId"] in [partner["partnerId"] for partner in await ok(here, "GET", "/partners")]


async def test_two_partners_never_share_id_or_login(here: Registry) -> None:
    login = name()
    await ok(here, "POST", "/partners", {"login": login})
    assert (await call(here, "POST", "/partners", {"login": login})).status_code == 409
    assert (await call(here, "POST", "/partners", {"login": login, "partnerId": name()})).status_code == 409


async def test_a_partner_is_changed_field_by_field_and_switched_off(here: Registry) -> None:
    partner = await ok(
        here, "POST", "/partners", {"login": name(), "reportUrl": "https://a.example/", "password": "a long password"}
    )
    path = f"/partners/{partner['partnerId']}"
    assert partner["password"] == "a long password"
    changed = await ok(here, "PATCH", path, {"reportUrl": None, "maxRatePerS": 5, "enabled": False})
    assert (changed["reportUrl"], changed["maxRatePerS"], changed["enabled"]) == (None, 5, False)
    assert changed["login"] == partner["login"]


async def test_a_rotated_password_is_another(here: Registry) -> None:
    partner = await ok(here, "POST", "/partners", {"login": name()})
    rotated = await ok(here, "POST", f"/partners/{partner['partnerId']}/password", {})
    assert rotated["password"] not in (None, partner["password"])


async def test_of_two_changes_from_one_version_the_second_is_refused(here: Registry) -> None:
    partner = await ok(here, "POST", "/partners", {"login": name()})
    headers, path = {"If-Match": f'"{partner["version"]}"'}, f"/partners/{partner['partnerId']}"
    answers = await asyncio.gather(
        *(call(here, "PATCH", path, {"maxConnections": n}, headers=headers) for n in (1, 2, 3))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]


async def test_changes_of_different_fields_at_once_are_all_kept(here: Registry) -> None:
    path = f"/partners/{(await ok(here, 'POST', '/partners', {'login': name()}))['partnerId']}"
    bodies: list[dict[str, object]] = [{"maxConnections": 7}, {"maxRatePerS": 8}, {"planningHorizonDays": 9}]
    await asyncio.gather(*(ok(here, "PATCH", path, body) for body in bodies))
    read = await ok(here, "GET", path)
    assert (read["maxConnections"], read["maxRatePerS"], read["planningHorizonDays"]) == (7, 8, 9)
    assert (await call(here, "PATCH", path, {"planningHorizonDays": 31})).status_code == 400


async def test_senders_stand_for_applications(here: Registry) -> None:
    path = f"/partners/{(await ok(here, 'POST', '/partners', {'login': name()}))['partnerId']}/senders"
    made = await ok(here, "PUT", f"{path}/Bank%20%D0%91", {"applicationId": "app"})
    assert (made["serviceNumber"], made["applicationId"], made["enabled"]) == ("Bank Б", "app", True)
    assert await ok(here, "GET", path) == [made]
    assert (await call(here, "PUT", f"{path}/Other", {"applicationId": "nowhere"})).status_code == 400
    assert (await call(here, "PUT", "/partners/nobody/senders/Other", {})).status_code == 404


async def test_an_api_key_rotates_with_overlap(here: Registry) -> None:
    made = await ok(here, "POST", "/applications", {"name": "Bank", "apiKey": name() + name(), "minVersion": "2.1"})
    path = f"/applications/{made['applicationId']}"
    rotated = await ok(here, "POST", f"{path}/api-keys", {})
    assert rotated["apiKeys"] == 2
    for key in (made["apiKey"], rotated["apiKey"]):
        assert (await here.phone().install(api_key=key)).status_code == 201
    assert (await ok(here, "DELETE", f"{path}/api-keys/old"))["apiKeys"] == 1
    assert (await here.phone().install(api_key=made["apiKey"])).status_code == 401
    assert (await here.phone().install(api_key=rotated["apiKey"])).status_code == 201
    assert (await ok(here, "GET", path))["apiKey"] is None


@pytest.mark.parametrize("identity", ["required", "accepted", "off"])
async def test_an_application_has_the_identity_that_it_was_created_with(here: Registry, identity: str) -> None:
    made = await ok(here, "POST", "/applications", {"name": "App", "identity": identity})
    assert made["identity"] == identity


async def test_pages_may_call_from_the_origins_that_their_application_allows(here: Registry) -> None:
    given = ["https://Bank.Example:443", "https://банк.рф", "https://bank.example"]
    made = await ok(here, "POST", "/applications", {"name": "App", "allowedOrigins": given})
    path = f"/applications/{made['applicationId']}"
    assert made["allowedOrigins"] == ["https://bank.example", "https://xn--80ab2al.xn--p1ai"]
    assert (await ok(here, "PATCH", path, {"name": "Other"}))["allowedOrigins"] == made["allowedOrigins"]
    phone = here.phone()
    assert (await phone.install(api_key=made["apiKey"])).status_code == 201
    assert (await phone.call("GET", headers={"Origin": "https://bank.example"})).status_code == 200
    for origin in ("https://shop.example", "null", "capacitor://localhost"):
        assert (await phone.call("GET", headers={"Origin": origin})).status_code == 200, origin
    cleared: list[str] | None
    for cleared in ([], None):
        await ok(here, "PATCH", path, {"allowedOrigins": ["https://bank.example"]})
        assert (await ok(here, "PATCH", path, {"allowedOrigins": cleared}))["allowedOrigins"] == []


async def test_an_origin_that_is_none_is_refused_by_its_place_and_rule(here: Registry) -> None:
    given = {"name": "App", "allowedOrigins": ["https://bank.example", "https://*.bank.example"]}
    answer = await call(here, "POST", "/applications", given)
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert (error["field"], error["rule"].partition(":")[0]) == ("allowedOrigins[1]", "must be exact")
    many = [f"https://{place}.example" for place in range(51)]
    answer = await call(here, "POST", "/applications", given | {"allowedOrigins": many})
    assert answer.json()["errors"] == [{"field": "allowedOrigins", "rule": "must have at most 50 entries"}]


async def test_one_api_key_never_opens_two_applications(here: Registry) -> None:
    key = name() + name()
    await ok(here, "POST", "/applications", {"name": "One", "apiKey": key})
    assert (await call(here, "POST", "/applications", {"name": "Two", "apiKey": key})).status_code == 409


async def test_devices_of_an_application_that_is_switched_off_are_refused(here: Registry) -> None:
    made = await ok(here, "POST", "/applications", {"name": "Bank"})
    phone = here.phone()
    await phone.install(api_key=made["apiKey"])
    await ok(here, "PATCH", f"/applications/{made['applicationId']}", {"enabled": False})
    assert (await phone.call("GET")).status_code == 403
    assert (await here.phone().install(api_key=made["apiKey"])).status_code == 403


@pytest.mark.parametrize("provider", list(GOOD))
async def test_credentials_are_sealed_and_shown_by_fingerprint(here: Registry, provider: str) -> None:
    application = (await ok(here, "POST", "/applications", {"name": "Bank"}))["applicationId"]
    path = f"/applications/{application}/credentials"
    made = await ok(here, "PUT", f"{path}/{provider}", GOOD[provider] | {"extra": "x"})
    about = {"applicationId", "provider", "version", "changedAt", "by", "fingerprint", "enabled", "publicKey"}
    assert set(made) == about
    assert (made["publicKey"] is not None) == (provider == "web")
    assert await ok(here, "GET", path) == [made]
    stored = here.directory.credentials[application, Provider(provider)]
    assert orjson.loads(here.secrets.open(stored.sealed, b"credentials")) == GOOD[provider]
    assert not (await ok(here, "PATCH", f"{path}/{provider}", {"enabled": False}))["enabled"]
    assert [credentials.enabled for credentials in here.directory.credentials_of(application)] == [False]


async def test_a_page_asks_for_the_key_to_subscribe_with(here: Registry) -> None:
    made = await ok(here, "POST", "/applications", {"name": "Bank"})
    path, headers = f"/applications/{made['applicationId']}/credentials/web", {"X-Api-Key": made["apiKey"]}
    assert (await here.client.get("/sdk/api/v1/web-push", headers=headers)).status_code == 404
    uploaded = await ok(here, "PUT", path, GOOD["web"])
    answer = await here.client.get("/sdk/api/v1/web-push", headers=headers)
    assert answer.json() == {"applicationServerKey": uploaded["publicKey"]}
    assert len(base64.urlsafe_b64decode(uploaded["publicKey"] + "=")) == 65
    await ok(here, "PATCH", path, {"enabled": False})
    assert (await here.client.get("/sdk/api/v1/web-push", headers=headers)).status_code == 404
    assert (await here.client.get("/sdk/api/v1/web-push", headers={"X-Api-Key": "x"})).status_code == 401


@pytest.mark.parametrize(
    ("provider", "change", "field"),
    [
        ("apns", {"team_id": "short"}, "team_id"),
        ("apns", {"private_key": RSA}, "private_key"),
        ("apns", {"private_key": "no key"}, "private_key"),
        ("fcm", {"private_key": P256}, "private_key"),
        ("fcm", {"token_uri": "http://oauth.example/token"}, "token_uri"),
        ("fcm", {"type": "authorized_user"}, "type"),
        ("hms", {"client_secret": "with blank"}, "client_secret"),
        ("rustore", {"project_id": "a/b"}, "project_id"),
        ("rustore", {"universal": {"hms": {"project_id": "1"}}}, "universal.hms.auth_token"),
        ("channel", {"callback": "guessable"}, "callback"),
        ("channel", {"subnets": []}, "subnets"),
        ("channel", {"subnets": ["192.0.2.0/24", "x"]}, "subnets[1]"),
        ("channel", {"url": "ftp://a.example"}, "url"),
        ("web", {"subject": "nobody"}, "subject"),
    ],
)
async def test_credentials_of_the_wrong_shape_are_refused_by_field(
    here: Registry, provider: str, change: dict[str, object], field: str
) -> None:
    answer = await call(here, "PUT", f"/applications/app/credentials/{provider}", GOOD[provider] | change)
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert not any(str(value) in answer.text for value in change.values())


async def test_no_secret_lies_in_the_log(here: Registry) -> None:
    partner = await ok(here, "POST", "/partners", {"login": name()})
    report = await ok(here, "POST", f"/partners/{partner['partnerId']}/report-key")
    batch = await ok(here, "POST", f"/partners/{partner['partnerId']}/batch-key")
    application = await ok(here, "POST", "/applications", {"name": "Bank"})
    await ok(here, "PUT", f"/applications/{application['applicationId']}/credentials/hms", GOOD["hms"])
    api = await ok(here, "POST", f"/partners/{partner['partnerId']}/api-key")
    log = "".join(str(event) for event in await all_events_of(here.settings, APPLICATION_EVENTS))
    for secret in (partner["password"], report["key"], batch["key"], api["key"], application["apiKey"], "s3cret"):
        assert secret not in log
    assert here.directory.partner_by_batch_key(here.secrets.digest(batch["key"], "batch-key")) is not None


async def test_the_api_key_before_works_until_the_next_rotation_and_all_end_when_they_are_withdrawn(
    here: Registry,
) -> None:
    partner_id = (await ok(here, "POST", "/partners", {"login": name()}))["partnerId"]
    path = f"/partners/{partner_id}/api-key"
    first, second, third = [(await ok(here, "POST", path))["key"] for _ in range(3)]
    known = here.directory.partners[partner_id].api_key_digests
    assert known == tuple(here.secrets.digest(key, API_KEY) for key in (third, second))
    assert len({first, second, third}) == 3
    assert (await ok(here, "DELETE", path))["apiKeys"] == 0
    assert here.directory.partners[partner_id].api_key_digests == ()


async def test_the_report_key_before_signs_until_it_is_ended(here: Registry) -> None:
    partner_id = (await ok(here, "POST", "/partners", {"login": name()}))["partnerId"]
    path = f"/partners/{partner_id}/report-key"
    keys = []
    for count in (1, 2, 2):
        made = await ok(here, "POST", path)
        assert base64.b64decode(made["webhookSecret"].removeprefix("whsec_")).decode() == made["key"]
        assert (await ok(here, "GET", f"/partners/{partner_id}"))["reportKeys"] == count
        keys.append(made["key"])
    known = here.directory.partners[partner_id]
    sealed = (known.report_key_sealed, known.report_key_before_sealed)
    assert [here.secrets.open(text or "", b"report-key").decode() for text in sealed] == [keys[2], keys[1]]
    ended = await ok(here, "DELETE", f"{path}/old")
    assert (ended["reportKeys"], ended["signsReports"]) == (1, True)
    assert here.directory.partners[partner_id].report_key_before_sealed is None


async def test_a_change_waits_for_one_that_crashed_until_its_turn_ends(here: Registry) -> None:
    await here.database["provisioning"].update_one({"_id": "turn"}, {"$set": {"until": 2**53}}, upsert=True)
    waiting = asyncio.ensure_future(call(here, "POST", "/applications", {"name": "Bank"}))
    done, _ = await asyncio.wait([waiting], timeout=0.2)
    assert not done
    await here.database["provisioning"].update_one({"_id": "turn"}, {"$set": {"until": 0}})
    assert (await waiting).status_code == 201


async def test_support_finds_card_and_installations_by_user_and_by_phone(here: Registry) -> None:
    phone, user = await here.installed(), name()
    await phone.ok("PUT", "/token", {"provider": "fcm", "token": f"secret-{user}"})
    await phone.ok("POST", "/personalize", {"externalUserId": user, "phone": "+7 916 765 43 21"})
    await phone.ok("POST", "/sessions", {})
    for query in (f"user={user}", "phone=89167654321&applicationId=app"):
        found = await ok(here, "GET", f"/installations?{query}")
        assert [installation["installationId"] for installation in found["installations"]] == [phone.installation_id]
        assert f"secret-{user}" not in str(found)
        assert len(found["installations"][0]["tokenDigest"]) == 8
        [card] = found["cards"]
        assert card["installations"] == [phone.installation_id]
        assert card["launches"] == 1
    assert (await ok(here, "GET", f"/installations/{phone.installation_id}"))["externalUserId"] == user
    hidden = (user, "79167654321", f"device of {phone.installation_id}", found["installations"][0]["recipientMark"])
    for path in (f"/installations?user={user}&masked=true", f"/installations/{phone.installation_id}?masked=true"):
        shown = await ok(here, "GET", path)
        assert not any(value in str(shown) for value in hidden), shown
        (device,) = shown.get("installations", [shown])
        assert (device["installationId"], device["phone"]) == (phone.installation_id, "7••••••••21")
        assert (device["token"]["provider"], device["launches"]) == ("fcm", 1)
    assert (await call(here, "GET", "/installations")).status_code == 400
    assert (await call(here, "GET", "/installations?phone=abc")).status_code == 400
