"""The registry's consumers: what was appended but not folded is repaired; what providers say of tokens is learnt."""

from collections.abc import AsyncIterator, Sequence

import pytest

from schemas import codec, ids
from schemas.device_events import TokenRetired, TokenWorked
from schemas.events import Event, ProviderDispatched
from schemas.providers import Provider
from schemas.topics import DEVICE_EVENTS, PROVIDER_DISPATCHED, Topic
from services.registry.devices.consumers import DeviceConsumers
from services.registry.devices.store import DeviceStore
from services.runtime import mongo
from services.runtime.log.batch_consumer import Record, StepResult
from services.runtime.settings import Settings
from tests.support.device_events import AppEvents

APP = AppEvents("i-0")


@pytest.fixture
async def devices(settings: Settings) -> AsyncIterator[DeviceStore]:
    async with mongo.database(settings) as database:
        made = DeviceStore(database)
        await made.prepare()
        yield made
        await database.client.drop_database(settings.mongo_database)


def records(topic: Topic, events: Sequence[Event]) -> list[Record]:
    return [Record(topic, 0, offset, "k", event=event, raw=codec.encode(event)) for offset, event in enumerate(events)]


async def done(follows: StepResult) -> list[Event | None]:
    """What the step appends, after it has written its projection."""
    if follows.project is not None:
        await follows.project()
    return [codec.decode(append.topic, append.value) for append in follows.appends]


def dispatched(after: int, dead: str | None = None, dead_at: int | None = None) -> ProviderDispatched:
    return ProviderDispatched(
        event_id=ids.uuid7(),
        at=APP.epoch + after,
        message_id=ids.uuid7(),
        partner_id="bank",
        delivery_id=ids.uuid7(),
        installation_id="i-0",
        application_id="app",
        provider=Provider.APNS,
        attempt=1,
        outcome="accepted" if dead is None else "refused",
        dead_token=dead,
        dead_at=None if dead_at is None else APP.epoch + dead_at,
        latency_ms=1,
    )


async def learnt(devices: DeviceStore, *events: ProviderDispatched) -> list[Event | None]:
    return await done(await DeviceConsumers(devices).dispatched(records(PROVIDER_DISPATCHED["single"], events)))


async def test_events_that_the_api_could_not_fold_are_folded(devices: DeviceStore) -> None:
    events = [APP.installed(0), APP.token(1, "t"), APP.personalized(2, "u")]
    assert await done(await DeviceConsumers(devices).device_events(records(DEVICE_EVENTS, events))) == []
    device = (await devices.load(["i-0"]))["i-0"]
    assert device.token is not None
    assert device.owner is not None


async def test_a_dead_token_is_retired_and_the_event_is_the_same_on_replay(devices: DeviceStore) -> None:
    await devices.apply([APP.installed(0), APP.token(1, "t")])
    event = dispatched(9, dead="t", dead_at=5)
    follows = await DeviceConsumers(devices).dispatched(records(PROVIDER_DISPATCHED["bulk"], [event]))
    again = await DeviceConsumers(devices).dispatched(records(PROVIDER_DISPATCHED["bulk"], [event]))
    [retired] = await done(follows)
    assert await done(again) == [retired]
    assert isinstance(retired, TokenRetired)
    assert (await devices.load(["i-0"]))["i-0"].token is None


@pytest.mark.parametrize(("dead", "dead_at"), [("other", 9), ("t", 0)])
async def test_a_token_that_is_another_or_newer_stays(devices: DeviceStore, dead: str, dead_at: int) -> None:
    await devices.apply([APP.installed(0), APP.token(1, "t")])
    assert await learnt(devices, dispatched(9, dead=dead, dead_at=dead_at)) == []
    assert (await devices.load(["i-0"]))["i-0"].token is not None


async def test_the_first_acceptance_shows_that_a_token_works_and_later_ones_say_nothing(devices: DeviceStore) -> None:
    await devices.apply([APP.installed(0), APP.token(1, "t")])
    [worked] = await learnt(devices, dispatched(5), dispatched(6))
    assert isinstance(worked, TokenWorked)
    assert await learnt(devices, dispatched(7)) == []


async def test_a_token_that_is_known_to_work_is_noted_again_under_other_credentials(devices: DeviceStore) -> None:
    await devices.apply([APP.installed(0), APP.token(1, "t")])
    first = dispatched(5).replace(worked_under="key-1")
    [worked] = await learnt(devices, first)
    assert isinstance(worked, TokenWorked)
    assert worked.under == "key-1"
    assert await learnt(devices, dispatched(6)) == []
    assert len(await learnt(devices, dispatched(7).replace(worked_under="key-2"))) == 1
    token = (await devices.load(["i-0"]))["i-0"].token
    assert token is not None
    assert (token.worked, token.worked_under) == (True, "key-2")


async def test_an_acceptance_from_before_the_token_says_nothing_of_it(devices: DeviceStore) -> None:
    await devices.apply([APP.installed(0), APP.token(5, "t")])
    assert await learnt(devices, dispatched(5)) == []


async def test_what_is_said_of_an_unknown_installation_is_passed_over(devices: DeviceStore) -> None:
    assert await learnt(devices, dispatched(5), dispatched(6, dead="t")) == []
