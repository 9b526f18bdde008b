"""The trees of keys in the real database: shared by all, destroyed for all, by several at once and through crashes."""

import asyncio
import base64
from collections.abc import AsyncIterator

import pytest

from schemas.personal import Subject
from services.runtime import mongo
from services.runtime.crypto.key_tree import Step
from services.runtime.crypto.master_key import BadMasterKey, Secrets
from services.runtime.crypto.recipient_keys import RecipientKeys
from services.runtime.mongo import Database
from services.runtime.mongo.recipient_keys import RecipientKeysStore
from services.runtime.settings import Settings

NEW_MASTER = base64.b64encode(bytes(range(32))).decode()


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    async with mongo.database(settings) as database:
        yield database


@pytest.fixture
def store(database: Database, settings: Settings) -> RecipientKeysStore:
    return RecipientKeysStore(database, Secrets(settings.master_key))


def somebody(number: int, scope: str = "partner/bank") -> tuple[Subject, ...]:
    return (Subject(scope, "user", f"user-{number}"),)


def opens(keys: RecipientKeys, names: tuple[str, ...]) -> bool:
    return keys.named(names) is not None


async def test_all_who_start_at_once_have_the_same_keys(store: RecipientKeysStore) -> None:
    all_keys = await asyncio.gather(*(store.load() for _ in range(4)))
    assert len({keys.sealing(somebody(1))[0] for keys in all_keys}) == 1
    names = all_keys[0].sealing(somebody(1))[0]
    assert len({keys.key(names[0]) for keys in all_keys}) == 1


async def test_what_is_destroyed_is_gone_for_all_who_look_and_all_else_stays(store: RecipientKeysStore) -> None:
    mine, theirs = await store.load(), await store.load()
    people = [mine.sealing(somebody(number))[0] for number in range(50)]
    path = mine.recipient("user", "user-7")
    await store.destroy(mine, 0, path)
    assert opens(theirs, people[7])
    await store.refresh(theirs, 0, path)
    for keys in (mine, theirs, await store.load()):
        assert [opens(keys, names) for names in people] == [number != 7 for number in range(50)]
        assert keys.sealing(somebody(7))[0][0].endswith(".1")


async def test_several_who_forget_at_once_take_nothing_back(store: RecipientKeysStore) -> None:
    keys = await store.load()
    people = [keys.sealing(somebody(number))[0] for number in range(30)]
    processes = [await store.load() for _ in range(10)]
    await asyncio.gather(
        *(
            store.destroy(process, 0, process.recipient("user", f"user-{number % 5}"))
            for number, process in enumerate(processes)
        )
    )
    fresh = await store.load()
    assert [opens(fresh, names) for names in people] == [number >= 5 for number in range(30)]


async def test_one_scope_is_forgotten_then_all(store: RecipientKeysStore, database: Database) -> None:
    keys = await store.load()
    bank, shop = (keys.sealing(somebody(1, scope))[0] for scope in ("partner/bank", "partner/shop"))
    await store.destroy(keys, 0, keys.path(somebody(1)[0]))
    assert (opens(keys, bank), opens(keys, shop)) == (False, True)
    assert await store.generation(keys, keys.recipient("user", "user-1")) == 1
    await store.destroy(keys, 0, keys.recipient("user", "user-1"))
    assert (opens(keys, bank), opens(keys, shop)) == (False, False)
    left = (
        await database["recipient_keys"].find({"_id": {"$gt": f"0/{keys.recipient('user', 'user-1')}"}}).to_list(None)
    )
    assert not [item for item in left if item["_id"].startswith(f"0/{keys.recipient('user', 'user-1')}")]


class Dying(RecipientKeysStore):
    """Dies after so many steps."""

    left = 0

    async def _do(self, generation: int, step: Step) -> None:
        if self.left == 0:
            raise ConnectionAbortedError
        self.left -= 1
        await super()._do(generation, step)


@pytest.mark.parametrize("steps", [0, 1, 2, 3, 10, 23])
async def test_an_erasure_broken_off_anywhere_is_finished_by_the_next(
    store: RecipientKeysStore, database: Database, settings: Settings, steps: int
) -> None:
    keys, dying = await store.load(), Dying(database, Secrets(settings.master_key))
    people = [keys.sealing(somebody(number))[0] for number in range(3)]
    path, dying.left = keys.recipient("user", "user-0"), steps
    with pytest.raises(ConnectionAbortedError):
        await dying.destroy(keys, 0, path)
    fresh = await store.load()
    await store.destroy(fresh, 0, path)
    for seen in (fresh, await store.load()):
        assert [opens(seen, names) for names in people] == [False, True, True]


async def _with_new_master(store: RecipientKeysStore, database: Database, settings: Settings) -> RecipientKeysStore:
    """After some were forgotten, the master key is a new one, and the former still opens."""
    keys = await store.load()
    for number in range(5):
        await store.destroy(keys, 0, keys.recipient("user", f"user-{number}"))
    return RecipientKeysStore(database, Secrets(NEW_MASTER, settings.master_key))


async def test_under_a_new_master_key_the_former_one_can_be_taken_away(
    store: RecipientKeysStore, database: Database, settings: Settings
) -> None:
    both = await _with_new_master(store, database, settings)
    before = await both.load()
    people = [before.sealing(somebody(number))[0] for number in range(10)]
    nodes = await database["recipient_keys"].count_documents({"closed": {"$ne": True}})
    assert sum(await asyncio.gather(both.reseal(), both.reseal())) == nodes
    assert await both.reseal() == 0
    after = await RecipientKeysStore(database, Secrets(NEW_MASTER)).load()
    assert [after.key(names[0]) for names in people] == [before.key(names[0]) for names in people]
    with pytest.raises(BadMasterKey, match="neither RPNS_MASTER_KEY nor one of RPNS_OLD_MASTER_KEYS"):
        await store.load()


async def test_what_is_destroyed_while_keys_are_sealed_anew_stays_so(
    store: RecipientKeysStore, database: Database, settings: Settings
) -> None:
    both = await _with_new_master(store, database, settings)
    keys = await both.load()
    people = [keys.sealing(somebody(number))[0] for number in range(20)]
    destroying = [both.destroy(keys, 0, keys.recipient("user", f"user-{number}")) for number in range(5, 15)]
    await asyncio.gather(*destroying, *(both.reseal() for _ in range(3)))
    await both.reseal()
    fresh = await RecipientKeysStore(database, Secrets(NEW_MASTER)).load()
    assert [opens(fresh, names) for names in people] == [number >= 15 or number < 5 for number in range(20)]
