"""Exports of other platforms become lines for import; what is no device of ours is left out, and counted by reason."""

import gzip
import json
import re
import shlex
from collections.abc import Iterator
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest

from deploy.cli.devices.exports import EXPORTS, OF_PARTS_OF_AN_HOUR, own_table
from deploy.cli.devices.lines import MEANINGS, Bad, Line, Lines
from deploy.cli.devices.run import PART_LINES
from deploy.cli.fault import Fault
from deploy.cli.gateway import Gateway
from tests.support.platform_server import Platform, platform_server
from tests.unit.deploy.test_cli import imported, rpns

HEAD = "id,identifier,session_count,device_type,device_os,invalid_identifier,notification_types,external_user_id,tags\n"


@pytest.fixture
def platform() -> Iterator[Platform]:
    with platform_server() as platform:
        yield platform


def read(source: str, text: str | bytes, is_csv: bool | None = None) -> tuple[list[Line | Bad], dict[str, int]]:
    export = EXPORTS[source]
    data = text.encode() if isinstance(text, str) else text
    lines = Lines(BytesIO(data), export.is_csv if is_csv is None else is_csv, export=export)
    return list(lines), dict(lines.left_out)


def bodies(found: list[Line | Bad]) -> list[dict[str, Any]]:
    return [json.loads(line.content) for line in found if isinstance(line, Line)]


def faults(found: list[Line | Bad]) -> list[tuple[int, str]]:
    return [(line.number, line.field) for line in found if isinstance(line, Bad)]


def test_onesignal_rows_keep_what_is_known_of_device_and_person() -> None:
    rows = 'a,tok1,7,1,14,false,1,user-1,"{""x"": ""1,2""}"\nb,to k2,7,0,17.1,f,-2,,\nc,tok3,1,13,,,0,user-3,\n'
    found, left_out = read("onesignal", "\ufeff" + HEAD + rows)
    assert (left_out, faults(found)) == ({}, [])
    assert bodies(found) == [
        {"provider": "fcm", "platform": "android", "token": "tok1", "externalUserId": "user-1", "osVersion": "14"},
        {"provider": "apns", "platform": "ios", "token": "tok2", "pushEnabled": False, "osVersion": "17.1"},
        {"provider": "hms", "platform": "android", "token": "tok3", "pushOsEnabled": False, "externalUserId": "user-3"},
    ]


def test_onesignal_offsets_become_zones_that_have_them_and_a_named_zone_counts_more() -> None:
    head = "identifier,device_type,timezone,timezone_id\n"
    rows = ["a,1,10800,", "b,1,-28800,", "c,1,0,", "d,1,19800,", "e,1,10800,Europe/Istanbul", "f,1,,", "g,1,-9000,"]
    found, _ = read("onesignal", head + "\n".join([*rows, "h,1,10801,", "i,1,+3,"]))
    expected = ["Etc/GMT-3", "Etc/GMT+8", "Etc/GMT", "Asia/Kolkata", "Europe/Istanbul", None, "America/St_Johns"]
    assert [body.get("timeZone") for body in bodies(found)] == expected
    assert faults(found) == [(9, "timezone"), (10, "timezone")]


@pytest.mark.parametrize("offset", [*range(-12 * 3600, 14 * 3600 + 1, 3600), *OF_PARTS_OF_AN_HOUR])
def test_the_zone_of_an_onesignal_offset_has_that_offset_in_some_part_of_the_year(offset: int) -> None:
    found, _ = read("onesignal", f"identifier,device_type,timezone\nt,1,{offset}\n")
    zone = ZoneInfo(bodies(found)[0]["timeZone"])
    offsets = {datetime(2025, month, 1, tzinfo=zone).utcoffset() for month in (1, 7)}
    assert timedelta(seconds=offset) in offsets


def test_onesignal_rows_that_are_no_device_are_left_out_by_reason_and_strange_ones_named() -> None:
    rows = "".join(
        f"{number},t{number},1,{kind},,{invalid},{state},,\n"
        for number, (kind, invalid, state) in enumerate(
            [("5", "", "1"), ("11", "", "1"), ("1", "true", "1"), ("1", "", "-10"), ("99", "", "1"), ("1", "", "x")]
        )
    )
    found, left_out = read("onesignal", HEAD + rows + "9,,1,1,,,1,,\n")
    assert faults(found) == [(6, "device_type"), (7, "notification_types")]
    assert sorted(left_out.values()) == [1, 1, 1, 1, 1]
    assert {"e-mail addresses", "rows without a token", "tokens that OneSignal calls invalid"} < left_out.keys()
    assert not bodies(found)


def endpoint(**about: Any) -> dict[str, Any]:
    return {"Id": "e", "Address": "tok", "ChannelType": "GCM", "EndpointStatus": "ACTIVE", "OptOut": "NONE", **about}


