"""The forms of Operations in a real browser: settings, keys for proofs, broadcast channels, resends of reports."""

from collections.abc import Callable

import pytest

from deploy.local.provision import APPLICATION_ID, admin_of
from tests.support.console_page import ConsolePage, browser, mistaken, needs_console
from tests.support.waiting import eventually
from tests.support.world import Json, World

__all__ = ["browser", "mistaken"]  # fixtures
pytestmark = needs_console("nobody has looked at the forms of partners, applications and resends")
PEM = """-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PUBLIC KEY-----"""
END = '{"event": "end", "timestamp": "2026-11-24T12:00:00Z", "content-state": {}}'
Read = Callable[[str], Json]


@pytest.fixture
def read(world: World) -> Read:
    """What the operators' API has at a path."""
    admin = admin_of(world.stack.describe())
    return lambda path: admin.call("GET", path, {})


@pytest.fixture
def partner(world: World) -> str:
    made = admin_of(world.stack.describe()).call("POST", "/v1/partners", {"login": f"forms-{world.new_ref()}"})
    world.secret.add(made["password"])
    return str(made["partnerId"])


@pytest.fixture
def application(world: World) -> str:
    body = {"name": "forms", "applicationId": f"forms-{world.new_ref()}"}
    made = admin_of(world.stack.describe()).call("POST", "/v1/applications", body)
    world.secret.add(made["apiKey"])
    return str(made["applicationId"])


async def opened(page: ConsolePage, kind: str, thing: str) -> None:
    await page.run(f"location.hash = '#/operations/{kind}/{thing}'")
    await page.until("document.querySelector('main section.card') !== null", f"{thing} is shown")
    await page.settled()


async def test_settings_of_a_partner_are_changed_and_a_refusal_stands_at_its_field(
    mistaken: ConsolePage, read: Read, partner: str
) -> None:
    page = mistaken
    await opened(page, "partners", partner)
    await page.open_form("Change…")
    await page.type("Messages a second at most", "0")
    await page.type("Networks it may call from", "10.0.0.0/8, nowhere")
    assert await page.refused_at("Save") == ["edit-subnets", "edit-maxRatePerS"]
    assert await page.barriers() == []
    await page.type("Messages a second at most", "77")
    await page.type("Networks it may call from", "10.0.0.0/8 192.168.0.0/16")
    await page.type("How far ahead messages may wait, days", "7")
    await page.type("Offset of its time from UTC, minutes", "-60")
    await page.choose("Channel of packets", "VIBER")
    await page.tick("Refuse an id that was used before")
    await page.send_form("Save")
    found = read(f"/v1/partners/{partner}")
    wanted = {"maxRatePerS": 77, "planningHorizonDays": 7, "utcOffsetMin": -60, "rejectDuplicates": True}
    assert {name: found[name] for name in wanted} == wanted
    assert (found["subnets"], found["batchChannel"]) == (["10.0.0.0/8", "192.168.0.0/16"], "VIBER")


async def test_lifetimes_are_set_by_channel_and_taken_back(mistaken: ConsolePage, read: Read, partner: str) -> None:
    page = mistaken
    await opened(page, "partners", partner)
    await page.open_form("Lifetimes…")
    await page.type("SMS: seconds without ttl", "soon")
    assert await page.refused_at("Save") == ["edit-defaultTtlS-SMS"]
    await page.type("SMS: seconds without ttl", "7200")
    await page.choose("Push: unit of ttl", "HOURS")
    await page.send_form("Save")
    found = read(f"/v1/partners/{partner}")
    assert (found["defaultTtlS"], found["defaultTtlUnit"]) == ({"SMS": 7200}, {"PUSH": "HOURS"})
    await page.sees("SMS: 2 h")
    await page.open_form("Lifetimes…")
    await page.choose("SMS: seconds without ttl", "")
    await page.send_form("Save")
    found = read(f"/v1/partners/{partner}")
    assert (found["defaultTtlS"], found["defaultTtlUnit"]) == ({}, {"PUSH": "HOURS"})


