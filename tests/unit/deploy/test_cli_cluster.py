"""`rpns status` and `rpns dead-letters` against a small HTTP server, `rpns topics` without a Kafka."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from deploy.cli.app import app
from deploy.cli.cluster.status import spans
from tests.support.platform_server import Platform, platform_server

Json = dict[str, Any]
LETTER = {
    "letterId": "status-events/0/7",
    "topic": "status-events",
    "place": "3/1200",
    "at": 1_700_000_000_000,
    "reason": "cannot be done",
    "key": "the-key",
    "type": "planned",
    "size": 120,
    "isCut": False,
    "failure": None,
    "state": "open",
    "by": "",
    "doneAt": None,
}
TOPIC = {"topic": "status-events", "lane": "single", "waiting": 5, "oldestMs": 1500, "partitions": 4, "unheld": []}
MEMBER = {"instance": "status-1", "host": "10.0.0.1", "holds": [{"topic": "status-events", "partitions": [0, 1, 3]}]}
INSTANCE = {
    "service": "status",
    "instance": "status-1",
    "version": "0.1.0",
    "commit": "abc",
    "host": "h",
    "lanes": ["single"],
    "startedAt": 1_700_000_000_000,
    "at": 1_700_000_000_000,
    "isSilent": False,
}
HOLDUP = {
    "provider": "apns",
    "applicationId": "bank",
    "way": "production/app.bank",
    "state": "stopped",
    "since": 1_700_000_000_000,
    "status": 403,
    "detail": "InvalidProviderToken",
    "service": "dispatch",
    "instance": "1",
}


@pytest.fixture
def platform() -> Iterator[Platform]:
    with platform_server() as platform:
        yield platform


def rpns(platform: Platform, *words: str, given: str = "") -> Result:
    return CliRunner().invoke(app, ["--url", platform.url, "--token", "the-token", *words], input=given)


def cluster(**about: Any) -> Json:
    group = {"group": "status", "state": "Stable", "waiting": 5, "members": [MEMBER], "topics": [TOPIC]}
    return {"instances": [INSTANCE], "groups": [group], "signs": [], "openDeadLetters": {}} | about


def test_a_cluster_in_order_is_shown_and_is_exit_code_0(platform: Platform) -> None:
    platform.on("GET", "/v1/cluster", cluster())
    result = rpns(platform, "status")
    assert result.exit_code == 0
    for shown in ("status-1 (0-1 3)", "1.5 s", "0.1.0", "nothing is wrong"):
        assert shown in result.stdout


@pytest.mark.parametrize(
    ("about", "words"),
    [
        ({"instances": [{**INSTANCE, "isSilent": True}]}, "status status-1 was last heard of"),
        ({"signs": [{"sign": "rpns_suspects", "value": 1, "service": "status", "instance": "1"}]}, "rpns_suspects = 1"),
        ({"groups": []}, "Kafka tells of no consumer group"),
        ({"unanswered": ["kafka"], "groups": []}, "Kafka does not answer the registry: what waits"),
        ({"unanswered": ["mongodb"], "instances": []}, "MongoDB does not answer the registry: which processes run"),
        ({"holdups": [HOLDUP]}, "bank over apns (production/app.bank) is stopped since 2023-11-14"),
        ({"holdups": [HOLDUP]}, ": 403 InvalidProviderToken"),
        ({"openDeadLetters": {"status-events": 3}}, "3 dead letters of status-events"),
        (
            {"groups": [{"group": "router", "members": [], "topics": [{**TOPIC, "unheld": [0, 1]}]}]},
            "nobody in router reads 2 of 4 partitions of status-events; 5 records wait",
        ),
    ],
)
def test_what_is_wrong_is_a_line_and_exit_code_4(platform: Platform, about: Json, words: str) -> None:
    platform.on("GET", "/v1/cluster", cluster(**about))
    result = rpns(platform, "status")
    assert result.exit_code == 4
    assert words in result.stdout
    assert words in " ".join(json.loads(rpns(platform, "status", "--json").stdout)["troubles"])


def test_partitions_are_told_as_spans() -> None:
    assert spans([0, 1, 2, 5, 7, 8]) == "0-2 5 7-8"


def test_letters_are_listed_and_shown_without_their_content(platform: Platform) -> None:
    platform.on("GET", "/v1/dead-letters", [LETTER])
    platform.on("GET", "/v1/dead-letters/status-events/0/7", LETTER)
    assert "cannot be done" in rpns(platform, "dead-letters", "list").stdout
    assert "3/1200" in rpns(platform, "dead-letters", "show", "status-events/0/7").stdout
    assert not [path for _, path, _ in platform.asked if path.endswith("content")]


def test_the_content_is_asked_for_when_somebody_wants_it(platform: Platform) -> None:
    platform.on("GET", "/v1/dead-letters/status-events/0/7", LETTER)
    platform.on("GET", "/v1/dead-letters/status-events/0/7/content", {"letterId": "", "value": "[red]{}"})
    assert "[red]{}" in rpns(platform, "dead-letters", "show", "status-events/0/7", "--content").stdout


def test_all_open_letters_of_a_topic_go_once_somebody_is_sure_the_oldest_first(platform: Platform) -> None:
    older = {**LETTER, "letterId": "status-events/0/3"}
    other = {**LETTER, "letterId": "status-events/0/4", "reason": "something else"}
    platform.on("GET", "/v1/dead-letters", [LETTER, other, older])
    for offset in (3, 7):
        done = {"letterId": f"status-events/0/{offset}", "state": "redriven", "failureWithdrawn": offset == 7}
        platform.on("POST", f"/v1/dead-letters/status-events/0/{offset}/redrive", done)
    words = ("dead-letters", "redrive", "--topic", "status-events", "--reason", "cannot")
    assert rpns(platform, *words, given="n\n").exit_code == 1
    result = rpns(platform, *words, given="y\n")
    assert result.exit_code == 0
    assert [path.split("/")[-2] for method, path, _ in platform.asked if method == "POST"] == ["3", "7"]
    assert "its message was to fail, and is not" in result.stdout


def test_one_that_is_refused_is_told_and_the_others_are_done(platform: Platform) -> None:
    problem = {"title": "Done already", "detail": "it is redriven, by operator:duty"}
    platform.on("POST", "/v1/dead-letters/status-events/0/7/discard", problem, status=409)
    platform.on("POST", "/v1/dead-letters/status-events/0/8/discard", {"letterId": "", "state": "discarded"})
    result = rpns(platform, "dead-letters", "discard", "status-events/0/7", "status-events/0/8")
    assert result.exit_code == 1
    assert "it is redriven, by operator:duty" in result.stderr
    assert "discarded" in result.stdout


@pytest.mark.parametrize("letter", ["status-events", "a/b/c", "a/1"])
def test_what_is_no_letter_is_told_at_once(platform: Platform, letter: str) -> None:
    result = rpns(platform, "dead-letters", "show", letter)
    assert result.exit_code == 1
    assert "as the list has it" in result.stderr
    assert platform.asked == []


def test_the_version_needs_no_platform() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert result.exit_code == 0
    assert result.stdout.startswith("rpns ")


def test_topics_of_a_kafka_out_of_reach_are_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP", "127.0.0.1:1")
    result = CliRunner().invoke(app, ["topics", "check"])
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "Kafka at 127.0.0.1:1" in result.stderr


def test_of_a_server_that_does_not_answer_nothing_is_said_to_be_missing(platform: Platform) -> None:
    platform.on("GET", "/v1/cluster", cluster(unanswered=["kafka"], groups=[]))
    shown = rpns(platform, "status").stdout
    assert "status-1" in shown
    assert not [words for words in ("no consumer group", "nothing is wrong") if words in shown]
