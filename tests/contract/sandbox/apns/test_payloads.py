"""Each rule about the JSON body (`docs/providers.md` §1.5, §1.6)."""

from typing import Any

import pytest

from tests.support.apns_harness import LIVE, TOPIC, Sandbox, outcome

BAD_APS: list[dict[str, Any]] = [
    {"badge": "1"},
    {"badge": True},
    {"badge": -1},
    {"alert": 5},
    {"alert": None},
    {"alert": {"title": 1}},
    {"alert": {"titel": "x"}},
    {"alert": {"loc-args": ["a", 1]}},
    {"alert": "x", "sound": 1},
    {"alert": "x", "sound": {"critical": 1, "name": "s", "volume": 1.5}},
    {"alert": "x", "sound": {"critical": 1}},
    {"alert": "x", "thread-id": 7},
    {"alert": "x", "category": []},
    {"alert": "x", "content-available": True},
    {"alert": "x", "mutable-content": "1"},
    {"badge": 1, "mutable-content": 1},
    {"alert": "x", "interruption-level": "loud"},
    {"alert": "x", "relevance-score": 1.1},
    {"alert": "x", "event": "update"},
    {"thread-id": "nothing to show"},
]


@pytest.mark.parametrize("aps", BAD_APS)
async def test_a_wrong_aps_key_is_refused_with_the_key_s_name(apns: Sandbox, aps: dict[str, Any]) -> None:
    answer = await apns.push({"aps": aps})
    assert outcome(answer) == "400 BadRequestPayload"
    assert "aps" in answer.headers["sandbox-detail"]


async def test_every_aps_key_of_the_page_is_accepted(apns: Sandbox) -> None:
    texts = ("title", "subtitle", "body", "launch-image", "title-loc-key", "subtitle-loc-key", "loc-key")
    lists = ("title-loc-args", "subtitle-loc-args", "loc-args")
    aps = {
        "alert": {**dict.fromkeys(texts, "x"), **{key: ["a"] for key in lists}},
        "badge": 0,
        "sound": {"critical": 1, "name": "default", "volume": 0.5},
        "thread-id": "t",
        "category": "c",
        "content-available": 1,
        "mutable-content": 1,
        "target-content-id": "w",
        "interruption-level": "time-sensitive",
        "relevance-score": 0.5,
        "filter-criteria": "f",
        "custom": {"is": "ignored"},
    }
    assert (await apns.push({"aps": aps, "link": "x1"})).status == 200


@pytest.mark.parametrize("payload", [b"{", b"[]", b'"x"', b"\xff", b'{"aps":[]}', b"{}", b"[" * 2000])
async def test_a_body_that_is_no_payload_is_refused(apns: Sandbox, payload: bytes) -> None:
    assert outcome(await apns.push(payload)) == "400 BadRequestPayload"


START = {
    **LIVE,
    "event": "start",
    "attributes-type": "Ride",
    "attributes": {"number": 1},
    "alert": {"title": {"loc-key": "k", "loc-args": ["1"]}, "body": "b", "sound": "s"},
    "input-push-token": 1,
}
LIVE_RULES: list[tuple[dict[str, Any], str]] = [
    (START, "200"),
    ({**LIVE, "relevance-score": 75.0, "stale-date": 2}, "200"),
    ({"timestamp": 1, "event": "end", "dismissal-date": 1}, "200"),
    ({k: v for k, v in START.items() if k != "alert"}, "400 BadRequestPayload"),
    ({k: v for k, v in START.items() if k != "attributes"}, "400 BadRequestPayload"),
    ({**START, "alert": "text"}, "400 BadRequestPayload"),
    ({**LIVE, "attributes": {}}, "400 BadRequestPayload"),
    ({**LIVE, "dismissal-date": 1}, "400 BadRequestPayload"),
    ({**LIVE, "event": "pause"}, "400 BadRequestPayload"),
    ({**LIVE, "timestamp": "now"}, "400 BadRequestPayload"),
    ({"event": "update", "content-state": {}}, "400 BadRequestPayload"),
    ({"timestamp": 1, "event": "update"}, "400 BadRequestPayload"),
]


@pytest.mark.parametrize(("aps", "expected"), LIVE_RULES)
async def test_live_activities_have_their_own_rules(apns: Sandbox, aps: dict[str, Any], expected: str) -> None:
    answer = await apns.push({"aps": aps}, apns_push_type="liveactivity", apns_topic=f"{TOPIC}.push-type.liveactivity")
    assert outcome(answer) == expected


@pytest.mark.parametrize("extra", [{"alert": "x"}, {"sound": "s"}, {"badge": 1}])
async def test_a_background_push_shows_nothing(apns: Sandbox, extra: dict[str, Any]) -> None:
    answer = await apns.push({"aps": {"content-available": 1, **extra}}, apns_push_type="background", apns_priority="5")
    assert outcome(answer) == "400 BadRequestPayload"


async def test_the_lenient_reading_accepts_mistakes_and_delivers_nothing_unreadable(apns: Sandbox) -> None:
    apns.faults.switch("apns.payload", "accept")
    assert (await apns.push({"aps": {"badge": "1"}})).status == 200
    assert (await apns.push(b"{")).status == 200
    assert [r.payload for r in apns.inbox.all()] == [{"aps": {"badge": "1"}}]
