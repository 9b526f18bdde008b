"""One real stack for all end-to-end tests, with a partner of their own, on free ports.

With RPNS_TEST_SECURED=1 its servers ask for TLS and logins, and allow each service only what it needs.
"""

import os
from collections.abc import AsyncIterator, Iterator

import pytest

from deploy.local import Stack
from deploy.local.provision import provision
from tests.support.opening import ENV, opened
from tests.support.world import World

LAST = ("test_secure_leaks.py", "test_logs.py")
"""Read what all other tests have left."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: LAST.index(item.path.name) + 1 if _is_last(item) else 0)


def _is_last(item: pytest.Item) -> bool:
    return item.path.name in LAST and item.path.parent.name == "e2e"


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    secured = bool(os.environ.get("RPNS_TEST_SECURED"))
    with Stack(tmp_path_factory.mktemp("stack"), env=ENV, secured=secured) as stack:
        provision(stack.describe())
        yield stack


@pytest.fixture(scope="session")
async def world(stack: Stack) -> AsyncIterator[World]:
    async with opened(stack) as world:
        yield world


@pytest.fixture(scope="session", autouse=True)
async def unconfirmed(world: World) -> str:
    """A message for a phone that is off; sent first, because the shortest lifetime there is takes half a minute."""
    phone = world.new_phone()
    (await world.enrol("android", phone)).go_offline()
    return await world.send(phone, ttl=30)


@pytest.fixture(autouse=True)
async def calm(world: World) -> AsyncIterator[None]:
    """What a test ordered ends with it."""
    yield
    await world.control.clear_faults()
