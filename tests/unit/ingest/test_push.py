"""The rules for message.data of a PUSH."""

import json
from typing import Any

import pytest

from schemas import codec
from schemas.providers import Provider
from schemas.values import Button, Channel
from services.ingest.rules.message import AcceptedMessage
from tests.support.requests import accepted, decide, first, option, push, refused, request


def detail_of(message: dict[str, Any], code: int = 4, **partner: Any) -> str:
    found, detail = refused(request(message), **partner)
    assert found == code, detail
    return detail


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        ({"deviceSubscriptions": [1] * 1000}, "message.data.deviceSubscriptions[0]: must be a string"),
        ({"extraOptions": [{}] * 1000}, "message.data.extraOptions[0].param_name: mandatory"),
        ({"Options": ["RICH"] * 1000}, "message.data.Options[0]: must be an object"),
    ],
)
def test_a_long_list_is_judged_up_to_its_first_fault(data: dict[str, Any], rule: str) -> None:
    """In a packet it may hold millions, and who waits meanwhile are all others."""
    detail = detail_of(push(**data))
    assert detail.startswith(rule)
    assert "[1]" not in detail


def test_lengths_are_code_points() -> None:
    link = first(push(text="😀" * 1000, title="ж" * 80))
    assert link.content is not None
    assert (len(link.content.text), link.content.title) == (1000, "ж" * 80)


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"text": None}, "text"),
        ({"text": ""}, "text"),
        ({"text": 5}, "text"),
        ({"text": "a" * 1001}, "text"),
        ({"title": "a" * 81}, "title"),
        ({"ttl": "60"}, "ttl"),
        ({"ttl": 60.5}, "ttl"),
        ({"ttl": True}, "ttl"),
        ({"primaryOn": "yes"}, "primaryOn"),
        ({"externalUserId": 1}, "externalUserId"),
        ({"serviceNumber": 1}, "serviceNumber"),
        ({"callbackData": {}}, "callbackData"),
        ({"deviceSubscriptions": "news"}, "deviceSubscriptions"),
        ({"deviceSubscriptions": ["news", 1]}, "deviceSubscriptions[1]"),
        ({"content": []}, "content"),
        ({"content": {"contentCategory": "VIDEO"}}, "content.contentCategory"),
        ({"content": {"contentUrl": "h" * 513}}, "content.contentUrl"),
        ({"content": {"actions": [{"title": "a", "action": "b"}] * 4}}, "content.actions"),
        ({"content": {"actions": [{"title": "a"}]}}, "content.actions[0].action"),
        ({"content": {"actions": [{"title": "a" * 65, "action": "b"}]}}, "content.actions[0].title"),
        ({"content": {"actions": [{"title": "a", "action": "b" * 65}]}}, "content.actions[0].action"),
        ({"content": {"actions": [{"title": "a", "action": "b", "options": "c" * 301}]}}, "content.actions[0].options"),
        ({"customPayload": {"a": float("inf")}}, "customPayload"),
        ({"extraOptions": {}}, "extraOptions"),
        ({"extraOptions": [{"param_value": 1}]}, "extraOptions[0].param_name"),
        ({"Options": 1}, "Options"),
    ],
)
def test_what_breaks_a_rule_is_error_4_with_its_field(data: dict[str, Any], field: str) -> None:
    assert detail_of(push(**data)).partition(":")[0] == f"message.data.{field}"


@pytest.mark.parametrize(
    ("ttl", "unit", "seconds"),
    [(30, "SECONDS", 30), (2, "MINUTES", 120), (2, None, 120), (24, "HOURS", 86400), (1, "hours", 3600)],
)
def test_a_lifetime_is_ttl_times_unit_minutes_unless_told(ttl: int, unit: str | None, seconds: int) -> None:
    assert first(push(ttl=ttl, ttlUnit=unit)).ttl_ms == seconds * 1000


@pytest.mark.parametrize(
    ("ttl", "unit"),
    [
        (29, "SECONDS"), (86401, "SECONDS"), (25, "HOURS"), (-1, "HOURS"), (10**40, "SECONDS"), (60, "DAYS"),
        (0, "SECONDS"), (None, None),
    ],
)  # fmt: skip
def test_a_lifetime_out_of_range_or_without_default_is_error_11(ttl: int | None, unit: str | None) -> None:
    assert detail_of(push(ttl=ttl, ttlUnit=unit), 11).startswith("message.data.ttl")


def test_the_partners_defaults_stand_in_for_what_is_not_given() -> None:
    by_default = {"default_ttl_s": {Channel.PUSH: 600}, "default_ttl_unit": {Channel.PUSH: "SECONDS"}}
    assert first(push(ttl=0), **by_default).ttl_ms == 600_000
    assert first(push(ttl=None, ttlUnit=None), **by_default).ttl_ms == 600_000
    assert first(push(ttl=90, ttlUnit=None), **by_default).ttl_ms == 90_000


