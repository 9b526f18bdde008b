"""A stack with a bank of its own, and what belongs around it: the world that a test stands on."""

import secrets
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from deploy.local import Stack
from deploy.local.provision import API_KEY, APPLICATION_ID, admin_of, await_read, backend, provision
from deploy.play.bank import Bank
from deploy.sandbox.control.client import Control
from deploy.sandbox.phone.fleet import Fleet
from tests.support.world import World

LOGIN, SERVICE_NUMBER = "e2e-bank", "E2eBank"
ENV = {
    "RPNS_REPORT_RETRY_S": "1",
    "RPNS_SWEEP_INTERVAL_S": "0.2",
    "RPNS_FOLD_GATHER_S": "0.05",
    "KAFKA_PARTITIONS": "2",
    "RPNS_TRACES_SHARE": "1",
}


@contextmanager
def stack_beside(
    stack: Stack, folder: Path, name: str, services: Sequence[str], own: Mapping[str, str] | None = None
) -> Iterator[Stack]:
    """Other services on the same Kafka and MongoDB, with topics, groups and a database of their own."""
    env = {**ENV, "KAFKA_TOPIC_PREFIX": f"{name}.", "MONGO_DATABASE": name, **(own or {})}
    with Stack(
        folder, services=services, env=env, kafka_bootstrap=stack.kafka_bootstrap, mongo_url=stack.mongo_url
    ) as made:
        provision(made.describe())
        yield made


@asynccontextmanager
async def opened(stack: Stack) -> AsyncIterator[World]:
    """The world of a stack that runs and is provisioned."""
    password = secrets.token_urlsafe(12)
    description = stack.describe()
    admin = admin_of(stack.describe())
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
        Fleet(stack.public_url, control_url, API_KEY, backend(description)) as fleet,
    ):
        world = World(stack, bank, control, fleet)
        world.secret |= {password, API_KEY, stack.env["RPNS_ADMIN_TOKEN"], stack.env["RPNS_MASTER_KEY"]}
        yield world
        assert fleet.faults == []
