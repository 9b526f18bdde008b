"""Live Activities as APNs wants them: headers, payload, and what a resend would do."""

import json
from typing import Any

import orjson
import pytest

from schemas.values import Content
from services.dispatch.payload import TooLarge
from services.dispatch.providers.apns import live as apns_live
from services.dispatch.providers.apns import render
from tests.support.pushes import push_of

AT = "2026-01-01T00:00:00.000Z"
AT_S = 1767225600
START: dict[str, Any] = {"event": "start", "attributes-type": "T", "attributes": {"n": 1}, "content-state": {"s": 1}}


def live(slot: str = "activity/a", text: str = "text", title: str | None = None, **fields: Any) -> Any:
    fields = {name.replace("_", "-"): value for name, value in fields.items()}
    content = Content(text=text, title=title, live_activity=orjson.dumps({"timestamp": AT, **fields}).decode())
    return push_of(content, slot=slot)


def aps_of(push: Any) -> dict[str, Any]:
    body, _ = render.render(push)
    payload = orjson.loads(body)
    assert payload.keys() == {"aps"}
    return dict(payload["aps"])


def headers_of(push: Any) -> dict[bytes, bytes]:
    return dict(render.headers_of(push, b"bearer t", b"com.bank", 1_800_000_000_000))


def test_times_are_seconds_and_only_apple_s_keys_are_sent() -> None:
    push = live(event="end", activity_id="a", stale_date=AT, dismissal_date=AT, relevance_score=50.5, x=1)
    assert aps_of(push) == {
        "timestamp": AT_S, "event": "end", "stale-date": AT_S, "dismissal-date": AT_S, "relevance-score": 50.5,
    }  # fmt: skip


def test_a_start_is_announced_by_title_and_text_unless_it_has_an_alert_of_its_own() -> None:
    assert aps_of(live("start/T", title="Parcel", **START))["alert"] == {"title": "Parcel", "body": "text"}
    assert aps_of(live("start/T", **START))["alert"] == {"body": "text"}
    own = {"title": {"loc-key": "T"}, "sound": "a.caf"}
    assert aps_of(live("start/T", **START, alert=own))["alert"] == own
    assert "alert" not in aps_of(live(event="update", content_state={}))


def test_a_long_text_is_cut_and_a_state_never() -> None:
    state = {"text": "x" * 3300}
    body, shortened = render.render(live("start/T", text="я" * 900, **{**START, "content-state": state}))
    assert shortened
    assert len(body) <= apns_live.LIMIT_BYTES
    assert orjson.loads(body)["aps"]["content-state"] == state
    with pytest.raises(TooLarge):
        render.render(live(event="update", content_state={"text": "x" * 4096}))


@pytest.mark.parametrize(
    ("push", "priority"),
    [
        (live("start/T", **START), b"10"),
        (live(event="end"), b"10"),
        (live(event="update"), b"5"),
        (live(event="update", alert={"body": "!"}), b"10"),
    ],
)
def test_what_a_person_is_to_notice_goes_at_once_and_the_rest_is_free_of_the_budget(push: Any, priority: bytes) -> None:
    headers = headers_of(push)
    assert headers[b"apns-priority"] == priority
    assert headers[b"apns-push-type"] == b"liveactivity"
    assert headers[b"apns-topic"] == b"com.bank.push-type.liveactivity"
    assert b"apns-collapse-id" not in headers


def test_an_ordinary_push_is_as_before() -> None:
    headers = headers_of(push_of())
    assert (headers[b"apns-push-type"], headers[b"apns-topic"]) == (b"alert", b"com.bank")


def test_a_state_is_handed_on_as_it_came() -> None:
    state = {"big": 2**80, "none": None, "text": "я"}
    content = Content(text="-", live_activity=json.dumps({"timestamp": AT, "event": "update", "content-state": state}))
    body, _ = render.render(push_of(content, slot="activity/a"))
    assert json.loads(body)["aps"]["content-state"] == state