def test_the_service_number_selects_the_application() -> None:
    assert first(push()).sender == "DemoBank"
    assert first(push(serviceNumber="DemoText")).application_id is None
    assert "serviceNumber" in detail_of(push(serviceNumber="Other"), 7)
    assert "serviceNumber" in detail_of(push(), 7, default_sender=None)


def test_content_is_carried() -> None:
    actions = [{"title": "Open", "action": "link", "options": "https://a.example/"}, {"title": "No", "action": "no"}]
    content = {"contentCategory": "image", "contentUrl": "https://a.example/1.png", "actions": actions}
    shown = first(push(content=content)).content
    assert shown is not None
    assert (shown.content_category, shown.content_url) == ("IMAGE", "https://a.example/1.png")
    assert shown.actions == (
        Button(title="Open", action="link", options="https://a.example/"),
        Button(title="No", action="no"),
    )


@pytest.mark.parametrize("payload", [{"a": [1, None, 2.5]}, [], "text", 0, False, 10**30, {"ключ": {"b": "\u2028"}}])
def test_any_json_value_is_a_custom_payload(payload: Any) -> None:
    content = first(push(customPayload=payload)).content
    assert content is not None
    assert content.custom_payload is not None
    assert json.loads(content.custom_payload) == payload


def test_who_is_meant_is_carried() -> None:
    link = first(push(primaryOn=True, deviceSubscriptions=["news", "sale"]))
    assert (link.primary_only, link.subscriptions) == (True, ("news", "sale"))
    assert accepted(request(push(callbackData="x y"))).callback_data == "x y"


@pytest.mark.parametrize(
    ("at_root", "in_message", "in_data", "shortens"),
    [(None, None, None, True), (False, None, None, False), (False, True, None, True), (True, True, False, False)],
)
def test_links_are_shortened_only_for_partners_with_the_shortener(
    at_root: bool | None, in_message: bool | None, in_data: bool | None, shortens: bool
) -> None:
    body = request(push(shortenLinks=in_data) | {"shortenLinks": in_message}, shortenLinks=at_root)
    assert accepted(body, link_shortener=True).chain[0].shorten_links is shortens
    assert accepted(body).chain[0].shorten_links is False


@pytest.mark.parametrize("key", ["extraOptions", "Options"])
def test_platforms_are_providers_under_both_names(key: str) -> None:
    names = ["Android", "Ios", "Huawei", "RuStore", "Web", "iOS"]
    link = first(push(**{key: [{"param_name": "SENDING_PLATFORMS", "param_value": names}]}))
    assert link.providers == (Provider.FCM, Provider.APNS, Provider.HMS, Provider.RUSTORE, Provider.WEB)


@pytest.mark.parametrize("value", ["Ios", ["Windows"], [1], {}])
def test_unknown_platforms_are_error_4(value: Any) -> None:
    assert detail_of(push(**option("SENDING_PLATFORMS", value))).startswith(
        "message.data.extraOptions.SENDING_PLATFORMS"
    )


def test_unknown_options_are_ignored() -> None:
    assert first(push(**option("COLOUR", {"a": 1}))).providers == ()


def enrichment(value: dict[str, Any]) -> Any:
    content = first(push(**option("RICH", value))).content
    assert content is not None
    return content.enrichment and json.loads(content.enrichment)


def test_rich_is_carried_with_hyphens() -> None:
    rich = {
        "title": "t", "message": "m", "content_category": "IMAGE", "content-url": "https://a.example/",
        "custom-payload": {"a": 1}, "actions": [{"title": "a", "action": "b"}], "colour": "red",
    }  # fmt: skip
    expected = {name.replace("_", "-"): value for name, value in rich.items() if name != "colour"}
    assert enrichment(rich) == expected


def test_a_rich_category_without_url_is_ignored_and_a_url_alone_is_kept() -> None:
    assert enrichment({"content-category": "IMAGE", "title": "t"}) == {"title": "t"}
    assert enrichment({"content-url": "https://a.example"}) == {"content-url": "https://a.example/"}
    assert enrichment({}) is None


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ([], ""),
        ({"title": "a" * 81}, ".title"),
        ({"message": "a" * 1001}, ".message"),
        ({"content-url": 1}, ".content-url"),
        ({"content-category": "GIF"}, ".content-category"),
        ({"custom-payload": float("nan")}, ""),
    ],
)
def test_a_bad_rich_is_error_4(value: Any, field: str) -> None:
    assert detail_of(push(**option("RICH", value))).startswith(f"message.data.extraOptions.RICH{field}: ")


