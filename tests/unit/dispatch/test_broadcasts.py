"""Broadcast channels without a wire: what is acceptable, what an answer means, and that no channel is made twice."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from schemas.broadcast_events import BroadcastChannelChanged
from services.dispatch.broadcast.create import ChannelCreation
from services.dispatch.broadcast.store import ChannelNote as Note
from services.dispatch.broadcast.store import ChannelNotes
from services.dispatch.provider import Rejected, Retry, Uncertain
from services.dispatch.providers.apns.channels import ApnsChannels, ChannelAnswer, Done, Gone
from services.dispatch.providers.apns.channels_table import TABLE, ChannelAction, action_of
from services.dispatch.providers.apns.table import Action
from services.ingest.broadcast import rules
from services.ingest.rules.errors import Refused
from tests.support import provider_rows

NOW = 1_800_000_000_000
APS = {"event": "update", "timestamp": "2026-01-01T00:00:00Z", "content-state": {"n": 1}}
DRAWN = "0193c5f0-aaaa-7bbb-8ccc-000000000001"


def asked(known: BroadcastChannelChanged | None = None, **body: Any) -> BroadcastChannelChanged | None:
    return rules.asked_for("app", "match", rules.ChannelBody.model_validate(body), known, NOW)


def requested() -> BroadcastChannelChanged:
    made = asked()
    assert made is not None
    return made


# -- the table


FITS: dict[object, str] = {
    Action.FIX_PAYLOAD: "FIX_PAYLOAD",
    Action.ALERT: "ALERT",
    Action.REFRESH_AUTH: "REFRESH_AUTH",
    Action.OWN_CONNECTION: "ALERT",
    Action.KEEP_AUTH: "RETRY",
    Action.RETRY: "RETRY",
    Action.RECONNECT: "RECONNECT",
    ChannelAction.GONE: "GONE",
    ChannelAction.FULL: "FIX_PAYLOAD",
}


def test_the_table_has_every_reason_of_the_specification_and_no_other() -> None:
    rows = provider_rows.known("apns_channels")
    listed = {(int(row["status"]), reason): row["action"] for row in rows for reason in row["reasons"]}
    assert {key: FITS[action] for key, action in TABLE.items()} == listed


def test_an_unknown_channel_is_gone_when_it_is_deleted_and_a_wrong_path_is_an_alert() -> None:
    assert action_of(404, "BadPath", deleting=True) is ChannelAction.GONE
    assert action_of(404, "BadPath") is Action.ALERT
    assert (action_of(418, "Odd"), action_of(502, "")) == (Action.FIX_PAYLOAD, Action.RETRY)


# -- what is acceptable


def test_a_channel_that_is_asked_for_twice_is_one_and_cannot_be_changed() -> None:
    first = requested()
    assert asked(first) is None
    assert requested().event_id == first.event_id
    with pytest.raises(Refused, match="keepLatest: cannot be changed"):
        asked(first, keepLatest=True)


def test_a_channel_that_was_refused_or_deleted_may_be_asked_for_again() -> None:
    closed = requested().replace(state="closed", revision=4)
    again = asked(closed, keepLatest=True)
    assert again is not None
    assert (again.state, again.revision, again.channel_id) == ("requested", 5, closed.channel_id)


@pytest.mark.parametrize(
    ("aps", "field"),
    [
        ({"event": "start", "attributes-type": "T", "attributes": {}}, "aps.event"),
        ({"activity-id": "a"}, "aps.activity-id"),
        ({"timestamp": "now"}, "aps.timestamp"),
        ({"content-state": {"text": "\ud800"}}, "aps: must not hold a lone surrogate"),
        ({"content-state": {"text": "x" * 5001}}, "aps: must have at most 5000 bytes"),
    ],
)
def test_a_broadcast_that_no_channel_takes_is_refused_by_field_and_rule(aps: dict[str, Any], field: str) -> None:
    body = rules.BroadcastBody.model_validate({"aps": APS | aps})
    with pytest.raises(Refused, match=f"^{field}"):
        rules.broadcast_of(requested(), body, body.aps, offset_min=180, now=NOW, drawn_id=DRAWN)


def test_a_repeated_broadcast_has_the_same_id() -> None:
    body = rules.BroadcastBody.model_validate({"id": "goal-1", "ttlS": 60, "aps": APS})
    first, again = (
        rules.broadcast_of(requested(), body, body.aps, offset_min=180, now=at, drawn_id=DRAWN) for at in (NOW, NOW + 5)
    )
    assert (first.broadcast_id, first.event_id) == (again.broadcast_id, again.event_id)
    assert first.expires_at == NOW + 60_000


# -- making


@dataclass
class Apple:
    """Apple's channels; `lost`: what is done, but not answered."""

    there: dict[str, int] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    made: int = 0

    async def listed(self, environment: str) -> ChannelAnswer:
        return Done(200, {}, {"channels": list(self.there)})

    async def read(self, environment: str, apple_id: str) -> ChannelAnswer:
        return Done(200, {}, {"message-storage-policy": self.there[apple_id], "push-type": "LiveActivity"})

    async def create(self, environment: str, keep_latest: bool) -> ChannelAnswer:
        self.made += 1
        apple_id = f"c{self.made}"
        self.there[apple_id] = int(keep_latest)
        return Uncertain("lost") if self._is_lost("create") else Done(201, {"apns-channel-id": apple_id}, None)

    async def delete(self, environment: str, apple_id: str) -> ChannelAnswer:
        found = self.there.pop(apple_id, None)
        if self._is_lost("delete"):
            return Uncertain("lost")
        return Done(204, {}, None) if found is not None else Gone("BadPath", 404)

    def _is_lost(self, what: str) -> bool:
        if what in self.lost:
            self.lost.remove(what)
            return True
        return False


