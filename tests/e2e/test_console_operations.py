"""The page Operations in a real browser: a record that was put aside is mended and sent again."""

import asyncio

from aiokafka import AIOKafkaProducer

from deploy.local.provision import admin_of
from schemas import codec, topics
from tests.support.audit_trail import record_of
from tests.support.console_page import ConsolePage, browser, needs_console, operator, page
from tests.support.waiting import eventually
from tests.support.world import World

__all__ = ["browser", "operator", "page"]  # fixtures
pytestmark = needs_console("nobody has operated the platform in the console")
_OPEN_LETTER = (
    "(() => { const one = [...document.querySelectorAll('main tbody tr')].find((row) => row.innerText.includes(%r));"
    " one?.querySelector('a').click(); return Boolean(one); })()"
)


async def go(page: ConsolePage, place: str) -> None:
    await page.run(f"location.hash = '#/operations{place}'")
    await page.settled()


async def test_a_record_that_was_put_aside_is_mended_and_sent_again(operator: ConsolePage, world: World) -> None:
    place = f"/v1/mended-{world.new_ref()}"
    broken, whole = f'{{"type": "audited", "at": "{place}"}}'.encode(), codec.encode(record_of("operator:duty", place))
    async with AIOKafkaProducer(bootstrap_servers=world.stack.kafka_bootstrap) as producer:
        await producer.send_and_wait(topics.AUDIT_EVENTS.name, broken, key=b"operator:duty")
    await go(operator, "/dead-letters")
    await operator.until(_OPEN_LETTER % "audit-events/", "the letter is listed")
    await operator.sees("Put aside")
    assert place not in await operator.run("document.body.innerText"), "nobody sees its content unasked"
    await operator.press("Show the content…")
    await operator.press("Show the content", within="dialog")
    await operator.sees(place)
    await operator.press("Send again…")
    await operator.type("The mended record, JSON; empty: as it was", whole.decode())
    assert await operator.barriers() == []
    await operator.press("Send again", within="dialog")
    await operator.sees("It is sent again.")
    admin = admin_of(world.stack.describe())

    async def is_told() -> bool:
        found = await asyncio.to_thread(admin.call, "GET", f"/v1/audit?what={place}", {})
        return [record["path"] for record in found["records"]] == [place]

    await eventually(is_told, "the mended record is in the audit trail")
