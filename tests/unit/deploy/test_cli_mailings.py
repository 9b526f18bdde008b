"""`rpns mailing` against a small HTTP server: what it streams and what it tells."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from deploy.cli.app import app
from deploy.cli.mailing.figures import STILL_S, is_known, progress_lines
from deploy.cli.mailing.list_tail import Tail
from deploy.cli.words import speaking
from schemas.language import Language
from schemas.reasons import Reason
from tests.support.platform_server import Platform, platform_server

Json = dict[str, Any]
PROGRESS: Json = {
    "recipients": 3,
    "planned": 2,
    "ratePerS": 10.0,
    "states": {"READ": 1, "SENT": 1},
    "failed": {},
    "sent": 2,
    "delivered": 1,
    "read": 1,
}


def mailing(**about: Any) -> Json:
    listed = {"accepted": 3, "refused": 0, "nextLine": 1, "complete": False}
    base = {"mailingId": "m-1", "name": "autumn", "state": "draft", "reason": None, "list": listed}
    return {**base, "progress": PROGRESS, **about}


@pytest.fixture
def platform() -> Iterator[Platform]:
    with platform_server() as platform:
        yield platform


def rpns(platform: Platform, *words: str) -> Result:
    return CliRunner().invoke(app, ["--url", platform.url, "--admin-token", "t", "mailing", *words])


def test_an_upload_streams_the_file_from_the_line_that_is_missing(platform: Platform, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("to\n1\n2\n3\n")
    listed = {"accepted": 1, "refused": 0, "nextLine": 3, "complete": False}
    platform.on("GET", "/v1/mailings/m-1", mailing(list=listed))
    platform.on("PUT", "/v1/mailings/m-1/recipients", {"accepted": 2, "refused": 0, "list": listed | {"accepted": 3}})
    platform.on("GET", "/v1/mailings/m-1/problems", {"problems": [], "refused": 0})
    result = rpns(platform, "upload", "m-1", str(file))
    assert result.exit_code == 0, result.output
    method, target, body = platform.asked[1]
    assert (method, body) == ("PUT", b"to\n2\n3\n")
    assert "firstLine=3" in target
    assert "3 recipients" in result.stdout


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_the_rest_of_a_list_has_its_head_whatever_that_is(encoding: str, end: str) -> None:
    lines = ["sep=;", "", 'to;"na', 'me"', "1;A", "", '2;"B', 'b"', "3;C"]
    data = end.join(lines).encode(encoding)
    for size in (1, 7, 4096):
        tail = Tail(True, "", 6)
        found = b"".join(tail.feed(data[at : at + size]) for at in range(0, len(data), size)) + tail.end()
        assert found == end.join(lines[:4] + lines[5:]).encode()


def test_how_a_list_was_read_is_said_before_what_is_wrong_with_it(platform: Platform, tmp_path: Path) -> None:
    (tmp_path / "list.tsv").write_bytes(b"to\n")
    how = {"format": "CSV", "encoding": "UTF-8", "delimiter": "\t", "columns": ["to"], "ignored": 2, "rows": 3}
    listed = {"accepted": 1, "refused": 1, "repeated": 1, "nextLine": 4, "complete": True}
    platform.on("GET", "/v1/mailings/m-1", mailing())
    platform.on("PUT", "/v1/mailings/m-1/recipients", {"understood": how, "list": listed})
    problem = {"line": 3, "field": "to", "rule": "repeats the recipient of line 2"}
    platform.on("GET", "/v1/mailings/m-1/problems", {"problems": [problem], "refused": 1, "repeated": 1})
    lines = rpns(platform, "upload", "m-1", str(tmp_path / "list.tsv"), "--charset", "cp1251").stdout.splitlines()
    assert lines[0] == r"read as CSV in UTF-8, '\t' between, columns to (and 2 more): 3 rows"
    assert lines[1] == "✗ line 3: to: repeats the recipient of line 2"
    assert lines[3] == "1 recipient, 1 broken, 1 repeated"


def test_broken_lines_are_told_and_end_with_1(platform: Platform, tmp_path: Path) -> None:
    file = tmp_path / "list.ndjson"
    file.write_text("x\n")
    listed = {"accepted": 0, "refused": 1, "nextLine": 2, "complete": True}
    platform.on("GET", "/v1/mailings/m-1", mailing())
    platform.on("PUT", "/v1/mailings/m-1/recipients", {"accepted": 0, "refused": 1, "list": listed})
    problem = {"line": 1, "field": "line", "rule": "must be a JSON object in UTF-8"}
    platform.on("GET", "/v1/mailings/m-1/problems", {"problems": [problem], "refused": 1})
    result = rpns(platform, "upload", "m-1", str(file))
    assert result.exit_code == 1
    assert "line 1: line: must be a JSON object in UTF-8" in result.stdout


def test_a_draft_comes_from_a_file_for_a_partner(platform: Platform, tmp_path: Path) -> None:
    (tmp_path / "m.json").write_text('{"name": "autumn"}')
    platform.on("POST", "/v1/mailings", mailing(), status=201)
    result = rpns(platform, "create", str(tmp_path / "m.json"), "--partner", "bank")
    assert result.exit_code == 0, result.output
    assert json.loads(platform.asked[0][2]) == {"name": "autumn"}
    assert "partner=bank" in platform.asked[0][1]


def test_progress_is_told_in_russian_with_the_names_of_reasons_behind_their_words() -> None:
    progress = PROGRESS | {"failed": {"duplicated": 2, "of-a-newer-release": 1}}
    with speaking(Language.RUSSIAN):
        first, *_, last = progress_lines(mailing(state="paused", progress=progress, reason="No such mailing"))
    assert "[bold]приостановлено[/] (Такой рассылки нет)" in first
    words = Reason.DUPLICATED.words.russian
    assert last == f"  не доставлено: {words} (duplicated) 2, of-a-newer-release 1"


def test_progress_is_told_with_reasons() -> None:
    progress = PROGRESS | {"failed": {"unknown-phone": 1}}
    lines = progress_lines(mailing(state="paused", reason="no [sender]", progress=progress))
    assert lines[0] == "autumn: [bold]paused[/] (no \\[sender])"
    assert lines[-1] == "  failed: unknown-phone 1"


STOPPED = PROGRESS | {"recipients": 100, "planned": 40, "sent": 1, "delivered": 1, "cancelled": 60, "undelivered": 3}


def test_what_is_open_after_a_cancel_is_never_told_as_not_sent() -> None:
    progress = STOPPED | {"pending": 36, "withoutDevice": 3, "failed": {"unknown-phone": 3}}
    assert progress_lines(mailing(state="cancelled", progress=progress))[-3:] == [
        "  got nothing because it was cancelled, so far: 60",
        "  no outcome yet: 36",
        "  still counting: known of 4 of 40 planned",
    ]


def test_what_was_cancelled_is_told_beside_what_failed_once_all_is_known() -> None:
    failed = {"unknown-phone": 2, "provider-refused": 1, "cancelled": 36}
    progress = STOPPED | {"pending": 0, "withoutDevice": 2, "cancelled": 96, "failed": failed}
    assert progress_lines(mailing(state="cancelled", progress=progress))[-2:] == [
        "  failed: provider-refused 1, unknown-phone 2",
        "  all is known: got it: 1; got nothing because it was cancelled: 96; have no device: 2; "
        "not delivered for another reason: 1",
    ]


@pytest.mark.parametrize(
    ("about", "still_s", "known"),
    [
        ({"pending": 1}, 0, False),
        ({"pending": 1}, STILL_S, True),
        ({"pending": 1, "states": {"PLANNED": 1}}, STILL_S, False),
        ({"pending": 0}, 0, True),
        ({}, 0, True),
        ({"states": {}}, 0, False),
    ],
    ids=["being decided", "nothing moves", "waits for its hour", "all", "an older release", "an older one, uncounted"],
)
def test_it_is_followed_until_nothing_is_to_come(about: Json, still_s: float, known: bool) -> None:
    assert is_known(PROGRESS | about, still_s) == known


def test_a_dry_run_warns_of_few_who_can_be_reached_and_of_names_in_single_braces(platform: Platform) -> None:
    counts = {"recipients": 100_000, "lookedAt": 50_500, "addressed": 2, "unknown": 90_000, "unreachable": 9_998}
    found = {**counts, "startsAt": 1, "finishesAt": 2, "expired": 0, "singleBraces": ["name"]}
    platform.on("GET", "/v1/mailings/m-1/forecast", found)
    printed = rpns(platform, "dry-run", "m-1").stdout
    assert "(projected from 50,500 all over the list)" in printed
    assert "2; unknown 90,000; no device 9,998: fewer than half" in printed
    assert "{name}: sent to everybody as written; a value would be {{name}}" in printed


def test_following_ends_when_the_mailing_has(platform: Platform) -> None:
    platform.on("GET", "/v1/mailings/m-1", mailing(state="done"))
    assert rpns(platform, "status", "m-1", "--follow").exit_code == 0
