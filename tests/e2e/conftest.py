"""One real stack for all end-to-end tests, with a partner of their own, on free ports."""

import secrets
from collections.abc import AsyncIterator, Iterator

import pytest

from deploy.demo.bank import Bank
from deploy.local import Stack
from deploy.local.provision import API_KEY, APPLICATION_ID, Admin, await_read, provision
from deploy.sandbox.control_client import Control
from deploy.sandbox.fleet import Fleet
from tests.e2e.world import World

LOGIN, SERVICE_NUMBER = "e2e-bank", "E2eBank"
ENV = {"RPNS_REPORT_RETRY_S": "1", "RPNS_SWEEP_INTERVAL_S": "0.2", "KAFKA_PARTITIONS": "2"}
LAST = ("test_secure_leaks.py", "test_logs.py")
"""Read what all other tests have left."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: LAST.index(item.path.name) + 1 if _is_last(item) else 0)


def _is_last(item: pytest.Item) -> bool:
    return item.path.name in LAST and item.path.parent.name == "e2e"


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("stack"), env=ENV) as stack:
        provision(stack.describe())
        yield stack


@pytest.fixture(scope="session")
async def world(stack: Stack) -> AsyncIterator[World]:
    password = secrets.token_urlsafe(12)
    description = stack.describe()
    admin = Admin(stack.public_url, stack.env["RPNS_ADMIN_TOKEN"])
    reports = f"{stack.sandbox['partner']}/reports"
    about = {"login": LOGIN, "reportUrl": reports, "defaultSender": SERVICE_NUMBER}
    changed_at = admin.put_partner(LOGIN, password, about)["changedAt"]
    admin.put_sender(LOGIN, SERVICE_NUMBER, APPLICATION_ID)
    changed_at = admin.call("PATCH", f"/v1/partners/{LOGIN}", about)["changedAt"]
    await_read(description, changed_at)
    control_url = stack.sandbox["control"]
    async with (
        Bank(stack.public_url, LOGIN, password, SERVICE_NUMBER) as bank,
        Control(control_url) as control,
        Fleet(stack.public_url, control_url, API_KEY) as fleet,
    ):
        world = World(stack, bank, control, fleet)
        world.secret |= {password, API_KEY, stack.env["RPNS_ADMIN_TOKEN"], stack.env["RPNS_MASTER_KEY"]}
        yield world
        assert fleet.faults == []


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
