"""A mailing made in a real browser: channels, what follows a push, segments, secure values, what is paid for."""

from typing import Any

import pytest

from deploy.local.provision import admin_of
from tests.support.console_page import ConsolePage, browser, mistaken, needs_console
from tests.support.mailings import Mailings
from tests.support.opening import LOGIN, SERVICE_NUMBER
from tests.support.world import Json, World

__all__ = ["browser", "mistaken"]  # fixtures
pytestmark = needs_console("nobody has made a mailing in the console")


async def begun(page: ConsolePage, world: World) -> str:
    """The form of a new mailing of the test's partner; its name."""
    name = f"autumn {world.new_ref()}"
    await page.run("location.hash = '#/mailings/new'")
    await page.choose("Partner", LOGIN)
    await page.choose("Sender", SERVICE_NUMBER)
    await page.type("Name", name)
    return name


async def made(page: ConsolePage, world: World) -> Json:
    """The draft that was made, as it was asked for."""
    await page.press("Make the draft")
    await page.until("/^#\\/mailings\\/[0-9a-f-]{36}$/.test(location.hash)", "the draft is made")
    mailing_id = (await page.run("location.hash")).rpartition("/")[2]
    admin = admin_of(world.stack.describe())
    return {**admin.call("GET", f"/v1/mailings/{mailing_id}/definition", {}), "mailingId": mailing_id}


async def fill(page: ConsolePage, field: str, text: str) -> None:
    """A field by its id: fields of later messages are called alike."""
    await page.until(f"document.getElementById('{field}') !== null", f"there is {field}")
    await page.run(f"document.getElementById('{field}').select()")
    await page.run(f"document.getElementById('{field}').focus()")
    await page.browser.call("Input.insertText", page.session, text=text)


async def test_an_sms_follows_where_a_push_is_not_read_and_the_forecast_says_what_is_paid_for(
    mistaken: ConsolePage, world: World
) -> None:
    page = mistaken
    name = await begun(page, world)
    await page.type("Text", "Your code is %code%")
    await page.press("Add a value")
    await page.type("Name (Latin letters and digits)", "code")
    await page.type("Value", "{{code}}")
    await page.run("document.querySelector('details').open = true")
    await page.type("Title then", "March")
    await page.press("Add a message")
    await fill(page, "fallbacks-0-text", "")
    await page.press("Make the draft")
    await page.until("document.querySelector('#fallbacks-0-text[aria-invalid]') !== null", "an empty SMS is refused")
    await page.until("document.activeElement.id === 'fallbacks-0-text'", "it has the focus")
    assert await page.barriers() == []
    await fill(page, "fallbacks-0-text", "{{name}}, look into the app")
    found = await made(page, world)
    assert (found["name"], found["message"]["type"]) == (name, "PUSH")
    assert found["message"]["data"]["extraOptions"] == [
        {"param_name": "SECURE", "param_value": {"code": ""}},
        {"param_name": "RICH", "param_value": {"title": "March"}},
    ]
    assert found["cascadeChainLink"]["message"]["data"]["text"] == "{{name}}, look into the app"
    async with Mailings(world) as mailings:
        people = [{"to": world.new_phone(), "name": text, "code": "1"} for text in ("ы" * 100, "gold")]
        await mailings.upload(found["mailingId"], people)
    await page.press("Make a forecast")
    await page.sees("What is paid for, at most")
    cells = (
        "[...document.querySelectorAll('[aria-label=\"What is paid for, at most\"] td')].map((one) => one.textContent)"
    )
    assert await page.run(cells) == ["SMS", "2", "3"]  # the first one has Cyrillic, and two parts
    await fill(page, "price-SMS", "2,355")
    await fill(page, "price-currency", "rubles")
    await page.sees("At most 7.07 rubles")
    await fill(page, "price-SMS", "dear")
    await page.sees("a number such as 2.35")
    assert await page.barriers() == []
    assert await page.run("JSON.parse(localStorage['rpns.prices']).currency") == "rubles"
    await page.press("New mailing like this one")
    await page.until("document.getElementById('fallbacks-0-text')?.value.includes('look into')", "a copy is filled in")


