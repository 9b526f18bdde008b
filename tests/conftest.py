"""What tests share: the real servers, started once for a session."""

import base64
import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import settings as hypothesis_settings
from xdist.scheduler import LoadScopeScheduling

from deploy.local import Stack
from services.runtime.crypto import record_encryption
from services.runtime.crypto.recipient_keys import RecipientKeys
from services.runtime.settings import Settings
from services.runtime.text.setting import settings_of
from tests.support import processes

hypothesis_settings.register_profile("untimed", deadline=None)  # a machine may be busy
hypothesis_settings.load_profile("untimed")


def pytest_configure() -> None:
    os.environ["LC_ALL"] = "C.UTF-8"  # the command line speaks the locale's language
    processes.take_own_ports()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadScopeScheduling:
    config.option.loadscopereorder = False
    return processes.ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    processes.end_to_end_first(items)


@dataclass(frozen=True)
class Servers:
    """A real Kafka and a real MongoDB. Tests keep apart by KAFKA_TOPIC_PREFIX and MONGO_DATABASE."""

    kafka_bootstrap: str
    mongo_url: str


@pytest.fixture(scope="session", autouse=True)
def recipient_keys() -> Iterator[RecipientKeys]:
    """Of this process: what tests write to a log is sealed as it is in life."""
    keys = RecipientKeys.drawn()
    record_encryption.use(keys)
    yield keys
    record_encryption.use(None)


@pytest.fixture(scope="session")
def stack_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Ours on free ports, or those that KAFKA_BOOTSTRAP and MONGO_URL name."""
    folder = tmp_path_factory.mktemp("servers")
    with Stack(folder, services=(), sandbox=False, gateway=False) as stack:
        yield Servers(stack.kafka_bootstrap, stack.mongo_url)


@pytest.fixture
def settings(stack_servers: Servers) -> Settings:
    """Settings on the real servers with topics and a database of this test's own."""
    return own_settings(stack_servers)


def own_settings(stack_servers: Servers) -> Settings:
    """Settings on the real servers with topics and a database that nobody else has."""
    own = f"t{uuid.uuid4().hex[:10]}"
    return Settings.from_environment(
        {
            "KAFKA_BOOTSTRAP": stack_servers.kafka_bootstrap,
            "MONGO_URL": stack_servers.mongo_url,
            "KAFKA_TOPIC_PREFIX": f"{own}-",
            "MONGO_DATABASE": own,
            "KAFKA_PARTITIONS": "2",
            "KAFKA_REPLICATION": "1",
            "RPNS_MASTER_KEY": base64.b64encode(bytes(32)).decode(),
            "RPNS_ADMIN_TOKEN": "admin-token",
            "RPNS_ALLOW_WEAK_SECRETS": "1",
            "RPNS_ALLOW_PRIVATE_ADDRESSES": "1",
            "RPNS_APPEND_TIMEOUT_S": "30",  # a machine that is busy with other tests is no Kafka that is away
        }
    )


def environment_of(settings: Settings) -> dict[str, str]:
    """What a process of its own must be given to have these settings."""
    chosen = {about.variable: getattr(settings, name) for name, (about, _) in settings_of(Settings).items()}
    return {name: ",".join(value) if isinstance(value, tuple) else str(value) for name, value in chosen.items()}
