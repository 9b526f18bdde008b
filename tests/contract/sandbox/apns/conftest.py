"""One sandbox for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.sandbox.apns.keys import ApnsCredentials, make_apns_key
from deploy.sandbox.tls.authority import ensure_certificates
from tests.support.apns_harness import TOPIC, Sandbox


@pytest.fixture(scope="session")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ensure_certificates(tmp_path_factory.mktemp("apns"))


@pytest.fixture(scope="session")
def credentials() -> ApnsCredentials:
    return make_apns_key((TOPIC,))


@pytest.fixture
async def apns(ca: Path, credentials: ApnsCredentials) -> AsyncIterator[Sandbox]:
    async with Sandbox(ca, credentials) as sandbox:
        yield sandbox
