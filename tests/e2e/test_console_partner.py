"""The partners' view in a real browser: a partner sees what is its own, and sends what it has built."""

import asyncio
import base64
import os
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import orjson
import pytest

from deploy.browser.chromium import Browser
from deploy.local.provision import APPLICATION_ID, admin_of
from tests.support.console_page import NETWORK, ConsolePage, browser, console_page, needs_console, short
from tests.support.waiting import WAIT_S, eventually
from tests.support.world import QUICK, READ, World

__all__ = ["browser"]  # a fixture
pytestmark = needs_console("nobody has looked at the partners' view (sign-in, messages, settings, requests)")
PORTAL = ("/portal/", "Login")
SEARCHED = "Phone, user id, message id, mtNum or your own id; empty: all"
LIVE = "live: changes show by themselves"
ASKED = "window.asked = []; window.real = fetch; fetch = (path, init) => (asked.push(path), real(path, init)); 0"
KEPT = "Object.keys(localStorage)"
ADDRESSES = "[location.href, ...performance.getEntries().map((one) => one.name)]"
MENU = ["Messages", "Outcomes", "Not accepted", "Mailings", "Request", "Settings"]


@dataclass(frozen=True)
class Partner:
    """One of a test's own, with one service number."""

    login: str
    password: str
    sender: str


async def sign_in(page: ConsolePage, login: str, password: str) -> None:
    await page.type("Login", login)
    await page.type("Password", password)
    await page.press("Sign in")


async def signed_in(page: ConsolePage, login: str, password: str) -> None:
    await sign_in(page, login, password)
    await page.until("document.querySelector('nav a') !== null", "the menu is there")


@pytest.fixture
async def portal(browser: Browser, world: World) -> AsyncIterator[ConsolePage]:
    """A tab on the partners' sign-in; a fault that the browser has to tell of fails the test."""
    async with console_page(browser, world.stack.public_url, *PORTAL) as page:
        yield page
        assert page.faults() == []


@pytest.fixture
async def bank(portal: ConsolePage, world: World) -> ConsolePage:
    """The partner that the world's messages are from, signed in."""
    await signed_in(portal, *world.bank.credentials[:2])
    return portal


@pytest.fixture
def partner(world: World) -> Partner:
    """A new one: what it changes of itself is nobody else's."""
    admin, name = admin_of(world.stack.describe()), world.new_ref()
    made = admin.call("POST", "/v1/partners", {"login": name, "reportUrl": "https://old.example/reports"})
    world.secret.add(made["password"])
    admin.put_sender(name, f"S{name}"[:11], APPLICATION_ID)
    return Partner(name, made["password"], f"S{name}"[:11])


async def shown_anew(page: ConsolePage, script: str, within_s: float = WAIT_S) -> None:
    """Refresh the last card until an expression is true."""

    async def is_shown() -> bool:
        await page.press("Refresh", within="section:last-of-type")
        await page.settled()
        return bool(await page.run(script))

    await eventually(is_shown, script, within_s)


async def main_text(page: ConsolePage) -> str:
    return str(await page.run("document.querySelector('main').innerText"))


async def test_a_wrong_password_is_told_and_the_right_one_kept_in_the_tab_alone(browser: Browser, world: World) -> None:
    login, password, _ = world.bank.credentials
    async with console_page(browser, world.stack.public_url, *PORTAL) as page:
        await sign_in(page, login, "a guess")
        await page.sees("Unknown login or wrong password")
        [fault] = await eventually(page.faults, "the browser tells of the refusal")
        assert fault.startswith(f"{NETWORK}: the server responded with a status of 401")
        await signed_in(page, login, password)
        assert await page.run(f"[{KEPT}, document.cookie]") == [["rpns.language"], ""]
        assert await page.run("indexedDB.databases().then((found) => found.length)") == 0
        await page.reload()
        await page.until("document.querySelector('nav a') !== null", "a reload does not sign out")
        for label in MENU:
            await page.press(label, within="nav")
            await page.settled()
        addresses = await page.run(ADDRESSES)
        assert any("/v1/me/settings" in address for address in addresses)
        proof = basic(login, password)["Authorization"].removeprefix("Basic ")
        assert [address for address in addresses if password in address or proof in address] == []
        await page.press("Sign out")
        await page.sees("Password")
        assert await page.run(f"[sessionStorage.length, {KEPT}, document.cookie]") == [0, ["rpns.language"], ""]
        assert page.faults() == [fault]


