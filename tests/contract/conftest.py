"""One sandbox for each module, in this process, as new for each test."""

from collections.abc import AsyncIterator

import pytest

from tests.support.sandbox_http import Bench, running


@pytest.fixture(scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bench]:
    async with running(tmp_path_factory.mktemp("sandbox")) as bench:
        yield bench


@pytest.fixture
def bench(shared: Bench) -> Bench:
    shared.reset()
    return shared
