"""Who looked at a customer, or acted on them, in the console's page of the audit trail, in a real browser."""

import aiohttp

from tests.support.console_page import ConsolePage, browser, needs_console, operator, page
from tests.support.world import World

__all__ = ["browser", "operator", "page"]  # fixtures
pytestmark = needs_console("nobody has asked there who looked at a customer")
EXPORTS = 3


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
    await operator.type("Customer's phone", phone)
    await operator.press("Find")
    await operator.sees("POST /v1/identities/revoke")
    shown = await operator.run("document.querySelector('main').innerText")
    assert "/v1/messages/export" not in shown
    assert await operator.barriers() == []
    await operator.sees("Looks that name nobody and may have shown this customer too, such as exports:")
    await operator.press("Show these")
    await operator.sees("GET /v1/messages/export")
    await operator.choose("Until (now, if empty)", "2001-01-01T00:00")
    await operator.press("Find")
    await operator.sees("No such record in this time")