async def test_an_operators_token_and_routes_are_of_no_use_there(bank: ConsolePage, world: World) -> None:
    token = world.stack.env["RPNS_ADMIN_TOKEN"]
    async with httpx.AsyncClient(base_url=world.stack.public_url) as client:
        assert (await client.get("/console/")).status_code == 404
        for path in ("/v1/partners", "/v1/operators", "/v1/audit", "/v1/cluster"):
            for headers in ({"Authorization": f"Bearer {token}"}, basic(*world.bank.credentials[:2])):
                assert (await client.get(path, headers=headers)).status_code == 404, path
    assert await bank.run("[...document.querySelectorAll('nav a')].map((one) => one.textContent.trim())") == MENU
    for path in ("operations", "audit"):
        await bank.run(f"location.hash = '#/{path}'")
        await bank.sees("There is no such page")


async def test_its_messages_are_shown_in_full_by_phone_state_or_all_together_and_no_others(
    bank: ConsolePage, world: World, partner: Partner
) -> None:
    phone, stranger = world.new_phone(), world.new_phone()
    for number in (phone, stranger):
        await world.enrol("android", number, QUICK)
    ref = await world.send(phone)
    await world.reported(ref, READ)
    message = await world.trace(ref)
    theirs = await send_as(world, partner, stranger)
    await bank.sees("Your messages")
    await bank.press("Period and state")
    await bank.press("Last hour")  # which looks again
    await bank.sees(short(message["messageId"]))
    await bank.sees(f"+{phone}")
    await bank.type(SEARCHED, phone)
    await bank.press("Find")
    await bank.sees("Messages to this phone")
    await bank.open_message(message["messageId"])
    await bank.sees("What happened")
    await bank.sees(str(message["text"]))
    assert await bank.barriers() == []
    assert "Test push" not in await main_text(bank)
    await bank.press("Show", within="section.card:last-of-type")
    await bank.until("document.querySelector('section.card:last-of-type table') !== null", "its devices are shown")
    for theirs_by in (theirs, stranger):
        await bank.type(SEARCHED, theirs_by)
        await bank.press("Find")
        await bank.settled()
        await bank.until("document.querySelector('main').innerText.match(/No message/) !== null", "nothing is found")


async def test_why_messages_have_failed_is_told_in_words(bank: ConsolePage, world: World) -> None:
    ref = await world.send(world.new_phone())
    assert await world.refused(ref) == 20
    await bank.press("Outcomes")
    await bank.sees("Why messages were not delivered")
    cells = "[...document.querySelectorAll('section:last-of-type td code')]"
    reason = f"{cells}.some((one) => one.textContent === 'unknown-phone')"
    await shown_anew(bank, reason)
    assert await bank.barriers() == []
    await bank.press("По-русски")
    await bank.sees("Почему сообщения не доставлены")
    await bank.until(reason, "the reason is in the table")
    assert "unknown" not in (await main_text(bank)).replace("unknown-phone", "").lower()
    await bank.press("In English")


async def test_what_was_not_accepted_is_told_by_cause_to_the_partner_alone(
    portal: ConsolePage, world: World, partner: Partner
) -> None:
    ref, secret = world.new_ref(), world.new_text()
    data = {"serviceNumber": partner.sender, "text": secret, "title": "T" * 81}
    body = {"login": partner.login, "password": partner.password, "id": ref, "destAddr": "12"}
    async with httpx.AsyncClient(base_url=world.stack.public_url) as client:
        for _ in range(2):
            answer = await client.post("/v6/send", json=body | {"message": {"type": "PUSH", "data": data}})
            assert answer.status_code == 400
    await signed_in(portal, partner.login, partner.password)
    await portal.press("Not accepted", within="nav")
    await portal.sees("Requests of yours that were not accepted")
    await portal.press("Last hour")
    cells = "[...document.querySelectorAll('td')].map((one) => one.textContent)"
    await shown_anew(portal, f"{cells}.includes('{ref}')", within_s=150)
    row = await portal.until(f"((found) => found.includes('{ref}') && found)({cells})", "its row")
    assert [row[1], row[2], row[4], row[5]] == [
        *("2", "POST /v6/send", "message.data.title"),
        "must have at most 80 characters",
    ]
    assert secret not in await main_text(portal)
    assert await portal.barriers() == []
    await portal.press("По-русски")
    await portal.sees("не более 80 символов")
    await portal.press("In English")
    async with httpx.AsyncClient(base_url=world.stack.public_url) as client:
        found = await client.get("/v1/refusals", headers=basic(*world.bank.credentials[:2]))
        assert partner.login not in found.text


