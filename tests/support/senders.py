"""What the contract tests of the providers share: a sender that talks to a sandbox in this process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import ModuleType
from typing import Any

from deploy.local.settings import sandbox_urls
from deploy.sandbox.faults.orders import Fault
from schemas.application_events import ApplicationChanged
from services.dispatch.provider import Opening, Push, Result, Sender
from services.runtime.settings import Settings
from tests.support.pushes import push_of
from tests.support.sandbox_http import TOKEN, Bench
from tests.support.waiting import eventually

APPLICATION = ApplicationChanged(event_id="e-1", at=0, application_id="app", name="Demo", api_key_digests=())
EMOJI_TEXT = "\U0001f469\u200d\U0001f467" * 333 + "!"  # 1000 code points, 3,667 bytes, never to be cut inside


def opening(bench: Bench, provider: str, credentials: dict[str, Any] | None = None, **settings: str) -> Opening:
    """An opening for this sandbox with its own credentials, or with others."""
    environment = sandbox_urls(bench.urls) | settings
    given = bench.urls["credentials"][provider] if credentials is None else credentials
    return Opening(Settings.from_environment(environment), APPLICATION, given)


def pointed_at(settings: Settings, **urls: str) -> Settings:
    """The same, but for these base URLs of providers."""
    return settings.model_copy(update={"provider_urls": {**settings.provider_urls, **urls}})


@asynccontextmanager
async def sender_of(module: ModuleType, opened: Opening) -> AsyncIterator[Sender]:
    """An open sender that is closed at the end."""
    sender: Sender = await module.open_sender(opened)
    try:
        yield sender
    finally:
        await sender.close()


async def expire(bench: Bench, provider: str) -> int:
    """Every access token of the provider is refused from now on; how many there have been."""
    _, answer, _ = await bench.post(f"{bench.urls['control']}/bearers/{provider}/expire", {})
    count: int = answer["expired"]
    return count


def a_push(**changes: Any) -> Push:
    """An ordinary push to TOKEN."""
    return push_of(**{"token": TOKEN, **changes})


async def struck(bench: Bench, sender: Sender, provider: str, push: Push, **fault: Any) -> Result:
    """The result of a push that an ordered fault strikes."""
    bench.sandbox.faults.order(provider, Fault(**{"kind": "status", **fault}))
    result = await sender.send(push)
    bench.sandbox.faults.clear()
    return result


async def all_taken(bench: Bench) -> None:
    """Wait until every ordered fault has struck: the requests have come to the sandbox."""
    await eventually(lambda: not bench.sandbox.faults.ordered())
