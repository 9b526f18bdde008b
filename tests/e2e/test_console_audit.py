"""Who looked at a customer, or acted on them, in the console's page of the audit trail, in a real browser."""

import aiohttp

from tests.support.console_page import ConsolePage, browser, needs_console, operator, page
from tests.support.world import World

__all__ = ["browser", "operator", "page"]  # fixtures
pytestmark = needs_console("nobody has asked there who looked at a customer")
EXPORTS = 3
FURTHER = "Customer, thing, message, end of the period"
WHO = "document.getElementById('audit-who')"


async def test_what_was_done_to_a_customer_is_found_and_exports_are_told_apart(
    operator: ConsolePage, world: World
) -> None:
    phone = world.new_phone()
    headers = {"Authorization": f"Bearer {world.stack.env['RPNS_ADMIN_TOKEN']}"}
    async with aiohttp.ClientSession(world.stack.operators_url, headers=headers) as http:
        async with http.post("/v1/identities/revoke", json={"phone": f"+{phone}"}) as answer:
            assert answer.status == 200
        async with http.post(f"/v1/messages/{phone}/cancel") as answer:
            assert answer.status == 404
        for _ in range(EXPORTS):
            async with http.get("/v1/messages/export", params={"partner": "demo"}) as answer:
                assert answer.status == 200
    await operator.press("Audit")
    await operator.press(FURTHER)
    await operator.type("Customer's phone", phone)
    await operator.press("Find")
    await operator.sees("ended the proofs of login on the devices of the customer you asked for")
    shown = await operator.run("document.querySelector('main').innerText")
    assert "exported messages" not in shown
    assert "/v1/" not in shown
    await operator.press("Details")
    await operator.sees("POST /v1/identities/revoke")
    assert await operator.barriers() == []
    await operator.sees("Looks that name nobody and may have shown this customer too, such as exports:")
    await operator.press("Show these")
    await operator.sees("exported messages (values shown)")
    await operator.choose("Until (now, if empty)", "2001-01-01T00:00")
    await operator.press("Find")
    await operator.sees("No such record in this time")


async def test_who_did_something_is_pressed_to_see_all_that_they_did(operator: ConsolePage) -> None:
    await operator.press("Audit")
    await operator.press("the installer's token", within="table")
    await operator.until(f"{WHO}.value === 'bootstrap'", "the page asks for that caller alone")
    await operator.settled()
    await operator.choose("Since", "yesterday")
    await operator.press("Find")
    await operator.sees("No such record in this time")
    await operator.choose("Since", "today")
    await operator.press("Find")
    await operator.press("the installer's token", within="table")


async def test_kinds_of_records_are_offered_and_who_is_not_recorded_is_told(operator: ConsolePage) -> None:
    await operator.press("Audit")
    await operator.choose("Kind", "failed-sign-in")
    await operator.sees("Tries with a name that no account has are not recorded one by one")
    await operator.choose("Kind", "change")
    await operator.until("!document.body.innerText.includes('no account has')", "the note is of sign-ins alone")
    assert await operator.barriers() == []


async def test_another_language_says_the_same_records_anew_and_keeps_what_is_typed(operator: ConsolePage) -> None:
    await operator.press("Audit")
    await operator.press(FURTHER)
    await operator.type("Who", "bootstrap")
    await operator.type("What", "/v1/")
    await operator.choose("Since", "week")
    await operator.press("Find")
    await operator.press("the installer's token", within="table")
    await operator.press("Details")
    await operator.press("По-русски")
    await operator.sees("токен установки")
    kept = "[...document.querySelectorAll('main input, main select')].map((field) => field.value)"
    assert await operator.run(kept) == ["", "week", "bootstrap", "/v1/", "", "", "", ""]
    assert await operator.run("document.querySelectorAll('td details[open]').length") == 1
    assert not await operator.run("document.querySelector('main').innerText.includes('installer')")
    assert await operator.barriers() == []
