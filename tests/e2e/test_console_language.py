"""The console in another language, in a real browser: what is typed, found and chosen stays, in other words."""

from tests.support.console_page import SEARCHED, ConsolePage, browser, needs_console, operator, page, short
from tests.support.world import World

__all__ = ["browser", "operator", "page"]  # fixtures
pytestmark = needs_console("nobody has changed the language of the console there")
LIST = "to,name\\n79110000001,gold\\n"
_CHOOSE = f"""(() => {{
  const field = document.querySelector("input[type=file]");
  if (!field) return false;
  const held = new DataTransfer();
  held.items.add(new File(["{LIST}"], "autumn.csv", {{type: "text/csv"}}));
  field.files = held.files;
  field.dispatchEvent(new Event("change", {{bubbles: true}}));
  return true;
}})()"""


async def test_a_search_and_what_it_found_stay_and_are_said_in_the_other_language(
    operator: ConsolePage, world: World
) -> None:
    phone = world.new_phone()
    await world.enrol("ios", phone)
    trace = await world.trace(await world.send(phone))
    found = trace["messageId"]
    await operator.find(trace["phone"])
    await operator.until(f"document.body.innerText.includes('{short(found)}')", "the message is found")
    await operator.press("По-русски")
    await operator.sees("Найти")
    await operator.settled()
    await operator.until("/[а-яё]{3,}/.test(document.querySelector('main td:last-child').innerText)", "why, in Russian")
    assert await operator.run("document.getElementById('search').value") == trace["phone"]
    assert await operator.run(f"document.querySelector('main table').innerText.includes('{short(found)}')")
    await operator.press("In English")
    await operator.sees(SEARCHED)
    assert await operator.run("document.getElementById('search').value") == trace["phone"]


async def test_a_file_that_is_chosen_for_a_new_mailing_stays_and_so_does_the_text(operator: ConsolePage) -> None:
    await operator.press("Mailings")
    await operator.run("location.hash = '#/mailings/new'")
    await operator.type("Name", "autumn")
    await operator.type("Text", "{{name}}, look")
    await operator.until(_CHOOSE, "a file is chosen")
    await operator.sees("autumn.csv")
    await operator.press("По-русски")
    await operator.until("document.documentElement.lang === 'ru'", "it is Russian")
    await operator.settled()
    await operator.sees("autumn.csv")
    fields = "['name', 'text'].map((id) => document.getElementById(id).value)"
    assert await operator.run(fields) == ["autumn", "{{name}}, look"]
    assert await operator.barriers() == []