async def test_a_partner_moves_its_reports_and_draws_keys_that_work_and_all_of_it_is_audited(
    portal: ConsolePage, world: World, partner: Partner
) -> None:
    await signed_in(portal, partner.login, partner.password)
    await portal.press("Settings")
    await portal.sees("https://old.example/reports")
    await portal.sees(partner.sender)
    assert await portal.barriers() == []
    await portal.press("Change…")
    await portal.type("Address for reports", "https://new.example/reports")
    await portal.press("Save", within="dialog")
    await portal.sees("https://new.example/reports")
    await portal.press("New API key…")
    await portal.press("New API key", within="dialog")
    await portal.sees("This is told once")
    key = str(await portal.run("document.querySelector('dialog dd code').textContent"))
    world.secret.add(key)
    assert await portal.barriers() == []
    await portal.press("I have kept it")
    await portal.until("document.querySelector('dialog') === null", "the key is gone")
    assert key not in await main_text(portal)
    async with httpx.AsyncClient(base_url=world.stack.public_url) as client:
        shown = (await client.get("/v1/me/settings", headers=basic(partner.login, key))).json()
        assert (shown["reportUrl"], shown["apiKeys"]) == ("https://new.example/reports", 1)
        refused = await client.post("/v1/me/api-key", headers=basic(partner.login, key))
        assert refused.status_code == 403
    admin = admin_of(world.stack.describe())

    def audited() -> list[str] | None:
        records = admin.call("GET", f"/v1/audit?who=partner:{partner.login}", {})["records"]
        found = [f"{record['method']} {record['route']} 200" for record in records if record.get("status") == 200]
        return found if len(found) == 2 else None

    assert sorted(await eventually(audited, "both changes are in the audit trail")) == [
        "PATCH /v1/me/settings 200",
        "POST /v1/me/api-key 200",
    ]


async def test_with_an_api_key_in_place_of_the_password_keys_are_not_drawn(
    browser: Browser, world: World, partner: Partner
) -> None:
    admin = admin_of(world.stack.describe())
    key = admin.call("POST", f"/v1/partners/{partner.login}/api-key", {})["key"]
    world.secret.add(key)
    async with console_page(browser, world.stack.public_url, *PORTAL) as page:
        await signed_in(page, partner.login, key)
        await page.press("Settings")
        await page.press("New key for reports…")
        await page.press("New key for reports", within="dialog")
        await page.sees("an API key makes no keys")
        assert all(fault.startswith(NETWORK) for fault in page.faults())


async def test_a_request_is_built_told_what_is_wrong_with_it_sent_and_followed(browser: Browser, world: World) -> None:
    phone, text = world.new_phone(), world.new_text()
    await world.enrol("android", phone, QUICK)
    async with console_page(browser, world.stack.public_url, *PORTAL) as page:
        await signed_in(page, *world.bank.credentials[:2])
        await page.press("Request")
        await page.type("Phone", "12")
        await page.type("Title", "T" * 81)
        await page.press("Send it")
        await page.sees("Some fields need mending")
        faults = "[...document.querySelectorAll('[aria-invalid]')].map((one) => one.id)"
        assert await page.run(faults) == ["phone", "title", "text"]
        assert await page.barriers() == []
        await page.type("Title", "An offer")
        await page.type("Text", text)
        assert await page.run(faults) == []
        await page.press("Send it")
        await page.until(f"{faults}.join() === 'phone'", "the phone is still wrong")
        await page.type("Phone", f"+{phone}")
        assert await page.run(faults) == []
        await page.press("Send it")
        await page.sees("What became of it")
        await page.press("What became of it")
        await page.sees("What happened")
        await page.sees(text)
        assert all(fault.startswith(NETWORK) for fault in page.faults())


