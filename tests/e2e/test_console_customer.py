"""What an operator does for one customer in the console, in a real browser: search, a test push, and forgetting."""

from tests.support.console_page import SEARCHED, ConsolePage, browser, needs_console, operator, page, short
from tests.support.world import QUICK, READ, World

__all__ = ["browser", "operator", "page"]  # fixtures
pytestmark = needs_console("nobody has sent a test push there, or forgotten somebody")

DAY_MS = 86_400_000


async def test_only_messages_of_the_period_and_state_are_found_until_more_is_asked_for(
    operator: ConsolePage, world: World
) -> None:
    phone = world.new_phone()
    await world.enrol("android", phone, QUICK)
    ref = await world.send(phone)
    await world.reported(ref, READ)
    message = (await world.trace(ref))["messageId"]
    await operator.press("Period and state")
    await operator.press("Last hour")
    await operator.find(phone)
    await operator.sees(short(message))
    assert await operator.barriers() == []
    await operator.choose("State", "REFUSED")
    await operator.press("Find")
    await operator.sees("No message to this phone is of this period and state")
    await operator.choose("State", "READ")
    await operator.press("Find")
    await operator.open_message(message)
    await operator.run("history.back()")
    await operator.sees("Messages to this phone")
    begin = await operator.run("document.querySelector('#support-from').value")
    await operator.choose("Accepted from", "2001-01-01T00:00")
    await operator.choose("until", begin)
    await operator.press("Find")
    await operator.sees("No message to this phone is of this period and state")
    assert short(message) not in await operator.run("document.querySelector('main').innerText")
    await operator.press("Any time")
    await operator.sees(short(message))


async def test_last_night_is_from_evening_to_morning_and_no_period_ends_before_it_begins(operator: ConsolePage) -> None:
    await operator.press("Period and state")
    await operator.press("Last night")
    night = "['#support-from', '#support-to'].map((id) => document.querySelector(id).value)"
    await operator.until(f"{night}.map((at) => at.slice(10)).join() === 'T22:00,T08:00'", "the night is filled in")
    begin, end = await operator.run(f"{night}.map((at) => Date.parse(at))")
    assert 0 < end - begin < DAY_MS
    await operator.choose("until", "2001-01-01T00:00")
    await operator.sees("The period must begin before it ends")
    await operator.type(SEARCHED, "79110000000")
    await operator.press("Find")
    await operator.settled()
    await operator.sees("search to begin")
    assert await operator.barriers() == []


async def test_a_phone_that_is_also_an_id_of_anothers_message_shows_both(operator: ConsolePage, world: World) -> None:
    phone, neighbour = world.new_phone(), world.new_phone()
    for number in (phone, neighbour):
        await world.enrol("android", number, QUICK)
    own = (await world.trace(await world.send(phone)))["messageId"]
    strange = (await world.trace(await world.send(neighbour, ref=phone)))["messageId"]
    await operator.find(phone)
    await operator.sees("Messages with this id")
    tables = "[...document.querySelectorAll('.table')].map((one) => [one.ariaLabel, one.querySelector('a').title])"
    assert await operator.run(tables) == [["Messages to this phone", own], ["Messages with this id", strange]]
    assert await operator.barriers() == []
    await operator.choose("State", "SUPPRESSED")
    await operator.press("Find")
    await operator.sees("No message to this phone is of this period and state")
    await operator.sees(short(strange))


async def test_a_test_push_reaches_the_customer_and_is_followed(operator: ConsolePage, world: World) -> None:
    phone = world.new_phone()
    await world.enrol("android", phone, QUICK)
    await operator.find(phone)
    await operator.press("Test push…")
    await operator.type("Text", "Is anybody there?")
    assert await operator.barriers() == []
    await operator.press("Send…")
    await operator.press("Send", within="dialog")
    await operator.sees("On its way")
    message = await operator.run("document.querySelector('[role=status] a').textContent")
    await operator.press(message)
    await operator.sees("What happened")
    await operator.until("document.querySelector('h2 .badge[title=READ]')?.textContent === 'read'", "it was read")


async def test_a_customer_is_forgotten_only_once_named_again(operator: ConsolePage, world: World) -> None:
    phone = world.new_phone()
    await world.enrol("android", phone, QUICK)
    await operator.find(phone)
    await operator.press("Forget this person…")
    await operator.press("Show whom", within="dialog")
    await operator.sees("To be forgotten")
    assert await operator.barriers() == []
    await operator.type("Type once more what you searched for", phone[:-1])
    assert await operator.run(
        "[...document.querySelectorAll('button')].find((one) => one.textContent.startsWith('Forget them')).disabled"
    )
    await operator.type("Type once more what you searched for", phone)
    await operator.press("Forget them for good…")
    await operator.press("Forget them for good", within="dialog")
    await operator.sees("Forgotten")
    await operator.sees("Keys destroyed for good")
