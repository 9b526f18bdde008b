"""What the services have written during all other tests: no unexpected error, nothing that is nobody's business.

Runs last (`conftest.py`).
"""

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from tests.support.world import SERVICES, World

LEAST_SECRET = 6
"""Characters; shorter ones would be found by chance."""


def _lines(folder: Path, service: str) -> Iterator[str]:
    """Of all its starts."""
    yield from (folder / f"{service}.log").read_text(errors="replace").splitlines()


@pytest.mark.parametrize("service", [*SERVICES, "statistics"])
def test_no_service_wrote_an_error(world: World, service: str) -> None:
    found = []
    for line in _lines(world.stack.data_dir / "log", service):
        try:
            entry = orjson.loads(line)
        except orjson.JSONDecodeError:
            found.append(line)
            continue
        expected = (entry["event"], entry.get("provider", "")) in world.alerts
        if entry["level"] in ("error", "critical") and not expected:
            found.append(line)
    assert found == []


@pytest.mark.parametrize("service", [*SERVICES, "statistics"])
def test_no_service_was_warned_at_its_first_start(world: World, service: str) -> None:
    """A client that comes before topics and groups are ready is refused, and warns of it."""
    entries = [orjson.loads(line) for line in _lines(world.stack.data_dir / "log", service) if line.startswith("{")]
    started = next(place for place, entry in enumerate(entries) if entry["event"] == "started")
    assert [entry for entry in entries[:started] if entry["level"] == "warning"] == []


@pytest.mark.parametrize("service", [*SERVICES, "statistics", "gateway"])
def test_no_log_tells_a_phone_a_token_a_text_or_a_password(world: World, service: str) -> None:
    credentials = world.stack.sandbox["credentials"]
    keys = {credentials["hms"]["client_secret"], credentials["rustore"]["service_token"]}
    keys |= {credentials[name]["private_key"].splitlines()[1] for name in ("apns", "fcm")}
    secrets = {secret for secret in world.secret | keys if len(secret) >= LEAST_SECRET}
    assert len(secrets) > len(keys), "the tests before this one use secrets"
    text = "\n".join(_lines(world.stack.data_dir / "log", service))
    assert [secret for secret in secrets if secret in text] == []