async def test_an_answer_is_brought_in_view_the_form_is_kept_on_the_way_back_and_a_used_id_is_told(
    bank: ConsolePage, world: World
) -> None:
    ref, text = world.new_ref(), world.new_text()
    await bank.press("Request", within="nav")
    await bank.type("Phone", f"+{world.new_phone()}")
    await bank.type("Text", text)
    await bank.type("Your own id", ref)
    await bank.press("Send it")
    await bank.until("document.activeElement.getAttribute('aria-labelledby') === 'answer'", "the answer has the focus")
    place = "document.activeElement.getBoundingClientRect()"
    assert await bank.run(f"{place}.top >= 0 && {place}.bottom <= innerHeight + 1"), "all of the answer is in view"
    assert "was used before" not in await main_text(bank)
    assert await bank.barriers() == []
    await world.trace(ref)
    await bank.press("What became of it")
    await bank.sees("What happened")
    await bank.run("history.back()")
    values = "['phone', 'text', 'id'].map((name) => document.getElementById(name)?.value).slice(1)"
    await bank.until(f"JSON.stringify({values}) === JSON.stringify({[text, ref]})", "the form is as it was left")
    await bank.reload()
    kept = f"JSON.stringify({values}) === JSON.stringify({[text, ref]})"
    await bank.until(kept, "a reload keeps it as well")
    assert await bank.run("document.activeElement.getAttribute('aria-labelledby')") is None, "nobody waits for it now"
    await bank.type("Text", f"{text}, again")
    assert await bank.run("document.getElementById('id').value") != ref, "what follows has an id of its own"
    await bank.type("Your own id", ref)
    await bank.press("Send it")
    await bank.sees("This id was used before: nothing was sent now")
    assert (await world.trace(ref))["text"] == text
    await bank.press("Sign out")
    await bank.sees("Password")
    assert await bank.run("sessionStorage.length") == 0


async def test_behind_a_mailing_its_other_messages_are_listed_without_it(
    portal: ConsolePage, world: World, partner: Partner
) -> None:
    alone, mailed = world.new_phone(), world.new_phone()
    await send_as(world, partner, alone)
    await mail_as(world, partner, mailed)
    await signed_in(portal, partner.login, partner.password)

    async def are_both_listed() -> bool:
        await portal.press("Find")
        await portal.settled()
        shown = await main_text(portal)
        return f"+{alone}" in shown and f"+{mailed}" in shown

    await eventually(are_both_listed, "both messages are listed")
    await portal.tick("Without mailings")
    await portal.until(f"!document.querySelector('main').innerText.includes('+{mailed}')", "the mailing's is gone")
    await portal.sees(f"+{alone}")
    assert await portal.barriers() == []


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
async def test_the_line_of_the_shell_is_answered_as_the_page_is(bank: ConsolePage, world: World) -> None:
    phone = world.new_phone()
    await bank.press("Request")
    await bank.type("Phone", f"+{phone}")
    await bank.type("Text", 'it\'s "$HOME" and `id`')
    line = "document.querySelector('pre[aria-label=curl]').textContent"
    curl = str(await bank.until(f"{line}.includes('it') && {line}", "the line holds the text"))
    password = world.bank.credentials[1]
    assert '"$RPNS_PASSWORD"' in curl
    await bank.press("JSON")
    await bank.until("document.querySelector('pre[aria-label=json]') !== null", "the JSON is shown")
    assert password not in curl + str(await bank.run("document.documentElement.outerHTML"))
    env = {"PATH": os.environ["PATH"], "RPNS_PASSWORD": password}
    shell = await asyncio.create_subprocess_exec("sh", "-c", curl, env=env, stdout=asyncio.subprocess.PIPE)
    answer = orjson.loads((await asyncio.wait_for(shell.communicate(), 30))[0])
    message = await world.trace(answer["id"])
    assert (message["mtNum"], message["text"]) == (answer["mtNum"], 'it\'s "$HOME" and `id`')