START = {"event": "start", "attributes-type": "T", "attributes": {"order": 7}, "content-state": {"stage": None}}


def test_a_start_carries_its_attributes_and_where_updates_will_come_from() -> None:
    given = {
        **START,
        "timestamp": "2026-01-01T00:00:00Z",
        "input_push_token": True,
        "dismissal-date": "2026-01-01T00:00:00Z",
    }
    content = first(push(**option("LIVE_ACTIVITY", given))).content
    assert content is not None
    assert json.loads(content.live_activity or "") == {
        **START, "timestamp": "2026-01-01T00:00:00.000Z", "input-push-token": 1,
    }  # fmt: skip


def test_a_live_activity_that_no_push_could_hold_is_error_4() -> None:
    value = {"timestamp": "2026-01-01T00:00:00Z", "event": "update", "content-state": {"text": "x" * 3500}}
    assert detail_of(push(**option("LIVE_ACTIVITY", value))).startswith(
        "message.data.extraOptions.LIVE_ACTIVITY: must have"
    )


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_live_activity_is_carried_with_hyphens_and_times_in_utc(wrapped: bool) -> None:
    aps = {
        "activity_id": "a-1", "timestamp": "2026-01-01T03:00:00+03:00", "event": "UPDATE",
        "content-state": {"driver_name": "Gold"}, "stale_date": "2026-01-01T04:00:00", "relevance-score": 50,
    }  # fmt: skip
    content = first(push(**option("LIVE_ACTIVITY", {"aps": aps} if wrapped else aps))).content
    assert content is not None
    assert json.loads(content.live_activity or "") == {
        "activity-id": "a-1", "timestamp": "2026-01-01T00:00:00.000Z", "event": "update",
        "content-state": {"driver_name": "Gold"}, "stale-date": "2026-01-01T01:00:00.000Z", "relevance-score": 50,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"timestamp": None}, "timestamp"),
        ({"timestamp": 1767225600}, "timestamp"),
        ({"timestamp": "yesterday"}, "timestamp"),
        ({"event": "begin"}, "event"),
        ({"event": ""}, "event"),
        ({"event": "start"}, "attributes-type"),
        ({"event": "start", "attributes-type": "T"}, "attributes"),
        ({"event": "start", "attributes-type": "T", "attributes": {}, "content-state": None}, "content-state"),
        ({**START, "activity-id": "a"}, "activity-id"),
        ({**START, "input-push-token": 2}, "input-push-token"),
        ({**START, "input-push-token": 1, "input-push-channel": "c"}, "input-push-channel"),
        ({"attributes": {}}, "attributes"),
        ({"input_push_channel": "c"}, "input-push-channel"),
        ({"content-state": None}, "content-state"),
        ({"relevance-score": "high"}, "relevance-score"),
        ({"alert": {"title": 1}}, "alert.title"),
        ({"activity-id": "a/b"}, "activity-id"),
        ({"content-state": []}, "content-state"),
        ({"dismissal-date": "soon"}, "dismissal-date"),
        ({"activity-id": 1}, "activity-id"),
    ],
)
def test_a_bad_live_activity_is_error_4(change: dict[str, Any], field: str) -> None:
    value = {"timestamp": "2026-01-01T00:00:00Z", "event": "update", "content-state": {}} | change
    value = {name: part for name, part in value.items() if part is not None}
    assert detail_of(push(**option("LIVE_ACTIVITY", value))).startswith(
        f"message.data.extraOptions.LIVE_ACTIVITY.{field}: "
    )


def test_secure_values_stay_outside_the_event() -> None:
    body = request(
        push(text="Your code is %code%", title="%name%", **option("SECURE", {"code": "8317", "name": "Gold"}))
    )
    decision = decide(body)
    assert isinstance(decision, AcceptedMessage)
    assert decision.secure == {0: {"code": "8317", "name": "Gold"}}
    assert b"8317" not in codec.encode(decision.request)


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        ({"text": "%code%"} | option("SECURE", {}), "%code%"),
        ({"title": "%b%"} | option("SECURE", {"a": "1"}), "%b%"),
        ({"text": "%code%"} | option("SECURE", None), "%code%"),
        (option("SECURE", {"a-b": "1"}), "Latin"),
        (option("SECURE", {"имя": "1"}), "Latin"),
        (option("SECURE", {"": "1"}), "Latin"),
        (option("SECURE", {"a": 1}), "string"),
        (option("SECURE", ["a"]), "object"),
    ],
)
def test_a_placeholder_without_value_or_a_bad_name_is_error_4(data: dict[str, Any], rule: str) -> None:
    assert rule in detail_of(push(**data))


def test_per_cent_signs_mean_nothing_without_secure_values() -> None:
    assert first(push(text="50%off% today")).content is not None
