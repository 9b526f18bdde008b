"""`rpns` on the running platform, as an operator types it."""

import asyncio
import json
import os
from dataclasses import dataclass
from pathlib import Path

from deploy.local.processes.process import ROOT
from deploy.local.provision import API_KEY, APPLICATION_ID, await_read
from tests.support.waiting import eventually
from tests.support.world import World


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str


async def rpns(world: World, *words: str) -> Ran:
    """As a process of its own, by the script that README names."""
    env = {
        "RPNS_PUBLIC_URL": world.stack.public_url,
        "RPNS_OPERATORS_URL": world.stack.operators_url,
        "RPNS_ADMIN_TOKEN": world.stack.env["RPNS_ADMIN_TOKEN"],
    }
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        ROOT / "deploy" / "rpns", *words, env={**os.environ, **env}, stdout=pipe, stderr=pipe
    )
    out, err = await process.communicate()
    return Ran(process.returncode or 0, out.decode(), err.decode())


async def done(world: World, *words: str) -> Ran:
    """One that must succeed."""
    ran = await rpns(world, *words)
    assert ran.code == 0, ran
    return ran


async def test_a_partner_is_created_listed_rotated_and_disabled(world: World, tmp_path: Path) -> None:
    made = json.loads((await done(world, "partners", "create", "cli-bank", "--push-ttl", "60", "--json")).out)
    await done(world, "applications", "create", "Cli App", "--id", "cli-app")
    (tmp_path / "hms.json").write_text(json.dumps(world.stack.sandbox["credentials"]["hms"]))
    await done(world, "credentials", "create", "cli-app", "hms", str(tmp_path / "hms.json"))
    await done(world, "senders", "create", "cli-bank", "CliBank", "--application", "cli-app")
    listed = json.loads((await done(world, "senders", "list", "cli-bank", "--json")).out)
    assert [(sender["serviceNumber"], sender["applicationId"], sender["enabled"]) for sender in listed] == [
        ("CliBank", "cli-app", True)
    ]
    rotated = json.loads((await done(world, "partners", "rotate", "cli-bank", "--json")).out)
    disabled = json.loads((await done(world, "partners", "disable", "cli-bank", "--json")).out)
    world.secret |= {made["password"], rotated["password"]}
    assert made["password"] != rotated["password"]
    assert disabled["enabled"] is False
    again = await rpns(world, "partners", "create", "cli-bank")
    assert (again.code, again.err.count("\n")) == (1, 1)
    assert "partnerId: must be new" in again.err


async def test_a_file_can_be_imported_twice_and_its_bad_line_is_told(world: World, tmp_path: Path) -> None:
    phone = world.new_phone()
    rows = [f"hms,cli-import-{number},{phone if number == 0 else ''}" for number in range(700)]
    rows[600] = "hms,,"
    (tmp_path / "tokens.csv").write_text("\n".join(["provider,token,phone", *rows]))
    words = ("import-devices", str(tmp_path / "tokens.csv"), "--application", APPLICATION_ID, "--json")
    first, second = await rpns(world, *words), await rpns(world, *words)
    assert (first.code, second.code) == (1, 1)
    assert json.loads(first.out) == {"lines": 700, "imported": 699, "known": 0, "bad": 1}
    assert json.loads(second.out) == {"lines": 700, "imported": 0, "known": 699, "bad": 1}
    assert "line 602: token: must be given" in first.err


async def test_a_test_push_is_followed_to_the_phone_and_explained_afterwards(world: World) -> None:
    phone, sender = world.new_phone(), "CliTest"
    made = json.loads((await done(world, "partners", "create", "cli-test", "--push-ttl", "60", "--json")).out)
    world.secret.add(made["password"])
    await done(world, "senders", "create", "cli-test", sender, "--application", APPLICATION_ID)
    changed = json.loads(
        (await done(world, "partners", "change", "cli-test", "--default-sender", sender, "--json")).out
    )
    await asyncio.to_thread(await_read, world.stack.describe(), changed["changedAt"])
    device = await world.enrol("android", phone)
    login = ("--login", "cli-test", "--password", made["password"])
    sent = await done(world, "test-push", *login, "--phone", phone, "--until", "read", "--text", world.new_text())
    assert "FCM  200" in sent.out
    assert len(device.shown) == 1

    async def is_explained() -> bool:
        explained = await rpns(world, "why", f"+{phone}")
        return explained.code == 0 and "PUSH was read on 1 of 1 device." in explained.out and "receipt" in explained.out

    await eventually(is_explained, "why explains it")
    refused = await rpns(world, "test-push", *login, "--phone", world.new_phone())
    assert refused.code == 1
    assert "errorCode 20" in refused.out
    assert API_KEY not in sent.out


async def test_a_mailing_from_its_file_to_its_last_receipt(world: World, tmp_path: Path) -> None:
    phones = [world.new_phone() for _ in range(2)]
    devices = [await world.enrol("android", phone) for phone in phones]
    data = {"serviceNumber": "E2eBank", "text": "Dear {{name}}", "ttl": 60, "ttlUnit": "SECONDS"}
    draft = {"id": world.new_ref(), "name": "by hand", "message": {"type": "PUSH", "data": data}}
    (tmp_path / "mailing.json").write_text(json.dumps(draft))
    lines = [f"{phone},N{place}" for place, phone in enumerate(phones)]
    (tmp_path / "list.csv").write_text("\n".join(["to,name", lines[0], "12,N", lines[1], ""]))
    made = json.loads(
        (await done(world, "mailing", "create", str(tmp_path / "mailing.json"), "--partner", "e2e-bank", "--json")).out
    )
    mailing = made["mailingId"]
    uploaded = await rpns(world, "mailing", "upload", mailing, str(tmp_path / "list.csv"))
    assert (uploaded.code, "line 3: to: must be a phone number" in uploaded.out) == (1, True), uploaded
    refused = await rpns(world, "mailing", "start", mailing)
    assert "1 lines are broken" in refused.err
    await done(world, "mailing", "change", mailing, "--skip-bad-lines")
    assert json.loads((await done(world, "mailing", "dry-run", mailing, "--json")).out)["addressed"] == 2
    followed = await done(world, "mailing", "start", mailing, "--follow")
    assert "planned 2 of 2" in followed.err
    assert [device.shown[0].text for device in devices] == ["Dear N0", "Dear N1"]
    status = json.loads((await done(world, "mailing", "status", mailing, "--json")).out)
    assert status["state"] == "done"