def test_pinpoint_endpoints_are_read_from_json_lines_and_from_csv() -> None:
    person = {
        "User": {"UserId": "user-1", "UserAttributes": {"a": ["b"]}},
        "Demographic": {"Timezone": "Europe/Berlin"},
    }
    lines = [
        endpoint(**person),
        endpoint(ChannelType="APNS_SANDBOX", OptOut="ALL", Demographic=None),
        endpoint(ChannelType="SMS"),
        endpoint(EndpointStatus="INACTIVE"),
        endpoint(ChannelType="PAGER"),
        endpoint(Address=["a"]),
    ]
    found, left_out = read("pinpoint", "\n".join(json.dumps(line) for line in lines))
    first = {"provider": "fcm", "platform": "android", "token": "tok"}
    first |= {"externalUserId": "user-1", "timeZone": "Europe/Berlin"}
    sandbox = {"provider": "apns", "platform": "ios", "environment": "sandbox", "token": "tok", "pushEnabled": False}
    assert bodies(found) == [first, sandbox]
    assert left_out == {"phone numbers without a device": 1, "endpoints that are inactive": 1}
    assert faults(found) == [(5, "ChannelType"), (6, "Address")]
    table = "Address;ChannelType;User.UserId;Demographic.Timezone;Location.City\r\ntok;GCM;user-1;Europe/Berlin;x\r\n"
    assert bodies(read("pinpoint", table, is_csv=True)[0]) == [first]


def test_a_table_of_ones_own_is_read_by_the_columns_that_are_named() -> None:
    columns = {"token": "registration_id", "externalUserId": "user", "phone": "msisdn", "pushEnabled": "on"}
    export = own_table(columns, {"provider": "FCM"}, MEANINGS)
    rows = (
        "User;MSISDN;registration_id;on;other\nu;7,902E+10;t1;yes;x\nu2;79020000001;t2;perhaps;x\nu3;;;;\nu4;;t4;no;\n"
    )
    lines = Lines(BytesIO(rows.encode()), is_csv=True, export=export)
    found = list(lines)
    assert bodies(found) == [{"provider": "fcm", "token": "t4", "externalUserId": "u4", "pushEnabled": False}]
    assert faults(found) == [(2, "msisdn"), (3, "on")]
    assert lines.left_out == {"rows without a token": 1}
    with pytest.raises(ValueError, match="'tokn' is no column of ours"):
        own_table({"tokn": "x"}, {}, MEANINGS)


@pytest.mark.parametrize("source", EXPORTS)
def test_a_file_that_is_not_this_export_is_refused(source: str) -> None:
    with pytest.raises(Fault, match="has no column"):
        read(source, "token,phone\na,b\n", is_csv=True)


def test_a_packed_file_that_breaks_off_is_told_and_what_came_before_is_kept(platform: Platform, tmp_path: Path) -> None:
    packed = gzip.compress((HEAD + "a,tok1,7,1,14,false,1,user-1,\n").encode())
    (tmp_path / "whole.csv.gz").write_bytes(packed)
    (tmp_path / "half.csv.gz").write_bytes(packed[:-9])
    platform.answers["POST", "/v1/installations/import"] = [(200, imported)]
    options = ["--from", "onesignal", "--application", "app"]
    whole = rpns(platform, "import-devices", str(tmp_path / "whole.csv.gz"), *options, "--json")
    assert json.loads(whole.stdout) == {"lines": 1, "imported": 1, "known": 0, "bad": 0, "leftOut": {}}
    half = rpns(platform, "import-devices", str(tmp_path / "half.csv.gz"), *options)
    assert (half.exit_code, "its compression breaks off" in half.stderr) == (1, True)