async def test_an_application_is_changed_with_its_catalogue(
    mistaken: ConsolePage, read: Read, application: str
) -> None:
    page = mistaken
    await opened(page, "applications", application)
    await page.open_form("Change…")
    await page.type("Lowest version", "two")
    assert await page.refused_at("Save") == ["edit-minVersion"]
    await page.type("Lowest version", "2.1")
    await page.choose("Proof of login", "accepted")
    await page.send_form("Save")
    await page.sees("2.1")
    await page.open_form("Subscriptions…")
    await page.press("Add a subscription", within="dialog")
    assert await page.refused_at("Save") == ["edit-subscriptions-0-id"]
    await page.type("Id", "news")
    await page.type("Title", "News")
    assert await page.barriers() == []
    await page.send_form("Save")
    found = read(f"/v1/applications/{application}")
    assert (found["minVersion"], found["identity"]) == ("2.1", "accepted")
    assert [(kind["id"], kind["title"], kind["default"]) for kind in found["subscriptions"]] == [("news", "News", True)]


async def test_keys_for_proofs_are_added_and_ended_and_a_drawn_secret_is_shown_once(
    mistaken: ConsolePage, read: Read, application: str
) -> None:
    def kids() -> list[str]:
        return [key["kid"] for key in read(f"/v1/applications/{application}")["identityKeys"]]

    page = mistaken
    await opened(page, "applications", application)
    await page.open_form("Add a key…")
    await page.type("kid", "one")
    await page.type("PEM", "no key")
    assert await page.refused_at("Add") == ["edit-pem"]
    await page.type("PEM", PEM)
    await page.send_form("Add")
    await page.sees("EdDSA")
    await page.open_form("Add a key…")
    await page.choose("What it is", "drawn")
    await page.type("kid", "two")
    await page.press("Add", within="dialog")
    await page.sees("This is told once and cannot be shown again")
    await page.press("I have kept it")
    await page.sees("a secret, which is not shown")
    assert kids() == ["one", "two"]
    await page.press("End…", within="tbody tr")
    await page.sees(f"End key one of {application}?")
    assert await page.barriers() == []
    await page.send_form("End")
    assert kids() == ["two"]


async def test_a_broadcast_channel_is_made_sent_to_asked_about_and_removed(mistaken: ConsolePage, world: World) -> None:
    page, channel = mistaken, f"forms-{world.new_ref()}"
    row = f"[...document.querySelectorAll('.broadcasts tbody tr')].find((one) => one.textContent.includes('{channel}'))"
    await opened(page, "applications", APPLICATION_ID)
    await page.open_form("New channel…")
    assert await page.refused_at("Create") == ["edit-name"]
    await page.type("Name", channel)
    await page.send_form("Create")

    async def is_open() -> bool:
        await page.run(f"(() => {{ const old = {row}; if (old) old.dataset.old = 'yes'; }})()")
        await page.press("Refresh", within=".broadcasts")
        await page.until(f"{row} !== undefined && {row}.dataset.old === undefined", "it is listed anew")
        return bool(await page.run(f"{row}?.textContent.includes('open')"))

    await eventually(is_open, "Apple has made the channel")
    await page.run(f"{row}.id = 'ours'")
    await page.press("Send…", within="#ours")
    await page.type("aps", "{}")
    assert await page.refused_at("Send") == ["edit-aps"]
    await page.type("aps", END)
    await page.send_form("Send")
    await page.sees(f"What has become of a message of {channel}")

    async def is_accepted() -> bool:
        await page.press("Ask")
        return bool(await page.run("document.body.innerText.includes('accepted by Apple')"))

    await eventually(is_accepted, "Apple has taken the message")
    assert await page.barriers() == []
    await page.press("Remove…", within="#ours")
    await page.send_form("Remove")
    await page.until(f"/removed/.test({row}?.textContent ?? '')", "the channel is let go")


async def test_reports_are_counted_sent_again_and_listed(mistaken: ConsolePage, partner: str) -> None:
    page = mistaken
    await page.run("location.hash = '#/operations/resends'")
    await page.open_form("Count…")
    await page.choose("Partner", partner)
    assert await page.refused_at("Count") == ["edit-since"]
    await page.choose("From", "2026-01-01T00:00")
    assert await page.barriers() == []
    await page.send_form("Count")
    await page.sees(f"0 messages of {partner}; nothing was sent")
    await page.open_form("Send again…")
    await page.choose("Partner", partner)
    await page.choose("From", "2026-01-01T00:00")
    await page.send_form("Send again")
    await page.sees(f"Begun: 0 messages of {partner}")
    await page.until(f"document.querySelector('tbody')?.textContent.includes('{partner}')", "it is listed")
