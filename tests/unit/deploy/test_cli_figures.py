"""`rpns messages`, `rpns statistics` and `rpns audit` against a small HTTP server."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, get_args
from urllib.parse import parse_qs, urlsplit

import pytest
from typer.testing import CliRunner, Result

from deploy.cli.app import app
from deploy.cli.audit import Kind
from deploy.cli.fault import Fault
from deploy.cli.messages.statistics import bar
from deploy.cli.period import since_ms
from schemas.reasons import Reason
from services.registry.audit_trail.document import AuditKind
from tests.support.platform_server import Platform, platform_server

Json = dict[str, Any]
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
GONE = {"name": "token-gone", "errorCode": 24, "words": "the token is dead"}
SLOW = {"name": "expired", "errorCode": 30, "words": "its lifetime was over"}


@pytest.fixture
def platform() -> Iterator[Platform]:
    with platform_server() as platform:
        yield platform


def rpns(platform: Platform, *words: str) -> Result:
    return CliRunner().invoke(app, ["--url", platform.url, "--token", "the-token", *words])


def message(number: int, reason: Json | None) -> Json:
    about = {"partnerId": "bank", "channel": "PUSH", "phone": "79110000001", "externalUserId": None}
    return {"messageId": f"m{number}", "createdAt": 1, "state": "REFUSED", "reason": reason, **about}


def asked(platform: Platform, number: int = 0) -> dict[str, list[str]]:
    return parse_qs(urlsplit(platform.asked[number][1]).query)


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("30m", 1_795_867_200_000 - 1_800_000),
        ("7d", 1_795_867_200_000 - 7 * 86_400_000),
        ("2026-11-28T11:00", 1_795_863_600_000),
        ("2026-11-28T14:00+03:00", 1_795_863_600_000),
    ],
)
def test_a_time_is_so_long_ago_or_a_date(text: str, ms: int) -> None:
    assert since_ms(text, NOW) == ms


def test_what_is_no_time_is_told() -> None:
    with pytest.raises(Fault, match="is no time"):
        since_ms("yesterday", NOW)


def test_messages_are_listed_over_pages_and_reasons_are_counted_by_the_server(platform: Platform) -> None:
    first = {"messages": [message(1, GONE), message(2, SLOW)], "cursor": "next"}
    platform.on("GET", "/v1/messages", first, {"messages": [message(3, GONE)], "cursor": None})
    counts = [{"reason": GONE, "messages": 1200}, {"reason": SLOW, "messages": 3}]
    platform.on("GET", "/v1/messages/reasons", {"reasons": counts})
    result = rpns(
        platform, "messages", "--state", "REFUSED", "--application", "app", "--provider", "fcm", "--packet", "7"
    )
    assert result.exit_code == 0
    assert "1203 failed" in result.stdout
    assert "1200 token-gone the token is dead (errorCode 24)" in result.stdout
    assert "79110000001" not in result.stdout
    assert asked(platform, 1)["cursor"] == ["next"]
    for number in range(3):
        query = asked(platform, number)
        given = [query[name] for name in ("state", "application", "provider", "packet")]
        assert given == [["REFUSED"], ["app"], ["fcm"], ["7"]]


@pytest.mark.parametrize(
    ("reason", "names"),
    [
        ("expired", ["expired"]),
        (str(Reason.CANCELLED.error_code), [r.value for r in Reason if r.error_code == Reason.CANCELLED.error_code]),
        ("Чёрном списке", [Reason.OPER_BLACKLISTED.value]),
        ("SERVICE NUMBER", [r.value for r in Reason if "service number" in r.words.english]),
    ],
)
def test_a_reason_is_meant_by_name_code_or_words(platform: Platform, reason: str, names: list[str]) -> None:
    platform.on("GET", "/v1/messages", {"messages": [message(1, GONE)], "cursor": None})
    platform.on("GET", "/v1/messages/reasons", {"reasons": []})
    result = rpns(platform, "messages", "--reason", reason, "--recipients")
    assert asked(platform)["reason"] == asked(platform, 1)["reason"] == names
    assert "+79110000001" in result.stdout


def test_a_reason_that_is_none_is_told_without_asking(platform: Platform) -> None:
    result = rpns(platform, "messages", "--reason", "bad weather")
    assert result.exit_code == 1
    assert platform.asked == []


def test_statistics_are_drawn_over_time(platform: Platform) -> None:
    rows = [
        {"group": {"at": 1_795_863_600_000, "outcome": outcome}, "count": count}
        for outcome, count in (("sent", 10), ("delivered", 5), ("refused", 1))
    ]
    platform.on("GET", "/v1/statistics", {"rows": rows})
    result = rpns(platform, "statistics", "--since", "12h")
    assert "2026-11-28 11:00" in result.stdout
    assert "█" * 20 in result.stdout
    assert asked(platform)["groupBy"] == ["hour,outcome"]


def test_statistics_by_a_field_and_of_nothing(platform: Platform) -> None:
    platform.on("GET", "/v1/statistics", {"rows": []})
    assert "nothing was counted" in rpns(platform, "statistics", "--by", "provider").stdout
    assert asked(platform)["groupBy"] == ["provider,outcome"]
    assert rpns(platform, "statistics", "--by", "moon").exit_code == 1
    assert rpns(platform, "statistics", "--since", "30d", "--step", "minute").exit_code == 1


def test_a_bar_is_no_longer_than_its_share() -> None:
    assert bar({"sent": 10, "delivered": 5, "refused": 1}, 10, 10).plain == "██████░░░░"
    assert bar({"sent": 5}, 10, 10).plain == "░" * 5
    assert bar({"delivered": 12, "sent": 10}, 12, 12).plain == "█" * 12


def test_the_audit_trail_names_who_what_and_which_fields(platform: Platform) -> None:
    values = [{"name": "enabled", "before": "true", "after": "false"}]
    change: Json = {"entity": "partner/bank", "before": "a", "after": "b", "fields": ["enabled", "report_url"]}
    change["values"] = values
    record = {"at": 1, "who": "operator:duty", "address": "10.0.0.1", "method": "PATCH", "path": "/v1/partners/bank"}
    record |= {
        "service": "registry",
        "route": "/v1/partners/{partner_id}",
        "status": 200,
        "changes": [change],
        "count": 1,
    }
    refused = {**record, "who": "unknown", "status": 401, "changes": [], "count": 12}
    platform.on("GET", "/v1/audit", {"isWhole": False, "records": [record, refused]})
    result = rpns(platform, "audit", "--who", "duty", "--what", "partner/")
    for shown in (
        "operator:duty",
        "10.0.0.1",
        "PATCH /v1/partners/bank",
        "enabled: true → false",
        "report_url",
        "401 × 12",
    ):
        assert shown in result.stdout
    assert "shorter time" in result.stderr
    assert (asked(platform)["who"], asked(platform)["what"]) == (["duty"], ["partner/"])
    rpns(platform, "audit", "--kind", "failed-sign-in")
    assert asked(platform, -1)["kind"] == ["failed-sign-in"]


def test_the_kinds_of_audit_records_are_those_of_the_platform() -> None:
    assert {kind.value for kind in Kind} == set(get_args(AuditKind))


def test_a_trail_that_is_behind_the_log_says_up_to_when_it_is_whole(platform: Platform) -> None:
    behind = {"isWhole": False, "records": [], "leftOut": 0, "wide": 0}
    platform.on("GET", "/v1/audit", {**behind, "readUntil": 1_800_000_000_000})
    assert "records after 2027-01-15T08:00:00+00:00 may be missing" in rpns(platform, "audit").stderr
    platform.on("GET", "/v1/audit", {**behind, "readUntil": 0})
    assert "nothing of the audit trail has been read" in rpns(platform, "audit").stderr


def test_a_search_goes_on_until_it_has_looked_back_to_the_begin_or_has_no_room(platform: Platform) -> None:
    record: Json = {"at": 1_800_000_000_000, "who": "bootstrap", "address": "", "method": "GET", "service": "status"}
    record |= {"route": "/", "status": 200, "changes": [], "count": 1}
    pages: list[Json] = [
        {"records": [], "cursor": "8.x", "searchedSince": 8},
        {"records": [record | {"path": "/newer"}], "cursor": "5.x", "searchedSince": 5},
        {"records": [record | {"path": "/older"}], "cursor": None, "searchedSince": 1},
    ]
    every: Json = {"isWhole": True, "leftOut": 0, "wide": 0, "since": 1}
    platform.on("GET", "/v1/audit", *(every | page for page in pages))
    result = rpns(platform, "audit", "--what", "partner/bank", "--limit", "9")
    assert result.exit_code == 0, result.output
    assert result.stdout.index("/older") < result.stdout.index("/newer")
    assert "looked back" not in result.stderr
    assert [(asked(platform, at).get("cursor"), asked(platform, at)["limit"]) for at in range(3)] == [
        (None, ["9"]),
        (["8.x"], ["9"]),
        (["5.x"], ["8"]),
    ]
    platform.on("GET", "/v1/audit", *(every | page for page in pages))
    found = rpns(platform, "audit", "--what", "partner/bank", "--limit", "1")
    assert "looked back to 1970-01-01T00:00:00.005+00:00, and not further" in found.stderr


def test_who_looked_at_a_customer_is_listed(platform: Platform) -> None:
    record: Json = {"at": 1, "who": "operator:duty", "address": "10.0.0.1", "method": "GET", "path": "/v1/messages"}
    record |= {"service": "status", "route": "/v1/messages", "status": 200, "changes": [], "count": 1, "look": "look"}
    phone = {"name": "phone", "title": "phone", "value": "#ab12", "words": "the phone you asked for"}
    since = {"name": "since", "title": "since", "value": "1795867200000", "words": "1795867200000"}
    record |= {"caller": "desk", "sentence": "searched for messages by the phone you asked for"}
    record |= {"asked": [phone, since], "subjects": ["a", "b"], "messages": ["m-1"]}
    export = {**record, "path": "/v1/messages/export", "asked": [], "subjects": [], "messages": [], "isWide": True}
    platform.on("GET", "/v1/audit", {"isWhole": True, "records": [{**record, "isWide": False}, export]})
    result = rpns(platform, "audit", "--phone", "+79110000001", "--user", "u", "--message", "m-1")
    assert result.exit_code == 0, result.output
    for shown in (
        "desk",
        "searched for messages by the phone you asked for",
        "phone: the phone you asked for",
        "since: 2026-11-28 12:00",
        "1 message, with its phone and user id: m-1",
        "and others, whom the record does not name",
    ):
        assert result.stdout.count(shown) >= 1, shown
    found = asked(platform)
    assert (found["phone"], found["user"], found["message"]) == (["+79110000001"], ["u"], ["m-1"])


def test_older_records_and_looks_that_name_nobody_are_told_of(platform: Platform) -> None:
    record: Json = {
        "at": 1_800_000_000_001,
        "who": "operator:duty",
        "address": "",
        "method": "GET",
        "path": "/v1/messages",
    }
    record |= {"service": "status", "route": "", "status": 200, "changes": [], "count": 1}
    platform.on("GET", "/v1/audit", {"isWhole": True, "records": [record], "leftOut": 7, "wide": 1_000})
    result = rpns(platform, "audit", "--phone", "+79110000001", "--until", "2026-11-28T12:00", "--wide")
    assert result.exit_code == 0, result.output
    assert "7 older ones: ask again with --until 2027-01-15T08:00:00.001+00:00" in result.stderr
    assert "1000+ looks name nobody" in result.stderr
    found = asked(platform)
    assert (found["until"], found["wide"]) == ([str(int(NOW.timestamp() * 1000))], ["true"])
    assert "since" not in found
    assert since_ms("2027-01-15T08:00:00.001+00:00", NOW) == record["at"]