def test_a_dry_run_asks_the_platform_for_its_rules(platform: Platform, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("registration_id;msisdn\nt1;\nt2;12\n\n")
    answer = {"lines": 2, "imported": 1, "known": 0, "bad": [{"line": 2, "field": "phone", "rule": "must be a phone"}]}
    platform.on("POST", "/v1/installations/import", answer)
    columns = ["--column", "token=registration_id", "--column", "phone=msisdn", "--value", "provider=fcm"]
    result = rpns(platform, "import-devices", str(tmp_path / "t.csv"), *columns, "--application", "app", "--dry-run")
    assert (result.exit_code, "1 would be imported" in result.stdout) == (1, True)
    assert "line 3: phone: must be a phone" in result.stderr
    [(_, path, _)] = platform.asked
    assert parse_qs(urlsplit(path).query) == {"applicationId": ["app"], "dryRun": ["true"]}


MAPS = {
    "m.toml": '[columns]\ntoken = "registration_id"\nphone = "msisdn"\n[values]\nprovider = "hms"\n',
    "m.json": '{"columns": {"token": "registration_id", "phone": "msisdn"}, "values": {"provider": "hms"}}',
}


@pytest.mark.parametrize("name", MAPS)
def test_a_map_file_says_what_the_options_would_and_an_option_wins(
    platform: Platform, tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_text(MAPS[name])
    (tmp_path / "t.csv").write_text("registration_id,msisdn\nt1,+79161234567\n")
    platform.on("POST", "/v1/installations/import", imported)
    options = ["--application", "app", "--map", str(tmp_path / name), "--value", "provider=fcm"]
    assert rpns(platform, "import-devices", str(tmp_path / "t.csv"), *options).exit_code == 0
    [(_, _, body)] = platform.asked
    assert json.loads(body) == {"provider": "fcm", "token": "t1", "phone": "+79161234567"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("not toml", "must be TOML in UTF-8"),
        ("[colums]\ntoken = 'x'", "unknown table 'colums'"),
        ("columns = 'x'", "columns must be a table"),
        ("[columns]\ntoken = 5", "columns.token must be text"),
        ("[columns]\ntokn = 'x'\ntoken = 'x'", "'tokn' is no column of ours"),
        ("[values]\nprovider = 'fcm'", "--column token="),
    ],
)
def test_a_map_file_that_breaks_a_rule_is_refused_by_name(
    platform: Platform, tmp_path: Path, text: str, words: str
) -> None:
    (tmp_path / "m.toml").write_text(text)
    (tmp_path / "t.csv").write_text("x\nt1\n")
    options = ["--application", "app", "--map", str(tmp_path / "m.toml")]
    result = rpns(platform, "import-devices", str(tmp_path / "t.csv"), *options)
    assert (result.exit_code, words in result.stderr, platform.asked) == (1, True, [])


def test_an_import_that_is_stopped_says_where_to_go_on(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "t.csv").write_text("provider,token\n" + "fcm,t\n" * (PART_LINES + 1))
    platform.on("POST", "/v1/installations/import", imported)
    sent = Gateway.send

    def stopped_at_second(*given: Any, **more: Any) -> Any:
        if platform.asked:
            raise KeyboardInterrupt
        return sent(*given, **more)

    monkeypatch.setattr(Gateway, "send", stopped_at_second)
    result = rpns(platform, "import-devices", str(tmp_path / "t.csv"), "--application", "app")
    assert result.exit_code == 1
    assert f"stopped (lines 1 to {PART_LINES + 1} are done: go on with --from-line {PART_LINES + 2})" in result.stderr


def test_an_import_goes_on_from_a_line(platform: Platform, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("provider,token\nfcm,t1\nfcm,t2\nfcm,t3\n")
    platform.on("POST", "/v1/installations/import", imported)
    file = str(tmp_path / "t.csv")
    result = rpns(platform, "import-devices", file, "--application", "app", "--from-line", "3", "--json")
    assert json.loads(result.stdout) == {"lines": 2, "imported": 2, "known": 0, "bad": 0}


def test_a_line_behind_the_end_of_the_file_is_said_to_be_so(platform: Platform, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("provider,token\nfcm,t1\nfcm,t2\n")
    result = rpns(platform, "import-devices", str(tmp_path / "t.csv"), "--application", "app", "--from-line", "4")
    assert (result.exit_code, platform.asked) == (1, [])
    assert "t.csv ends at line 3: there is nothing from line 4 on" in result.stderr.replace("\n", " ")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--from", "onesignal", "--column", "token=x"], "without --from"),
        (["--column", "phone=x"], "--column token="),
        (["--column", "token"], "must be OURS=THEIRS"),
        (["--column", "token=x", "--value", "provder=fcm"], "'provder' is no column of ours"),
        (["--column", "token=x", "--value", "pushEnabled=perhaps"], "must be true or false"),
    ],
)
def test_options_that_cannot_be_meant_are_refused(
    platform: Platform, tmp_path: Path, options: list[str], words: str
) -> None:
    (tmp_path / "t.csv").write_text("x\nt1\n")
    result = rpns(platform, "import-devices", str(tmp_path / "t.csv"), "--application", "app", *options)
    assert (result.exit_code, words in result.stderr, platform.asked) == (1, True, [])


def test_the_commands_of_the_guide_run_on_its_samples(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    root = Path(__file__).parents[3]
    monkeypatch.chdir(root)
    commands = re.findall(r"^rpns (import-devices .*)$", (root / "docs/migration.md").read_text(), re.MULTILINE)
    platform.answers["POST", "/v1/installations/import"] = [(200, imported)] * len(commands)
    counted = {}
    for command in commands:
        result = rpns(platform, *shlex.split(command), "--json")
        assert result.exit_code == 0, result.stderr
        counts = json.loads(result.stdout)
        counted[Path(shlex.split(command)[1]).name] = counts["imported"], sum(counts["leftOut"].values()), counts["bad"]
    assert counted == {"tokens.csv": (2, 1, 0), "onesignal.csv": (2, 2, 0), "pinpoint.jsonl": (2, 2, 0)}
