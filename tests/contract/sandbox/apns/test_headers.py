"""Each rule about headers, path and size has its reason (`docs/providers.md` §1.3, §1.4, §1.9)."""

from typing import Any

import orjson
import pytest

from tests.support.apns_harness import APNS_ID, LIVE, TOPIC, UUID, Sandbox, outcome

HEADER_RULES: list[tuple[dict[str, Any], str]] = [
    ({"apns_id": "nonsense"}, "400 BadMessageId"),
    ({"apns_id": APNS_ID.upper()}, "400 BadMessageId"),
    ({"method": "GET"}, "405 MethodNotAllowed"),
    ({"apns_topic": None}, "400 MissingTopic"),
    ({"apns_topic": ""}, "400 MissingTopic"),
    ({"apns_topic": "a topic"}, "400 BadTopic"),
    ({"apns_topic": "app.of.another.team"}, "400 TopicDisallowed"),
    ({"apns_collapse_id": "c" * 64}, "200"),
    ({"apns_collapse_id": "c" * 65}, "400 BadCollapseId"),
    ({"apns_collapse_id": "я" * 33}, "400 BadCollapseId"),
    ({"apns_expiration": "0"}, "200"),
    ({"apns_expiration": "1999999999"}, "200"),
    ({"apns_expiration": "-1"}, "400 BadExpirationDate"),
    ({"apns_expiration": "soon"}, "400 BadExpirationDate"),
    ({"apns_priority": "10"}, "200"),
    ({"apns_priority": "1"}, "200"),
    ({"apns_priority": "7"}, "400 BadPriority"),
    ({"apns_push_type": None}, "400 InvalidPushType"),
    ({"apns_push_type": "shout"}, "400 InvalidPushType"),
    ({"path": "/3/device/"}, "400 MissingDeviceToken"),
    ({"path": "/3/device/xyz"}, "400 BadDeviceToken"),
    ({"path": "/3/device/abc"}, "400 BadDeviceToken"),
    ({"path": "/3/device"}, "404 BadPath"),
    ({"path": "/4/device/ab"}, "404 BadPath"),
]


@pytest.mark.parametrize(("changes", "expected"), HEADER_RULES)
async def test_each_header_rule_has_its_reason(apns: Sandbox, changes: dict[str, Any], expected: str) -> None:
    answer = await apns.push(fields=apns.fields(**changes))
    assert outcome(answer) == expected
    assert len(apns.inbox.all()) == (expected == "200")
    assert UUID.fullmatch(answer.headers["apns-id"])


@pytest.mark.parametrize("name", ["apns-topic", "apns-id", "apns-priority", "authorization"])
async def test_a_repeated_header_is_refused(apns: Sandbox, name: str) -> None:
    fields = apns.fields(apns_id=APNS_ID, apns_priority="10")
    answer = await apns.push(fields=[*fields, *(f for f in fields if f[0] == name)])
    assert outcome(answer) == "400 DuplicateHeaders"


PUSH_TYPES: list[tuple[str, str, str | None, dict[str, Any], str]] = [
    ("background", "", "5", {"content-available": 1}, "200"),
    ("background", "", "10", {"content-available": 1}, "400 BadPriority"),
    ("background", "", None, {"content-available": 1}, "400 BadPriority"),
    ("background", "", "1", {"content-available": 1}, "400 BadPriority"),
    ("liveactivity", ".push-type.liveactivity", "10", LIVE, "200"),
    ("liveactivity", ".push-type.liveactivity", "1", LIVE, "400 BadPriority"),
    ("liveactivity", "", "10", LIVE, "400 BadTopic"),
    ("voip", ".voip", "10", {}, "200"),
    ("voip", "", "10", {}, "400 BadTopic"),
    ("alert", ".voip", "10", {"alert": "x"}, "400 TopicDisallowed"),
    ("pushtotalk", ".voip-ptt", "10", {}, "200"),
    ("complication", ".complication", "10", {}, "200"),
    ("fileprovider", ".pushkit.fileprovider", "10", {}, "200"),
    ("location", ".location-query", "10", {}, "200"),
    ("controls", ".push-type.controls", "10", {}, "200"),
    ("widgets", ".push-type.widgets", "10", {}, "200"),
    ("accessory", ".push-type.accessory", "10", {}, "200"),
]


@pytest.mark.parametrize(("push_type", "suffix", "priority", "aps", "expected"), PUSH_TYPES)
async def test_each_push_type_has_its_topic_and_priority(
    apns: Sandbox, push_type: str, suffix: str, priority: str | None, aps: dict[str, Any], expected: str
) -> None:
    answer = await apns.push({"aps": aps}, apns_push_type=push_type, apns_topic=TOPIC + suffix, apns_priority=priority)
    assert outcome(answer) == expected


async def test_the_push_type_may_be_made_optional(apns: Sandbox) -> None:
    apns.faults.switch("apns.push_type", "optional")
    assert (await apns.push(apns_push_type=None)).status == 200


def padded(size: int) -> bytes:
    empty = orjson.dumps({"aps": {"alert": ""}})
    return orjson.dumps({"aps": {"alert": "a" * (size - len(empty))}})


@pytest.mark.parametrize(
    ("push_type", "suffix", "size", "expected"),
    [
        ("alert", "", 4096, "200"),
        ("alert", "", 4097, "413 PayloadTooLarge"),
        ("alert", "", 60_000, "413 PayloadTooLarge"),
        ("voip", ".voip", 5120, "200"),
        ("voip", ".voip", 5121, "413 PayloadTooLarge"),
    ],
)
async def test_a_payload_has_a_limit(apns: Sandbox, push_type: str, suffix: str, size: int, expected: str) -> None:
    # the frame client sends one DATA frame of at most the default frame size
    body = padded(size)[:16_384]
    answer = await apns.push(body, apns_push_type=push_type, apns_topic=TOPIC + suffix)
    assert outcome(answer) == expected


async def test_an_empty_body_is_refused(apns: Sandbox) -> None:
    assert outcome(await apns.push(b"")) == "400 PayloadEmpty"


async def test_the_first_broken_rule_in_pushy_s_order_gives_the_reason(apns: Sandbox) -> None:
    apns.server.devices.mark_dead("cd" * 32, since_ms=1)
    right: dict[str, Any] = {"apns_id": APNS_ID, "method": "POST", "apns_topic": "app.of.another.team"}
    right |= {"apns_collapse_id": "c", "apns_priority": "5", "apns_push_type": "alert"}
    right |= {"path": "/3/device/" + "cd" * 32}
    wrong = {"apns_id": "x", "method": "PUT", "apns_topic": None, "apns_collapse_id": "c" * 65}
    wrong |= {"apns_priority": "0", "apns_push_type": "x", "path": "/3/device/xyz", "authorization": None}
    reasons = []
    for repaired in range(len(right) + 1):
        changes = {**wrong, **dict(list(right.items())[:repaired])}
        reasons.append((await apns.push(fields=apns.fields(**changes))).reason)
    apns.server.devices.forget()
    reasons.append((await apns.push(b"", apns_topic="app.of.another.team", authorization=None)).reason)
    assert reasons == [
        "BadMessageId",
        "MethodNotAllowed",
        "MissingTopic",
        "BadCollapseId",
        "BadPriority",
        "InvalidPushType",
        "BadDeviceToken",
        "Unregistered",
        "MissingProviderToken",
    ]
