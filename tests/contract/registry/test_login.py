"""Logins on devices with proof and without, on the real servers: who is taken for whom, and what a login may take."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from schemas import codec, ids
from schemas.application_events import ApplicationChanged, Identity, IdentityKey
from schemas.device_events import DeviceEvent, InstallationReplaced, Personalized, ProofRevoked
from schemas.topics import APPLICATION_EVENTS, DEVICE_EVENTS
from services.registry.devices.consumers import DeviceConsumers
from services.registry.devices.fold.fold import REMEMBERED_PROOFS
from services.runtime.log.batch_consumer import Record
from services.runtime.log.kafka import Append
from services.runtime.settings import Settings
from tests.support.listening import ADMIN
from tests.support.log_reader import all_events_of
from tests.support.proofs import Backend
from tests.support.registry_app import Phone, Registry, registry
from tests.support.waiting import eventually

VICTIM = "79161234567"


@dataclass
class Here(Registry):
    """A registry, and the backend of its application."""

    backend: Backend

    async def switch(self, identity: Identity, *keys: IdentityKey) -> None:
        """Change the mode of the application, and its keys; returns when the directory has it."""
        app = self.directory.applications["app"]
        changed = app.replace(
            event_id=ids.uuid7(), at=app.at + 1, identity=identity, identity_keys=keys or app.identity_keys
        )
        await self.sink.append([Append(APPLICATION_EVENTS, changed.entity_key, changed)])
        await eventually(lambda: self.directory.applications["app"].event_id == changed.event_id)

    async def proved(self, user: str | None = None, phone: str | None = None, **changes: Any) -> Phone:
        """An installation that is logged in with a proof."""
        device = await self.installed(**changes)
        answer = await device.log_in(proof=self.backend.proof(device.installation_id, user, phone))
        assert answer.is_success, answer.text
        return device

    async def unproved(self, user: str | None = None, phone: str | None = None, **changes: Any) -> Phone:
        """An installation that says who is logged in."""
        device = await self.installed(**changes)
        answer = await device.log_in(user, phone)
        assert answer.is_success, answer.text
        return device


@pytest.fixture
async def here(settings: Settings) -> AsyncIterator[Here]:
    """Logins without proof are accepted, unless a test changes that."""
    async with registry(settings) as found:
        made = Here(**vars(found), backend=Backend())
        await made.switch("accepted", made.backend.identity_key)
        yield made


def user() -> str:
    return f"user-{uuid.uuid4().hex[:8]}"


def new_token() -> dict[str, str]:
    return {"provider": "fcm", "token": uuid.uuid4().hex}


async def view(device: Phone) -> Any:
    return await device.ok("GET")


async def test_a_proof_says_who_is_logged_in(here: Here) -> None:
    device = await here.proved(name := user(), VICTIM)
    seen = await view(device)
    assert (seen["externalUserId"], seen["phone"], seen["proved"]) == (name, VICTIM, True)
    kept = (await here.devices.load([device.installation_id]))[device.installation_id]
    assert kept.proof is not None
    assert kept.proof.kid == "k1"


async def test_the_proof_itself_is_kept_nowhere(here: Here) -> None:
    device = await here.installed()
    proof = here.backend.proof(device.installation_id, user())
    assert (await device.log_in(proof=proof)).is_success
    document = await here.database["installations"].find_one({"_id": device.installation_id})
    texts = [str(document), *(str(event) for event in await all_events_of(here.settings, DEVICE_EVENTS))]
    assert not [text for text in texts if any(part in text for part in proof.split("."))]


async def test_user_and_phone_of_the_body_must_be_those_of_the_proof(here: Here) -> None:
    device = await here.installed()
    for claimed in ({"user": "other"}, {"phone": "79160000000"}, {"user": "u", "phone": "79160000000"}):
        answer = await device.log_in(**claimed, proof=here.backend.proof(device.installation_id, "u"))
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (401, "proof")
        assert answer.json()["errors"][0]["rule"].startswith("subject")
    assert (await view(device))["externalUserId"] is None
    both = here.backend.proof(device.installation_id, "u", VICTIM)
    answer = await device.call(
        "POST", "/personalize", {"externalUserId": "u", "phone": "8 916 123-45-67", "proof": both}
    )
    assert answer.json()["phone"] == VICTIM


async def test_required_takes_no_login_without_proof(here: Here) -> None:
    await here.switch("required")
    device = await here.installed()
    answer = await device.log_in("u")
    assert (answer.status_code, answer.json()["type"]) == (403, "proof-required")
    assert answer.headers["content-type"] == "application/problem+json"
    assert (await view(device))["externalUserId"] is None
    assert (await device.log_in("u", proof=here.backend.proof(device.installation_id, "u"))).is_success


@pytest.mark.parametrize("identity", ["required", "accepted"])
async def test_a_bad_proof_is_refused_with_its_rule_and_changes_nothing(here: Here, identity: Identity) -> None:
    await here.switch(identity)
    device, stranger = await here.proved("u"), Backend()
    for proof, rule in (
        (stranger.proof(device.installation_id, "v"), "signature"),
        (here.backend.proof(str(uuid.uuid4()), "v"), "installation"),
        (here.backend.proof(device.installation_id, "v", aud="x"), "audience"),
        (here.backend.proof(device.installation_id, "v", iss="x"), "issuer"),
        (here.backend.proof(device.installation_id, "v", exp=1), "expiry"),
        ("no proof", "form"),
    ):
        answer = await device.log_in("v", proof=proof)
        assert answer.status_code == 401
        assert answer.json()["errors"] == [{"field": "proof", "rule": answer.json()["errors"][0]["rule"]}]
        assert answer.json()["errors"][0]["rule"].startswith(f"{rule}: ")
    assert (await view(device))["externalUserId"] == "u"


async def test_an_application_that_is_off_takes_a_bad_proof_for_none(here: Here) -> None:
    await here.switch("off")
    device = await here.installed()
    assert (await device.log_in("u", proof=Backend().proof(device.installation_id, "u"))).is_success
    assert not (await view(device))["proved"]
    assert (await device.log_in(proof=here.backend.proof(device.installation_id, "u"))).json()["proved"]


async def test_proofs_that_fail_are_paced_and_good_ones_are_not(here: Here) -> None:
    device, stranger = await here.installed(), Backend()
    answers = [await device.log_in(proof=stranger.proof(device.installation_id, "u")) for _ in range(12)]
    assert {answer.status_code for answer in answers[:10]} == {401}
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) > 0
    assert (await device.log_in(proof=here.backend.proof(device.installation_id, "u"))).is_success


async def test_a_proof_is_good_for_repeats_of_the_same_login_only(here: Here) -> None:
    device = await here.installed()
    proof = here.backend.proof(device.installation_id, "u")
    for _ in range(2):
        assert (await device.log_in(proof=proof)).is_success
    claims = here.backend.claims(device.installation_id, "w")
    first, second = here.backend.signed(claims), here.backend.signed(claims)
    assert (await device.log_in(proof=first)).is_success
    assert (await device.log_in(proof=second)).is_success  # the same words, signed once more
    refused = await device.log_in(proof=proof)
    assert (refused.status_code, refused.json()["errors"][0]["rule"][:5]) == (401, "used:")
    await device.ok("POST", "/depersonalize")
    for used in (proof, first, second):
        assert (await device.log_in(proof=used)).status_code == 401
    assert (await view(device))["externalUserId"] is None
    other = await here.installed()
    assert (await other.log_in(proof=proof)).status_code == 401


async def test_a_flood_of_logins_does_not_make_an_old_proof_new(here: Here) -> None:
    device = await here.installed()
    old = here.backend.claims(device.installation_id, "u")
    old |= {"iat": old["iat"] - 5}
    assert (await device.log_in(proof=here.backend.signed(old))).is_success
    for number in range(REMEMBERED_PROOFS + 2):
        assert (await device.log_in(proof=here.backend.proof(device.installation_id, f"u-{number}"))).is_success
    assert (await device.log_in(proof=here.backend.signed(old))).status_code == 401


async def test_a_login_without_proof_takes_nothing_from_the_proved_one_of_the_same_owner(here: Here) -> None:
    device = await here.proved("u")
    assert (await device.log_in("u")).json()["proved"]
    assert not (await device.log_in("v")).json()["proved"]


async def test_an_unproved_claim_never_takes_the_mark_of_a_proved_one(here: Here) -> None:
    mine, theirs = await here.proved(name := user()), await here.unproved(name)
    await mine.ok("PUT", "/settings", {"primary": True})
    for call in (("PUT", "/settings", {"primary": True}), ("POST", "/sessions", {"primary": True})):
        assert not (await theirs.ok(*call))["primary"]
    assert not (await theirs.log_in(name, primary=True)).json()["primary"]
    assert (await view(mine))["primary"]
    later = await here.proved(name)
    assert (await later.ok("PUT", "/settings", {"primary": True}))["primary"]
    assert not (await view(mine))["primary"]


async def test_an_unproved_claim_waits_for_the_proved_login(here: Here) -> None:
    mine, theirs = await here.proved(name := user()), await here.unproved(name)
    await mine.ok("PUT", "/settings", {"primary": True})
    await theirs.ok("PUT", "/settings", {"primary": True})
    assert (await theirs.log_in(proof=here.backend.proof(theirs.installation_id, name))).json()["primary"]
    assert not (await view(mine))["primary"]


async def test_a_mark_that_nobody_proved_is_taken_as_before(here: Here) -> None:
    first, other = await here.unproved(name := user()), await here.unproved(name)
    for device in (first, other):
        assert (await device.ok("PUT", "/settings", {"primary": True}))["primary"]
    proved = await here.proved(name)
    await proved.ok("PUT", "/settings", {"primary": True})
    await proved.ok("POST", "/depersonalize")
    assert (await first.ok("PUT", "/settings", {"primary": True}))["primary"]


async def test_a_token_of_a_proved_login_goes_to_a_proved_login_only(here: Here) -> None:
    mine, theirs, body = await here.proved(user()), await here.unproved(user()), new_token()
    await mine.ok("PUT", "/token", body)
    assert (await theirs.ok("PUT", "/token", body))["token"] is None
    assert (await theirs.ok("PUT", "/token", body))["token"] is None
    assert (await view(mine))["token"] is not None
    proof = here.backend.proof(theirs.installation_id, user())
    assert (await theirs.log_in(proof=proof)).json()["token"] is not None  # as it was registered before
    assert (await view(mine))["token"] is None


async def test_a_token_is_free_when_the_proved_login_has_ended(here: Here) -> None:
    mine, theirs, body = await here.proved(user()), await here.unproved(user()), new_token()
    await mine.ok("PUT", "/token", body)
    await mine.ok("POST", "/depersonalize")
    assert (await theirs.ok("PUT", "/token", body))["token"] is not None
    assert (await view(mine))["token"] is None


async def test_a_token_that_nobody_proved_moves_as_before(here: Here) -> None:
    body = new_token()
    for device in (
        await here.installed(),
        await here.unproved(user()),
        await here.installed(),
        await here.proved(user()),
    ):
        assert (await device.ok("PUT", "/token", body))["token"] is not None


async def test_a_token_that_waited_and_was_taken_back_does_not_come(here: Here) -> None:
    mine, theirs, body = await here.proved(user()), await here.installed(), new_token()
    await mine.ok("PUT", "/token", body)
    await theirs.ok("PUT", "/token", body)
    await theirs.ok("DELETE", "/token")
    proof = here.backend.proof(theirs.installation_id, user())
    assert (await theirs.log_in(proof=proof)).json()["token"] is None
    assert (await view(mine))["token"] is not None


async def test_the_same_device_installed_anew_takes_its_owner_along(here: Here) -> None:
    device_id = uuid.uuid4().hex
    old = await here.proved(name := user(), VICTIM, deviceId=device_id)
    other_platform = await here.proved(name, VICTIM, deviceId=device_id, platform="android")
    other_owner = await here.proved(user(), None, deviceId=device_id)
    new = await here.proved(name, deviceId=device_id)
    assert [(await view(phone))["externalUserId"] is None for phone in (old, other_platform, other_owner, new)] == [
        True,
        False,
        False,
        False,
    ]
    seen = (await here.client.get(f"/v1/installations/{old.installation_id}", headers=ADMIN)).json()
    assert seen["replacedBy"] == new.installation_id
    document = await here.database["installations"].find_one({"_id": new.installation_id})
    assert document is not None
    assert document["replaces"] == [old.installation_id]
    found = [event for event in await all_events_of(here.settings, DEVICE_EVENTS) if isinstance(event, DeviceEvent)]
    kinds = [type(event) for event in found if event.installation_id == old.installation_id]
    assert kinds[-2:] == [Personalized, InstallationReplaced]


async def test_a_device_id_alone_moves_nobody(here: Here) -> None:
    device_id = uuid.uuid4().hex
    old = await here.proved(name := user(), deviceId=device_id)
    await here.installed(deviceId=device_id)
    await here.unproved(name, deviceId=device_id)
    assert (await view(old))["externalUserId"] == name


@pytest.mark.parametrize(
    "device_id", ["00000000-0000-0000-0000-000000000000", "unknown", "9774d56d682e549c", "ANDROID"]
)
async def test_a_device_id_that_tells_nothing_moves_nobody(here: Here, device_id: str) -> None:
    old = await here.proved(name := user(), deviceId=device_id)
    await here.proved(name, deviceId=device_id)
    assert (await view(old))["externalUserId"] == name


async def test_unproved_logins_of_one_device_give_way_to_each_other_and_to_a_proved_one(here: Here) -> None:
    device_id = uuid.uuid4().hex
    first = await here.unproved(None, VICTIM, deviceId=device_id)
    second = await here.unproved(None, VICTIM, deviceId=device_id)
    assert (await view(first))["phone"] is None
    third = await here.proved(user(), VICTIM, deviceId=device_id)  # the app has learnt of user ids meanwhile
    assert (await view(second))["phone"] is None
    assert (await view(third))["phone"] == VICTIM


@pytest.mark.parametrize("named", [{"externalUserId": "gone"}, {"phone": "+79160000001"}])
async def test_revoked_proofs_count_no_more_until_the_next_login(here: Here, named: dict[str, str]) -> None:
    device, other = await here.proved("gone", "79160000001"), await here.proved("stays", "79160000002")
    before = here.backend.claims(device.installation_id, "gone") | {"jti": "unused"}
    before |= {"iat": before["iat"] - 30}
    answer = await here.client.post("/v1/identities/revoke", json=named, headers=ADMIN)
    assert answer.json() == {"installations": [device.installation_id]}
    assert [(await view(phone))["proved"] for phone in (device, other)] == [False, True]
    assert (await view(device))["externalUserId"] == "gone"
    refused = await device.log_in(proof=here.backend.signed(before))
    assert refused.json()["errors"][0]["rule"].startswith("revoked: ")
    assert (await device.log_in(proof=here.backend.proof(device.installation_id, "gone"))).json()["proved"]
    again = await here.client.post("/v1/identities/revoke", json={"externalUserId": "nobody"}, headers=ADMIN)
    assert again.json() == {"installations": []}
    events = [event for event in await all_events_of(here.settings, DEVICE_EVENTS) if isinstance(event, ProofRevoked)]
    assert [event.by for event in events] == ["bootstrap"]


@pytest.mark.parametrize(
    ("body", "field"), [({}, "body"), ({"phone": "12"}, "phone"), ({"externalUserId": 7}, "externalUserId")]
)
async def test_who_is_revoked_must_be_named(here: Here, body: dict[str, Any], field: str) -> None:
    answer = await here.client.post("/v1/identities/revoke", json=body, headers=ADMIN)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)


async def test_revoking_needs_credentials(here: Here) -> None:
    answer = await here.client.post("/v1/identities/revoke", json={"externalUserId": "u"})
    assert answer.status_code == 401
    app: ApplicationChanged = here.directory.applications["app"]
    assert app.identity == "accepted"


async def test_the_same_owner_logs_in_anew_after_a_revocation(here: Here) -> None:
    device = await here.installed()
    first = here.backend.proof(device.installation_id, name := user(), VICTIM)
    assert (await device.log_in(proof=first)).is_success
    assert (await here.client.post("/v1/identities/revoke", json={"externalUserId": name}, headers=ADMIN)).is_success
    later = here.backend.proof(device.installation_id, name, VICTIM)
    assert (await device.log_in(proof=later)).json()["proved"]


@pytest.mark.parametrize("named", ["externalUserId", "phone"])
async def test_a_revocation_ends_proofs_for_installations_that_were_never_logged_in(here: Here, named: str) -> None:
    device, name = await here.installed(), user()
    claims = here.backend.claims(device.installation_id, name, VICTIM)
    old = here.backend.signed(claims | {"iat": claims["iat"] - 30})
    body = {"externalUserId": name} if named == "externalUserId" else {"phone": f"+{VICTIM}"}
    answer = await here.client.post("/v1/identities/revoke", json=body, headers=ADMIN)
    assert answer.json() == {"installations": []}
    refused = await device.log_in(proof=old)
    assert refused.json()["errors"][0]["rule"].startswith("revoked: ")
    assert (await view(device))["externalUserId"] is None
    assert (await here.client.get("/v1/installations", params={"phone": f"+{VICTIM}"}, headers=ADMIN)).json()[
        "cards"
    ] == []
    assert (await device.log_in(proof=here.backend.proof(device.installation_id, name, VICTIM))).json()["proved"]


async def test_a_replay_knows_of_a_revocation(here: Here) -> None:
    device, name = await here.installed(), user()
    claims = here.backend.claims(device.installation_id, name)
    old = here.backend.signed(claims | {"iat": claims["iat"] - 30})
    assert (await here.client.post("/v1/identities/revoke", json={"externalUserId": name}, headers=ADMIN)).is_success
    await here.database["revocations"].delete_many({})
    events = await all_events_of(here.settings, DEVICE_EVENTS)
    records = [
        Record(DEVICE_EVENTS, 0, place, "k", event=event, raw=codec.encode(event)) for place, event in enumerate(events)
    ]
    follows = await DeviceConsumers(here.devices).device_events(records)
    assert follows.project is not None
    await follows.project()
    assert (await device.log_in(proof=old)).status_code == 401


@pytest.mark.parametrize("named", ["externalUserId", "phone"])
async def test_what_revoked_proofs_have_linked_widens_no_erasure(here: Here, named: str) -> None:
    name = user()
    await here.proved(name, VICTIM)  # by a key that has leaked
    key = f"app/u/{name}"
    assert (await here.devices.owners.load([key]))[key].proved_phones
    body = {"externalUserId": name} if named == "externalUserId" else {"phone": f"+{VICTIM}"}
    assert (await here.client.post("/v1/identities/revoke", json=body, headers=ADMIN)).is_success
    events = [event for event in await all_events_of(here.settings, DEVICE_EVENTS) if isinstance(event, DeviceEvent)]
    for again in (False, True):
        if again:
            await here.devices.apply(events)  # a replay
        card = (await here.devices.owners.load([key]))[key]
        assert (card.proved_phones, list(card.phones)) == ({}, [VICTIM])
    await here.proved(name, VICTIM)
    assert list((await here.devices.owners.load([key]))[key].proved_phones) == [VICTIM]
