"""What tests share: the real servers, started once for a session."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from deploy.local import Stack


@dataclass(frozen=True)
class Servers:
    """A real Kafka and a real MongoDB. Tests keep apart by KAFKA_TOPIC_PREFIX and MONGO_DATABASE."""

    kafka_bootstrap: str
    mongo_url: str


@pytest.fixture(scope="session")
def stack_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Ours on free ports, or those that KAFKA_BOOTSTRAP and MONGO_URL name."""
    folder = tmp_path_factory.mktemp("servers")
    with Stack(folder, services=(), sandbox=False, gateway=False) as stack:
        yield Servers(stack.kafka_bootstrap, stack.mongo_url)