async def test_a_partners_list_shows_what_is_its_own_by_the_stream_and_ends_with_its_password(
    browser: Browser, world: World, partner: Partner
) -> None:
    phones = [world.new_phone() for _ in range(3)]
    async with console_page(browser, world.stack.public_url, *PORTAL) as page:
        await signed_in(page, partner.login, partner.password)
        await page.sees(LIVE)
        await page.run(ASKED)
        await send_as(world, partner, phones[0])
        await page.sees(f"+{phones[0]}")
        before = await page.run("asked.length")
        await world.trace(await world.send(phones[1]))  # somebody else's
        await send_as(world, partner, phones[2])
        await page.sees(f"+{phones[2]}")
        assert phones[1] not in await page.run("document.body.innerText")
        later = await page.run("asked")
        assert 0 < before < len(later)
        assert {path.split("?")[0] for path in later} == {"/v1/messages"}, "the stream stayed open"
        assert await page.barriers() == []
        changed = admin_of(world.stack.describe()).call("POST", f"/v1/partners/{partner.login}/password", {})
        world.secret.add(changed["password"])
        await page.sees("Password")
        assert all(fault.startswith(f"{NETWORK}: the server responded with a status of 401") for fault in page.faults())


async def test_a_mailing_is_drafted_by_the_partner_itself(bank: ConsolePage, world: World) -> None:
    name = f"mailing {world.new_ref()}"
    await bank.press("Mailings")
    await bank.press("New mailing")
    await bank.type("Name", name)
    await bank.type("Text", "An offer")
    assert await bank.run("document.querySelector('#partner')") is None
    assert await bank.barriers() == []
    await bank.press("Make the draft")
    await bank.until(f"document.querySelector('h1').textContent.includes({name!r})", "the draft is there")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_nobody_is_kept_out_of_any_page_by_light_dark_or_a_narrow_window(bank: ConsolePage, dark: bool) -> None:
    await bank.is_dark(dark)
    await bank.browser.call(
        "Emulation.setDeviceMetricsOverride", bank.session, width=390, height=844, deviceScaleFactor=1, mobile=False
    )
    found = {}
    for label in MENU:
        await bank.press(label, within="nav")
        await bank.until(f"document.querySelector('nav a[aria-current]')?.textContent.trim() === {label!r}", label)
        await bank.settled()
        found[label] = await bank.barriers()
        wide = await bank.run("[document.documentElement.scrollWidth, innerWidth]")
        assert wide[0] <= wide[1], (label, wide)
    assert {label: barriers for label, barriers in found.items() if barriers} == {}


def basic(login: str, password: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(f'{login}:{password}'.encode()).decode()}"}


async def send_as(world: World, partner: Partner, phone: str) -> str:
    """A push of that partner; its message id."""
    data = {"text": "theirs", "serviceNumber": partner.sender, "ttl": 60, "ttlUnit": "SECONDS"}
    body = {
        "login": partner.login,
        "password": partner.password,
        "id": world.new_ref(),
        "destAddr": phone,
        "message": {"type": "PUSH", "data": data},
    }
    async with httpx.AsyncClient(base_url=world.stack.public_url) as client:

        async def taken() -> str | None:
            answer = await client.post("/v6/send", json=body)
            return str(answer.json()["mtNum"]) if answer.status_code == 200 else None

        return await eventually(taken, "every service knows the new partner")


async def mail_as(world: World, partner: Partner, phone: str) -> None:
    """A mailing of that partner to one phone, started."""
    data = {"text": "an offer", "serviceNumber": partner.sender, "ttl": 60, "ttlUnit": "SECONDS"}
    draft = {"id": world.new_ref(), "name": "autumn", "message": {"type": "PUSH", "data": data}}
    where, auth = f"/v1/mailings/{draft['id']}", basic(partner.login, partner.password)
    async with httpx.AsyncClient(base_url=world.stack.public_url, headers=auth) as client:
        (await client.post("/v1/mailings", json=draft)).raise_for_status()
        line, kind = orjson.dumps({"to": phone}), {"Content-Type": "application/x-ndjson"}
        (await client.put(f"{where}/recipients", content=line, headers=kind)).raise_for_status()
        (await client.post(f"{where}/start")).raise_for_status()