@dataclass
class Notes:
    """`ChannelNotes` in memory; `dies`: the process is killed before it can note an id."""

    kept: dict[str, Note] = field(default_factory=dict)
    dies: bool = False

    async def find(self, key: str) -> Note | None:
        return self.kept.get(key)

    async def begin(self, key: str, application_id: str, environment: str, before: Sequence[str]) -> None:
        self.kept.setdefault(key, Note(before, None))

    async def made(self, key: str, apple_id: str) -> None:
        if self.dies:
            self.dies = False
            raise ConnectionError
        self.kept[key] = Note((), apple_id)

    async def taken(self, application_id: str, environment: str) -> set[str]:
        return {note.apple_id for note in self.kept.values() if note.apple_id is not None}


async def act(event: BroadcastChannelChanged, apple: Apple, notes: Notes) -> BroadcastChannelChanged | Retry:
    return await ChannelCreation(cast(ChannelNotes, notes)).act(event, cast(ApnsChannels, apple), NOW)


async def test_a_channel_is_made_and_the_same_event_again_makes_no_other() -> None:
    apple, notes = Apple({"foreign": 0}), Notes()
    first, again = [await act(requested(), apple, notes) for _ in range(2)]
    assert isinstance(first, BroadcastChannelChanged)
    assert (first.state, first.apple_id, first.revision) == ("open", "c1", 2)
    assert isinstance(again, BroadcastChannelChanged)
    assert (again.event_id, again.apple_id, apple.made) == (first.event_id, "c1", 1)


async def test_what_an_attempt_without_an_answer_has_made_is_found() -> None:
    apple, notes = Apple({"foreign": 0}, ["create"]), Notes()
    assert isinstance(await act(requested(), apple, notes), Retry)
    apple.there["another's"] = 1  # of another kind: not ours
    found = await act(requested(), apple, notes)
    assert isinstance(found, BroadcastChannelChanged)
    assert (found.apple_id, apple.made) == ("c1", 1)


async def test_what_was_made_before_a_crash_is_found() -> None:
    apple, notes = Apple(), Notes(dies=True)
    with pytest.raises(ConnectionError):
        await act(requested(), apple, notes)
    found = await act(requested(), apple, notes)
    assert isinstance(found, BroadcastChannelChanged)
    assert (found.apple_id, apple.made) == ("c1", 1)


async def test_a_channel_that_apple_knows_no_more_counts_as_deleted() -> None:
    apple, notes = Apple(lost=["delete"]), Notes()
    opened = await act(requested(), apple, notes)
    assert isinstance(opened, BroadcastChannelChanged)
    closing = rules.closing(opened, NOW)
    assert isinstance(await act(closing, apple, notes), Retry)
    closed = await act(closing, apple, notes)
    assert isinstance(closed, BroadcastChannelChanged)
    assert (closed.state, closed.revision) == ("closed", 4)


async def test_a_refusal_is_the_channel_s_state_with_apple_s_word() -> None:
    class Full(Apple):
        async def create(self, environment: str, keep_latest: bool) -> ChannelAnswer:
            return Rejected("CannotCreateChannelConfig", 400)

    refused = await act(requested(), Full(), Notes())
    assert isinstance(refused, BroadcastChannelChanged)
    assert (refused.state, refused.detail) == ("refused", "CannotCreateChannelConfig")
