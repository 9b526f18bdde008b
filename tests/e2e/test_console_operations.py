"""The page Operations in a real browser: what is put aside, stopped, held up or waits, and what is done about it."""

import asyncio

from aiokafka import AIOKafkaProducer

from deploy.local.provision import admin_of
from schemas import codec, topics
from tests.support.audit_trail import record_of
from tests.support.console_page import ConsolePage, browser, needs_console, operator, page
from tests.support.waiting import eventually
from tests.support.world import READ, World

__all__ = ["browser", "operator", "page"]  # fixtures
pytestmark = needs_console("nobody has operated the platform in the console")
_CELLS = "[...document.querySelectorAll('[aria-label=\"%s\"] tbody tr')].map((one) => one.innerText).join('\\n')"
_OPEN_LETTER = (
    "(() => { const one = [...document.querySelectorAll('main tbody tr')].find((row) => row.innerText.includes(%r));"
    " one?.querySelector('a').click(); return Boolean(one); })()"
)


async def go(page: ConsolePage, place: str) -> None:
    await page.run(f"location.hash = '#/operations{place}'")
    await page.settled()


async def row_of(page: ConsolePage, table: str, holds: str) -> str:
    """The text of the rows of this table, once there is one that holds this."""
    await page.until(f"({_CELLS % table}).includes({holds!r})", f"{table!r} has {holds!r}")
    return str(await page.run(_CELLS % table))


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


async def test_a_provider_is_stopped_for_a_reason_and_let_go_and_its_push_arrives(
    operator: ConsolePage, world: World
) -> None:
    phone = world.new_phone()
    device = await world.enrol("huawei", phone)
    await go(operator, "/stops")
    await operator.choose("Provider", "hms")
    await operator.type("Reason", "they asked for it")
    await operator.press("Stop…")
    await operator.press("Pause", within="dialog")
    await operator.sees("Paused: provider hms")
    ref = await world.send(phone)
    assert "they asked for it" in await row_of(operator, "What is stopped", "hms")
    await go(operator, "")
    await operator.sees("Paused: provider hms (bootstrap: they asked for it)")
    assert device.shown == []
    assert await operator.barriers() == []
    await go(operator, "/stops")
    await operator.press("Let go on…")
    await operator.press("Let go on", within="dialog")
    await operator.sees("It goes on: provider hms")
    await world.reported(ref, READ)
    assert len(device.shown) == 1


async def test_of_a_provider_that_is_away_it_is_told_what_waits_and_for_how_long(
    operator: ConsolePage, world: World
) -> None:
    phone = world.new_phone()
    await world.enrol("rustore", phone)
    world.alerts.add(("provider is away: its partitions are paused", "rustore"))
    await world.control.order("rustore", "status", reason="UNAVAILABLE")
    refs = [await world.send(phone, ttl=600) for _ in range(10)]
    await go(operator, "")
    waits = await row_of(operator, "What waits", "dispatch-rustore")
    (line,) = [line for line in waits.split("\n") if line.startswith("dispatch-rustore")]
    _, topic, lane, waiting, oldest, *_ = line.split("\t")
    assert (topic, lane) == ("target-resolved.rustore", "single")
    assert int(waiting) > 0
    assert oldest.split(" ")[1] in ("ms", "s", "min")
    assert await operator.barriers() == []
    await world.control.clear_faults("rustore")
    await asyncio.gather(*(world.reported(ref, READ, timeout_s=90) for ref in refs))
    await operator.until(f"!({_CELLS % 'What waits'}).includes('dispatch-rustore')", "nothing waits any more")


async def test_why_a_sender_is_stopped_is_told_with_the_providers_answer(operator: ConsolePage, world: World) -> None:
    phone = world.new_phone()
    await world.enrol("android", phone)
    await world.reported(await world.send(phone), READ)
    world.alerts.add(("sender stopped", "fcm"))
    await world.control.order("fcm", "status", reason="PERMISSION_DENIED")
    ref = await world.send(phone, ttl=600)
    await go(operator, "")
    held_up = await row_of(operator, "Senders that are held up, and why", "fcm")
    assert "stopped" in held_up
    assert "403 PERMISSION_DENIED" in held_up
    assert await operator.barriers() == []
    await world.control.clear_faults("fcm")
    await world.reported(ref, READ, timeout_s=90)
