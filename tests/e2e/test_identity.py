"""A stranger with a copy of the app and its key claims to be somebody else: they learn nothing and stop nothing."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from deploy.local.provision import APPLICATION_ID, admin_of, await_read
from deploy.sandbox.phone.backend import Backend
from deploy.sandbox.phone.device import Device, Habits
from deploy.sandbox.phone.sdk_api import RefusedError
from tests.e2e.test_cascade import SHORT_S, decisions, link, reports_by_type, send
from tests.e2e.test_cli import done, rpns
from tests.e2e.test_erasure import call, forgotten
from tests.support.waiting import eventually
from tests.support.world import DELIVERED, READ, SENT, UNDELIVERED, World

CROWD = 60
QUIET = Habits(None, delivered_after_s=86_400)


@pytest.fixture
async def accepted(world: World) -> AsyncIterator[None]:
    """Logins without proof are taken: an application whose SDK cannot prove yet."""
    await identity(world, "accepted")
    yield
    await identity(world, "required")


async def identity(world: World, mode: str) -> None:
    made = admin_of(world.stack.describe()).call("PATCH", f"/v1/applications/{APPLICATION_ID}", {"identity": mode})
    await asyncio.to_thread(await_read, world.stack.describe(), made["changedAt"])


async def a_stranger(world: World, habits: Habits = QUIET, **about: Any) -> Device:
    """His phone: the app, its key, a push token."""
    device = world.fleet.device("android", habits=habits, name="stranger", **about)
    await device.install()
    await world.new_token(device)
    world.secret |= {device.who.credential, device.proof}
    return device


async def refused(call: Any) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        await call
    return caught.value


async def test_nobody_logs_in_as_somebody_else(world: World) -> None:
    phone, user = world.new_phone(), world.new_ref()
    victim = await world.enrol("android", phone, user=user)
    ref = await world.send(phone)
    await world.reported(ref, READ)
    stranger = await a_stranger(world)
    no_proof = await refused(stranger.personalize(user, phone, proved=False))
    assert no_proof.status == 403
    assert "proof-required" in str(no_proof)
    mine = generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    forger = Backend(APPLICATION_ID, "", mine.decode())
    stolen = victim.carrier.backend.proof(victim.installation_id, user, phone) if victim.carrier.backend else ""
    for proof, rule in ((forger.proof(stranger.installation_id, user, phone), "signature"), (stolen, "installation")):
        answer = await refused(world.fleet.api.personalize(stranger.who, {"proof": proof}))
        assert (answer.status, rule in str(answer)) == (401, True)
    assert await stranger.pull() == []
    message = (await world.trace(ref))["messageId"]
    assert (await refused(world.fleet.api.content(stranger.who, message, 0))).status == 404
    again = await world.send(phone)
    await world.reported(again, READ)
    assert [delivery["installationId"] for delivery in (await world.trace(again))["links"][0]["deliveries"]] == [
        victim.installation_id
    ]


@pytest.mark.usefixtures("accepted")
async def test_where_logins_are_only_said_the_stranger_reads_nothing_of_it(world: World) -> None:
    phone, user = world.new_phone(), world.new_ref()
    victim = await world.enrol("android", phone, user=user)
    await victim.change_settings(primary=True)
    text = await world.send(phone)
    await world.reported(text, READ)
    stranger = await a_stranger(world, Habits("read", after_s=0.05), private_key=generate_private_key(SECP256R1()))
    await stranger.personalize(user, phone, proved=False)
    await stranger.change_settings(primary=True)
    await victim.refresh()
    assert (stranger.view["primary"], victim.view["primary"]) == (False, True)
    assert (await refused(stranger.pull())).status == 403
    assert len(await victim.pull()) == 1

    code = secrets.token_hex(8)
    world.secret.add(code)
    ref = await world.put("Code %code%", phone, {"SECURE": {"code": code}, "RICH": {"title": code}})
    await world.fleet.until(lambda: any(code in push.text for push in victim.shown))
    await world.fleet.until(lambda: bool(stranger.shown) and not stranger.shown[0].more)
    pushed = await world.control.inbox("fcm", stranger.token)
    assert code not in str([pushed, stranger.shown])
    assert '"sealed"' not in str(pushed)
    answer = await world.fleet.api.content(stranger.who, (await world.trace(ref))["messageId"], 0)
    assert (answer["secure"], answer["title"]) == ({"names": ["code"], "values": None}, None)

    only = await world.send(phone, primaryOn=True)
    await world.reported(only, READ)
    told_of = {
        delivery["installationId"]: delivery["proved"]
        for delivery in (await world.trace(ref))["links"][0]["deliveries"]
    }
    assert told_of == {victim.installation_id: True, stranger.installation_id: False}
    assert [delivery["installationId"] for delivery in (await world.trace(only))["links"][0]["deliveries"]] == [
        victim.installation_id
    ]


@pytest.mark.usefixtures("accepted")
async def test_a_crowd_of_strangers_pushes_nobody_out_and_its_words_stop_no_sms(world: World) -> None:
    phone, alone = world.new_phone(), world.new_phone()
    victim = await world.enrol("android", phone, QUIET)
    crowd = [await a_stranger(world, Habits("read", after_s=0.05)) for _ in range(CROWD)]
    for stranger in crowd:
        await stranger.personalize(None, phone, proved=False)
    only_said = await a_stranger(world, Habits("read", after_s=0.05))
    await only_said.personalize(None, alone, proved=False)
    steps = ("READ", link("SMS", "by SMS"))
    ref, beside = await send(world, phone, *steps, ttl=SHORT_S), await send(world, alone, *steps, ttl=SHORT_S)
    await world.fleet.until(lambda: bool(victim.shown and only_said.shown))

    async def has_said() -> bool:
        return any(entry["detail"] == "read" for entry in (await world.trace(ref))["trace"])

    await eventually(has_said, "a stranger's word in the trace")
    found = await reports_by_type(world, ref, ("PUSH", UNDELIVERED), ("SMS", DELIVERED))
    assert [report["status"] for report in found["PUSH"]] == [SENT, UNDELIVERED]
    deliveries = (await world.trace(ref))["links"][0]["deliveries"]
    assert [delivery["proved"] for delivery in deliveries if delivery["installationId"] == victim.installation_id] == [
        True
    ]
    assert sum(not delivery["proved"] for delivery in deliveries) == 49

    await reports_by_type(world, beside, ("SMS", DELIVERED))
    assert await decisions(world, beside) == ["SMS goes out: not-proved"]
    for stranger in crowd:
        await stranger.depersonalize()


@pytest.mark.usefixtures("accepted")
async def test_forgetting_the_stranger_leaves_his_victim_untouched(world: World) -> None:
    phone, mallory = world.new_phone(), f"mallory-{secrets.token_hex(4)}"
    victim = await world.enrol("android", phone)
    refs = [await world.send(phone) for _ in range(3)]
    for ref in refs:
        await world.reported(ref, READ)
    stranger = await a_stranger(world)
    await stranger.personalize(mallory, phone, proved=False)
    named = await call(world, "POST", "/v1/erasures/preview", {"externalUserId": mallory})
    assert named == {
        "persons": [{"kind": "user", "value": mallory}],
        "leftOut": [{"kind": "phone", "value": phone}],
    }
    await forgotten(world, externalUserId=mallory)
    await stranger.refresh()
    await victim.refresh()
    assert (stranger.view["phone"], victim.view["phone"]) == (None, phone)
    assert len(await victim.pull()) == 3
    ref = await world.send(phone)
    assert [report["status"] for report in await world.reported(ref, READ)][-1] == READ


async def test_a_proved_login_links_a_user_and_a_phone_for_an_erasure(world: World) -> None:
    phone, user = world.new_phone(), f"user-{secrets.token_hex(4)}"
    await world.enrol("android", phone, user=user)
    for named in ({"externalUserId": user}, {"phone": phone}):
        named = await call(world, "POST", "/v1/erasures/preview", dict(named))
        assert named["persons"] == [{"kind": "user", "value": user}, {"kind": "phone", "value": phone}]
    only = await call(world, "POST", "/v1/erasures/preview", {"phone": phone, "only": True})
    assert only == {"persons": [{"kind": "phone", "value": phone}], "leftOut": [{"kind": "user", "value": user}]}


async def test_a_reinstalled_app_shows_every_push_once(world: World) -> None:
    phone = world.new_phone()
    old = await world.enrol("android", phone)
    new = world.fleet.device("android", name="reinstalled")
    new.device_id = old.view["deviceId"]
    await new.install()
    await world.new_token(new)
    await new.personalize(None, phone)
    world.secret |= {new.who.credential, new.proof}
    ref = await world.send(phone)
    await world.reported(ref, READ)
    assert (len(old.shown), len(new.shown)) == (0, 1)
    (first,) = (await world.trace(ref))["links"]
    assert [(skipped["installationId"], skipped["reason"]["name"]) for skipped in first["skipped"]] == [
        (old.installation_id, "replaced")
    ]


async def test_proofs_are_revoked_at_once(world: World) -> None:
    phone, user = world.new_phone(), world.new_ref()
    device = await world.enrol("android", phone, user=user)
    await world.reported(await world.send(phone), READ)
    ran = (await done(world, "identity", "revoke", "--user", user)).out
    assert "1 installation not proved any more" in ran
    assert (await refused(device.pull())).status == 403
    ref = await world.send(phone)
    await world.reported(ref, READ)  # it gets what its owner gets, and nobody else is there to say otherwise
    assert not (await world.trace(ref))["links"][0]["deliveries"][0]["proved"]
    await device.personalize(user, phone)
    assert len(await device.pull()) == 2


async def test_keys_are_added_and_ended_by_hand_and_private_ones_are_refused(world: World, tmp_path: Any) -> None:
    made = (await done(world, "applications", "create", "Keys", "--id", "keys-app")).out
    assert "keys-app" in made
    key = generate_private_key(SECP256R1())
    private, public = tmp_path / "private.pem", tmp_path / "public.pem"
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_text(world.stack.sandbox["credentials"]["identity"]["public_key"])
    assert "Nobody can log in" in (await done(world, "applications", "show", "keys-app")).out
    refusal = await rpns(world, "identity", "add-key", "keys-app", str(private))
    assert "private key" in refusal.err
    await done(world, "identity", "add-key", "keys-app", str(public), "--kid", "k1")
    drawn = (await done(world, "identity", "add-secret", "keys-app", "--kid", "k2")).out
    assert "secret:" in drawn
    again = await rpns(world, "identity", "add-secret", "keys-app", "--kid", "k2")
    assert "unique" in again.err
    shown = (await done(world, "applications", "show", "keys-app")).out
    assert "ES256" in shown
    assert "HS256" in shown
    await done(world, "identity", "end-key", "keys-app", "k2")
    await done(world, "applications", "change", "keys-app", "--identity", "off")
    assert "Logins are not proved" in (await done(world, "applications", "show", "keys-app")).out


async def test_the_sample_site_asks_its_backend_for_a_proof(world: World) -> None:
    phone = world.new_phone()
    device = await a_stranger(world)
    body = {"installationId": device.installation_id, "phone": phone}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{world.stack.public_url}/web/proof", json=body) as answer,
    ):
        assert answer.status == 201
        proof = (await answer.json())["proof"]
    assert (await world.fleet.api.personalize(device.who, {"phone": phone, "proof": proof}))["proved"]