async def test_lifetimes_that_do_not_fit_are_told_at_their_fields_while_they_are_typed(
    mistaken: ConsolePage, world: World
) -> None:
    faults = "[...document.querySelectorAll('[aria-invalid]')].map((one) => one.id).join()"
    page = mistaken
    await begun(page, world)
    await fill(page, "ttl", "25")
    await page.until(f"{faults} === 'ttl'", "a push does not live that long")
    await page.sees("it must be 30 s to 24 h")
    await fill(page, "ttl", "24")
    await page.press("Add a message")
    await page.choose("Goes over", "WHATSAPP")
    await fill(page, "fallbacks-0-ttl", "1")
    await page.until(f"{faults} === 'fallbacks-0-ttl'", "a WhatsApp message lives a day at least")
    await fill(page, "fallbacks-0-ttl", "24")
    await page.choose("Hours", "window")
    soon = "new Date(Date.now() + 7200000 - new Date().getTimezoneOffset() * 60000).toISOString().slice(0, 16)"
    await page.choose("Not after", await page.run(soon))
    await page.until(f"{faults} === 'fallbacks-0-state'", "the push may take longer than until the deadline")
    await page.sees("The deadline comes first")
    assert await page.barriers() == []


async def test_a_segment_is_chosen_and_a_refusal_stands_at_its_condition(mistaken: ConsolePage, world: World) -> None:
    page = mistaken
    await begun(page, world)
    await page.type("Text", "Good evening")
    await page.choose("Whom it goes to", "segment")
    await page.tick("iOS")
    await page.type("Time zones", "Mars/Base")
    await page.press("Make the draft")
    await page.until("document.querySelector('#segment-timeZones[aria-invalid]') !== null", "the zone is refused")
    assert await page.barriers() == []
    await page.type("Time zones", "Europe/Moscow")
    found = await made(page, world)
    assert found["segment"] == {"platforms": ["ios"], "timeZones": ["Europe/Moscow"]}
    await page.sees("By what their devices are, not by a list:")


@pytest.mark.parametrize(
    ("channel", "data"),
    [("SMS", {"text": "hi"}), ("VIBER", {"instantContent": {"type": "TEXT", "data": {"text": "hi"}}})],
)
async def test_a_mailing_may_be_of_another_channel_and_have_more_as_json(
    mistaken: ConsolePage, world: World, channel: str, data: dict[str, Any]
) -> None:
    page = mistaken
    await begun(page, world)
    await page.choose("Channel", channel)
    await page.type("Text", "hi")
    await page.run("document.getElementById('more').closest('details').open = true")
    await page.type("JSON", '{"name": "other"}')
    await page.press("Make the draft")
    await page.sees("stands in a field above: name")
    await page.type("JSON", '{"extraParam": "a=1"}')
    found = await made(page, world)
    assert found["extraParam"] == "a=1"
    assert found["message"]["type"] == channel
    assert {key: found["message"]["data"][key] for key in data} == data


CHOSEN = """(() => {
  const files = new DataTransfer();
  files.items.add(new File([%r], "list.csv", { type: "text/csv" }));
  const field = document.getElementById("list-file");
  field.files = files.files;
  field.dispatchEvent(new Event("change", { bubbles: true }));
})()"""


async def test_no_draft_is_made_that_its_file_has_no_columns_for_and_single_braces_are_warned_of(
    mistaken: ConsolePage, world: World
) -> None:
    page = mistaken
    await begun(page, world)
    await page.type("Text", "Dear {name}, {{nam}}")
    await page.sees("{name}: single braces are text")
    await page.run(CHOSEN % "".join(["phone;name\n", *(f"{world.new_phone()};client\n" for _ in range(2))]))
    await page.sees("The file has this column: its value is {{name}}.")
    await page.sees("The file has no column nam")
    await page.press("Make the draft")
    await page.until("document.activeElement.id === 'list-file'", "the file has the focus")
    assert await page.run("location.hash") == "#/mailings/new"
    assert await page.barriers() == []
    await page.type("Text", "Dear {name}")
    await made(page, world)
    await page.sees("Rows: 2. Taken: 2")
    await page.press("Make a forecast")
    await page.sees("{name}: single braces are text")
    await page.sees("Few can be reached: 0 of 2.")
    shown = await page.run("document.body.innerText")
    assert "Start without the broken lines" not in shown
    assert f"Sender\n{SERVICE_NUMBER}" in shown
    assert await page.barriers() == []


