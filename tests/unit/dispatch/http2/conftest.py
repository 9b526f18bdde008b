"""Every test of the HTTP/2 client runs on both engines."""

from collections.abc import Iterator
from typing import get_args

import pytest

from services.dispatch.http2 import EngineName, use_engine


@pytest.fixture(params=get_args(EngineName), autouse=True)
def http2_engine(request: pytest.FixtureRequest) -> Iterator[EngineName]:
    use_engine(request.param)
    yield request.param
    use_engine("ngh2")
