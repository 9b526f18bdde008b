"""A broadcast channel that cannot be read hides none of the others, and is told by why."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from schemas.broadcast_events import BroadcastChannelChanged
from schemas.codec import CONTRACT, Damaged, Newer
from services.ingest.broadcast.store import Broadcasts
from services.runtime.mongo.upkeep import unreadable

GOOD = BroadcastChannelChanged(
    event_id="e",
    at=1,
    channel_id="c",
    application_id="app",
    name="match",
    environment="production",
    keep_latest=False,
    state="open",
    revision=1,
).document()
NEWER = ({"state": "resting"}, {"v": CONTRACT + 1, "state": 7}, {"needs": CONTRACT + 1})
DAMAGED = ({"state": 7}, {"revision": "many"}, {"name": None})


class Collection:
    """Channels, each under its place in the list."""

    def __init__(self, events: Sequence[Any]) -> None:
        self._documents = [
            {"_id": str(place), "name": str(place), "event": event} for place, event in enumerate(events)
        ]

    def find(self, _: Any) -> "Collection":
        return self

    def sort(self, *_: Any) -> "Collection":
        return self

    async def limit(self, _: int) -> AsyncIterator[dict[str, Any]]:
        for document in self._documents:
            yield document

    async def find_one(self, query: dict[str, Any]) -> dict[str, Any]:
        return self._documents[int(query["_id"])]


def store_of(monkeypatch: pytest.MonkeyPatch, events: Sequence[Any]) -> Broadcasts:
    monkeypatch.setattr("services.ingest.broadcast.store.durable", lambda raw: raw)
    collection = Collection(events)
    return Broadcasts({"broadcast_channels": collection, "broadcasts": collection})  # type: ignore[arg-type]


async def test_a_damaged_channel_is_told_from_a_newer_one_and_is_in_the_log_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    logged = list[str]()

    class Log:
        def warning(self, words: str, **about: Any) -> None:
            logged.append(about["id"])

    monkeypatch.setattr(unreadable, "log", Log())
    events = [GOOD, *(GOOD | change for change in NEWER), *(GOOD | change for change in DAMAGED), None, "text"]
    store = store_of(monkeypatch, events)
    for _ in range(2):
        found = [channel for _, channel in await store.channels("app", "", 100)]
        assert isinstance(found[0], BroadcastChannelChanged)
        assert found[1:] == ["newer"] * 3 + ["damaged"] * 5
    assert logged == ["4", "5", "6", "7", "8"]
    for place, raised in enumerate([Newer] * 3 + [Damaged] * 5, 1):
        with pytest.raises(raised):
            await store.channel(str(place))
