"""The registry's documents on a real MongoDB: whoever applies the events, in whatever order, they come out the same."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterable, Sequence
from itertools import permutations
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as bounded
from hypothesis import strategies as st

from schemas import ids
from schemas.device_events import DeviceEvent, OwnerProofsRevoked
from services.registry.devices.fold.shared import Registers
from services.registry.devices.fold.state import Device
from services.registry.devices.store import DeviceStore
from services.runtime import mongo
from services.runtime.installations.model import Address
from services.runtime.installations.reader import Installations
from services.runtime.mongo import Database
from services.runtime.settings import Settings
from tests.support.device_events import AppEvents, histories

ONE, TWO, THREE = AppEvents("i-0"), AppEvents("i-1"), AppEvents("i-2")


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    async with mongo.database(settings) as opened:
        yield opened
        await opened.client.drop_database(settings.mongo_database)


@pytest.fixture
async def devices(database: Database) -> DeviceStore:
    made = DeviceStore(database)
    await made.prepare()
    return made


async def clear(devices: DeviceStore, database: Database) -> None:
    for collection in (devices.installations, devices.owners.collection, database["tokens"], database["revocations"]):
        await collection.delete_many({})


async def documents(devices: DeviceStore) -> list[Any]:
    """All installations and cards, without what counts writes."""
    found: list[Any] = []
    for collection in (devices.installations, devices.owners.collection):
        async for document in collection.find({}, {"revision": 0, "unpublished": 0}).sort("_id", 1):
            found.append(document)
    return found


async def test_a_login_and_the_revocation_of_its_owner_give_equal_documents_in_any_order(
    devices: DeviceStore, database: Database
) -> None:
    first = [ONE.installed(0), TWO.installed(0), THREE.installed(0)]
    logins = [ONE.personalized(1, "u", proof="p"), TWO.personalized(2_001, "u", proof="q")]
    late = THREE.personalized(2_100, "u", proof="r")  # appended after the revocation, signed before it
    late = late.replace(proof=late.proof and late.proof.replace(signed_at=THREE.epoch + 100))
    revoked = OwnerProofsRevoked(event_id=ids.uuid7(), at=ONE.epoch + 2_000, application_id="app", external_user_id="u")
    seen = []
    for order in permutations([[logins[0]], [logins[1]], [late], [revoked]]):
        await clear(devices, database)
        await devices.apply(first)
        for events in order:
            if events == [revoked]:
                await devices.revoke([revoked])
            else:
                await devices.apply(events)  # type: ignore[arg-type]
        seen.append(await documents(devices))
        found = await devices.load(["i-0", "i-1", "i-2"])
        assert [found[key].is_proved for key in sorted(found)] == [False, True, False]
    assert all(state == seen[0] for state in seen)


async def test_who_is_forgotten_stands_in_no_revocation(devices: DeviceStore, database: Database) -> None:
    about = {"at": 1, "application_id": "app"}
    named = [
        {"external_user_id": "u"},
        {"phone": "79001112233"},
        {"external_user_id": "other"},
        {},
    ]  # {}: sealed for ever
    await devices.revoke([OwnerProofsRevoked.stored({"event_id": ids.uuid7(), **about, **owner}) for owner in named])
    await devices.owners.erase("app", ["app/u/u", "app/p/79001112233"], ["79001112233"])
    assert [document["_id"] async for document in database["revocations"].find({})] == ["app/u/other"]


def batches(events: Sequence[DeviceEvent], dice: random.Random) -> list[Sequence[DeviceEvent]]:
    cuts = sorted(dice.sample(range(len(events) + 1), min(3, len(events))))
    return [events[start:end] for start, end in zip([0, *cuts], [*cuts, len(events)], strict=True) if start < end]


@bounded(
    max_examples=40,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(history=histories(installations=3, most=16), seed=st.integers(0, 2**32))
async def test_any_order_repetition_and_concurrency_gives_equal_documents(
    devices: DeviceStore, database: Database, history: Sequence[DeviceEvent], seed: int
) -> None:
    dice = random.Random(seed)
    await clear(devices, database)
    for event in sorted(history, key=lambda event: (event.at, event.event_id)):
        await devices.apply([event])
    expected = await documents(devices)
    again = [*history, *dice.choices(history, k=4)]
    dice.shuffle(again)
    await devices.apply(again)
    assert await documents(devices) == expected
    await clear(devices, database)
    other = DeviceStore(database)  # another process
    await asyncio.gather(
        *(dice.choice([devices, other]).apply(batch) for batch in batches(again, dice)),
        *(other.apply([event]) for event in dice.sample(again, 3)),
    )
    assert await documents(devices) == expected


async def test_a_token_on_two_installations_belongs_to_the_newer_one(devices: DeviceStore) -> None:
    await devices.apply([ONE.installed(0), TWO.installed(0), ONE.token(1, "t"), TWO.token(2, "t")])
    found = await devices.load(["i-0", "i-1"])
    assert found["i-0"].token is None
    assert found["i-1"].token is not None


async def test_a_token_lost_to_another_does_not_come_back_when_the_other_changes_its_own(devices: DeviceStore) -> None:
    await devices.apply([ONE.installed(0), TWO.installed(0), TWO.token(2, "t"), TWO.token(3, "new")])
    await devices.apply([ONE.token(1, "t")])
    assert (await devices.load(["i-0"]))["i-0"].token is None


async def test_a_token_is_known_by_the_names_it_had_under_former_keys(devices: DeviceStore) -> None:
    await devices.apply([ONE.installed(0), TWO.installed(0), ONE.token(1, "old-name")])
    rotated = TWO.token(2, "new-name").replace(former_digests=("old-name",))
    await devices.apply([rotated])
    assert (await devices.load(["i-0"]))["i-0"].token is None


class Overtaken(DeviceStore):
    """Somebody else applies `first` between the moment this one has read who holds what, and its write."""

    database: Database
    first: Sequence[DeviceEvent] = ()

    async def _registers(self, devices: Iterable[Device], maybe_revoked: set[str]) -> Registers:
        found = await super()._registers(devices, maybe_revoked)
        first, self.first = self.first, ()
        if first:
            await DeviceStore(self.database).apply(first)
        return found


@pytest.mark.parametrize(
    ("slow", "fast"),
    [
        (ONE.token(1, "t"), TWO.token(2, "t")),
        (ONE.personalized(3, "u"), TWO.claimed(4, "app/u/u")),
    ],
    ids=["token", "primary"],
)
async def test_whoever_is_overtaken_while_writing_sees_it(
    devices: DeviceStore, database: Database, slow: DeviceEvent, fast: DeviceEvent
) -> None:
    history = [ONE.installed(0), TWO.installed(0), TWO.personalized(1, "u"), ONE.claimed(2, "app/u/u")]
    await devices.apply(history)
    overtaken = Overtaken(database)
    overtaken.database, overtaken.first = database, [fast]
    await overtaken.apply([slow])
    seen = await documents(devices)
    await clear(devices, database)
    await devices.apply([*history, slow, fast])
    assert seen == await documents(devices)


async def test_two_that_claim_the_primary_mark_at_once_end_with_one(devices: DeviceStore, database: Database) -> None:
    events = [app.personalized(1, "u") for app in (ONE, TWO, THREE)]
    await devices.apply([*(app.installed(0) for app in (ONE, TWO, THREE)), *events])
    await asyncio.gather(
        *(DeviceStore(database).apply([app.claimed(5 + n, "app/u/u")]) for n, app in enumerate((THREE, TWO, ONE)))
    )
    found = await devices.load(["i-0", "i-1", "i-2"])
    assert [key for key, device in found.items() if device.primary] == ["i-0"]


async def test_a_claim_moves_the_mark_and_a_release_leaves_it_to_nobody(devices: DeviceStore) -> None:
    await devices.apply([app.installed(0) for app in (ONE, TWO)] + [app.personalized(1, "u") for app in (ONE, TWO)])
    await devices.apply([ONE.claimed(2, "app/u/u")])
    await devices.apply([TWO.claimed(3, "app/u/u")])
    found = await devices.load(["i-0", "i-1"])
    assert [found["i-0"].primary, found["i-1"].primary] == [False, True]
    await devices.apply([TWO.released(4)])
    found = await devices.load(["i-0", "i-1"])
    assert [found["i-0"].primary, found["i-1"].primary] == [False, False]


async def test_router_and_dispatch_read_what_the_registry_wrote(devices: DeviceStore, database: Database) -> None:
    events = [ONE.installed(0), ONE.token(1, "t"), ONE.worked(2, "t"), ONE.personalized(3, "u", "79001112233")]
    await devices.apply([*events, ONE.claimed(4, "app/u/u"), ONE.switched(5, push=False)])
    shared, by_user = Installations(database), Address("app", "u", None)
    [planned_by] = (await shared.by_addresses([by_user]))[by_user]
    found = (await shared.by_ids(["i-0"]))["i-0"]
    assert found.token is not None
    assert (found.token.digest, found.token.worked, found.primary, found.push_enabled) == ("t", True, True, False)
    unsealed = found.token._replace(sealed="", digest="", environment=None, bundle=None, variant=None)
    assert planned_by == found._replace(token=unsealed, public_key=None, proof_hash="")
    by_phone, nobody = Address("app", None, "79001112233"), Address("app", "stranger", None)
    assert [installation.installation_id for installation in (await shared.by_addresses([by_phone]))[by_phone]] == [
        "i-0"
    ]
    assert await shared.known([by_user, by_phone, nobody]) == {by_user, by_phone}


async def test_a_card_stays_when_its_user_has_logged_out(devices: DeviceStore, database: Database) -> None:
    await devices.apply([ONE.installed(0), ONE.personalized(1, "u"), ONE.depersonalized(2)])
    address = Address("app", "u", None)
    assert await Installations(database).known([address]) == {address}
    assert (await Installations(database).by_addresses([address]))[address] == []


async def test_an_installation_whose_install_was_not_read_yet_is_shown_to_nobody(
    devices: DeviceStore, database: Database
) -> None:
    await devices.apply([ONE.personalized(1, "u"), ONE.token(2, "t")])
    address = Address("app", "u", None)
    assert (await Installations(database).by_addresses([address]))[address] == []
    assert await Installations(database).by_ids(["i-0"]) == {}
    await devices.apply([ONE.installed(0)])
    assert len((await Installations(database).by_addresses([address]))[address]) == 1


async def test_a_repetition_writes_nothing(devices: DeviceStore) -> None:
    events = [ONE.installed(0), ONE.token(1, "t"), ONE.personalized(2, "u"), ONE.claimed(3, "app/u/u")]
    await devices.apply(events)
    before = await devices.installations.find_one({"_id": "i-0"})
    await devices.apply(events)
    assert await devices.installations.find_one({"_id": "i-0"}) == before


@pytest.mark.parametrize(
    ("field", "value"), [("owner.external_user_id", "u"), ("owner.phone", "7"), ("token.digest", "t")]
)
async def test_looking_up_uses_an_index(devices: DeviceStore, database: Database, field: str, value: str) -> None:
    plan = await database["installations"].find({"application_id": "app", field: {"$in": [value]}}).explain()
    assert "IXSCAN" in str(plan["queryPlanner"]["winningPlan"])