async def test_before_a_cancel_only_what_is_certain_is_said_and_after_it_what_is_still_counted(
    mistaken: ConsolePage, world: World
) -> None:
    page = mistaken
    message = {"type": "PUSH", "data": {"serviceNumber": SERVICE_NUMBER, "text": "hi", "ttl": 1, "ttlUnit": "HOURS"}}
    async with Mailings(world) as mailings:
        draft = await mailings.draft(message, ratePerS=1)
        await mailings.upload(draft, [{"to": world.new_phone()} for _ in range(60)])
        mailing_id = (await mailings.ok("GET", f"/{draft}"))["mailingId"]
        await page.run(f"location.hash = '#/mailings/{mailing_id}'")
        await page.press("Start")
        await page.sees("Few can be reached: 0 of 60.")
        await page.press("Start", within="dialog")
        await page.sees("Not planned yet")
        await page.press("Cancel mailing")
        await page.sees("They will get nothing.")
        assert "Still to go" not in await page.run("document.body.innerText")
        assert await page.barriers() == []
        await page.press("Cancel mailing", within="dialog")
        await page.sees("All is known — got it: 0; got nothing because it was cancelled:")
        progress = (await mailings.ok("GET", f"/{draft}"))["progress"]
        await page.sees(f"got nothing because it was cancelled: {progress['cancelled']}")
        shown = await page.run("document.body.innerText")
    assert (progress["pending"], progress["cancelled"] + progress["undelivered"]) == (0, 60)
    assert "Will be sent to" not in shown
    assert await page.barriers() == []


_MANY = """(() => {
  const lines = Array.from({ length: %d }, (_, place) => `7999${String(place).padStart(7, "0")};client ${place}\\n`);
  const files = new DataTransfer();
  files.items.add(new File(["phone;name\\n", ...lines], "many.csv", { type: "text/csv" }));
  const field = document.getElementById("list-file");
  field.files = files.files;
  field.dispatchEvent(new Event("change", { bubbles: true }));
})()"""
_BAR = "document.querySelector('.uploading progress[value]')"
_LINES = "[...document.querySelectorAll('figure.plot polyline')]"


async def test_a_long_list_shows_how_far_it_has_come(mistaken: ConsolePage, world: World) -> None:
    page, count = mistaken, 50_000
    await begun(page, world)
    await page.type("Text", "Dear {{name}}")
    await page.run(_MANY % count)
    await page.sees("many.csv")
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 200_000}
    await page.browser.call("Network.enable", page.session)
    await page.browser.call("Network.emulateNetworkConditions", page.session, **slow)
    await made(page, world)
    await page.until(f"{_BAR} && {_BAR}.value > 0 && {_BAR}.value < {_BAR}.max", "it is on its way")
    assert await page.barriers() == []
    await page.browser.call("Network.emulateNetworkConditions", page.session, **{**slow, "uploadThroughput": -1})
    await page.sees("Rows: 50,000. Taken: 50,000")


async def test_a_mailing_is_started_paused_and_resumed_and_whoever_comes_later_sees_how_it_went(
    mistaken: ConsolePage, world: World
) -> None:
    page, phone = mistaken, world.new_phone()
    await world.enrol("android", phone)
    message = {"type": "PUSH", "data": {"serviceNumber": SERVICE_NUMBER, "text": "hi", "ttl": 1, "ttlUnit": "HOURS"}}
    async with Mailings(world) as mailings:
        draft = await mailings.draft(message, ratePerS=2)
        await mailings.upload(draft, [{"to": phone}, *({"to": world.new_phone()} for _ in range(11))])
        mailing_id = (await mailings.ok("GET", f"/{draft}"))["mailingId"]
        await page.run(f"location.hash = '#/mailings/{mailing_id}'")
        await page.press("Start")
        await page.press("Start", within="dialog")
        await page.press("Pause")
        await page.press("Pause", within="dialog")
        await page.until("document.querySelector('h1 .badge')?.textContent === 'paused'", "it is paused")
        assert (await mailings.ok("GET", f"/{draft}"))["state"] == "paused"
        await page.press("Resume")
        await page.press("Resume", within="dialog")
        await page.sees("All is known — got it: 1;")
        counted = (await mailings.ok("GET", f"/{draft}"))["progress"]["course"]
        (listed,) = [line for line in (await mailings.ok("GET", ""))["mailings"] if line["mailingId"] == mailing_id]
    assert listed["progress"]["course"] == []
    assert (counted[-1]["planned"], counted[-1]["read"], counted[-1]["undelivered"]) == (12, 1, 11)
    assert [count["at"] for count in counted] == sorted(count["at"] for count in counted)
    await page.reload()
    await page.until(f"{_LINES}.length === 6", "the plot is there")
    assert await page.barriers() == []
