"""`--rejects`: what an import refuses is kept as it was, with its reason, and imported again once it is mended."""

import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.cli.devices.lines import REASON
from deploy.cli.devices.reasons import Reasons
from deploy.cli.devices.run import PART_LINES
from services.runtime.lists.csv_header import Names
from services.runtime.lists.csv_or_json import Record, Records
from services.runtime.lists.lines import MAX_LINE_BYTES
from tests.support.platform_server import Platform, platform_server
from tests.unit.deploy.test_cli import imported, rpns

RULE = "must be a phone"
PHONE = "+79161234567"


@pytest.fixture
def platform() -> Iterator[Platform]:
    with platform_server() as platform:
        platform.on("POST", "/v1/installations/import", judged)
        yield platform


def judged(body: bytes) -> dict[str, Any]:
    """Refuses what is no phone, as the platform does; counts from 1 in each call."""
    phones = [json.loads(line).get("phone", PHONE) for line in body.split(b"\n")]
    bad = [
        {"line": number, "field": "phone", "rule": RULE}
        for number, phone in enumerate(phones, 1)
        if not str(phone).startswith("+7")
    ]
    return {"lines": len(phones), "imported": len(phones) - len(bad), "known": 0, "bad": bad}


def kept(platform: Platform, folder: Path, name: str, content: bytes, *options: str, to: str = "") -> tuple[Path, Any]:
    """Import a file of this content; the file of rejects, and what was counted."""
    (folder / name).write_bytes(content)
    rejects = folder / (to or f"rejects-{name.removesuffix('.gz')}")
    words = ["--application", "app", "--rejects", str(rejects), *options]
    result = rpns(platform, "import-devices", str(folder / name), *words, "--json")
    assert result.stdout, result.stderr
    return rejects, json.loads(result.stdout)


def sent(platform: Platform) -> list[Any]:
    return [json.loads(line) for _, _, body in platform.asked for line in body.split(b"\n")]


def test_a_table_keeps_its_header_and_rows_and_gets_a_column(platform: Platform, tmp_path: Path) -> None:
    rows = b'sep=;\r\nProvider;token;Phone;Push Enabled;;\r\nfcm;t1;+7916;;\r\nfcm;"t;\n2";secret-1;no;;\r\nfcm;t3\r\n'
    rejects, counts = kept(platform, tmp_path, "t.csv", rows + b'fcm;"t4;+7;;\r\nfcm;t5;+7;maybe;;\r\n')
    assert rejects.read_bytes().split(b"\n") == [
        b"sep=;",
        b"reject_reason;Provider;token;Phone;Push Enabled;;",
        b'"line 4: phone: must be a phone";fcm;"t;',
        b'2";secret-1;no;;',
        b'"line 6: line: has 2 columns, the header has 4";fcm;t3',
        b'"line 7: line: its quotes do not match";fcm;"t4;+7;;',
        b'"line 8: pushEnabled: must be true or false";fcm;t5;+7;maybe;;',
        b"",
    ]
    assert (counts["bad"], counts["rejects"]) == (4, {"kept": 4, "tooLong": 0})
    assert rejects.stat().st_mode & 0o777 == 0o600


def test_what_was_mended_is_imported_by_the_same_options(platform: Platform, tmp_path: Path) -> None:
    options = ["--column", "token=reg", "--column", "phone=msisdn", "--value", "provider=fcm"]
    rejects, _ = kept(platform, tmp_path, "t.csv", b"reg,msisdn,note\nt1,12,\nt2,+7,\nt3,13,x\n", *options)
    mended = rejects.read_bytes().replace(b",12,", b",+712,")
    platform.asked.clear()
    again, counts = kept(platform, tmp_path, "again.csv", mended, *options)
    assert sent(platform)[0] == {"provider": "fcm", "token": "t1", "phone": "+712"}
    assert counts["imported"] == 1
    assert again.read_text() == f'reject_reason,reg,msisdn,note\n"line 3: phone: {RULE}",t3,13,x\n'


@pytest.mark.parametrize("place", [0, 1, 3])
def test_a_reason_is_replaced_wherever_a_spreadsheet_has_put_its_column(
    platform: Platform, tmp_path: Path, place: int
) -> None:
    def row(reason: str, *cells: str) -> str:
        return ";".join([*cells[:place], reason, *cells[place:]])

    text = "\n".join([row("Reject Reason", "provider", "token", "phone"), row('"a; ""b"', "fcm", '"t;1"', "12"), ""])
    rejects, _ = kept(platform, tmp_path, "t.csv", text.encode())
    assert rejects.read_text() == f'reject_reason;provider;token;phone\n"line 2: phone: {RULE}";fcm;"t;1";12\n'


def test_json_lines_get_a_field_and_keep_the_rest_to_the_digit(platform: Platform, tmp_path: Path) -> None:
    lines = [
        '{"token": "t1", "phone": 12, "appVersion": 1.10}',
        '{"token": "t2", "phone": "+7"}',
        '{"token": "t3", }',
        "[1]",
        '{"token": "t4", "reject_reason": "line 9: old", "phone": "x"}',
        '{"reject_reason":"old"}  {',
        '{"phone": "y", "reject_reason": "\\"}, {"}',
    ]
    rejects, counts = kept(platform, tmp_path, "d.ndjson", "\r\n".join(lines).encode())
    json_rule = "line: must be a JSON object in UTF-8"
    assert rejects.read_text().splitlines() == [
        f'{{"reject_reason": "line 1: phone: {RULE}", "token": "t1", "phone": 12, "appVersion": 1.10}}',
        f'{{"reject_reason": "line 3: {json_rule}", "token": "t3", }}',
        f'{{"reject_reason": "line 4: {json_rule}"}} [1]',
        f'{{"reject_reason": "line 5: phone: {RULE}", "token": "t4", "phone": "x"}}',
        f'{{"reject_reason": "line 6: {json_rule}"}}  {{',
        f'{{"reject_reason": "line 7: phone: {RULE}", "phone": "y"}}',
    ]
    assert counts["imported"] == 1
    again, counts = kept(platform, tmp_path, "again.ndjson", rejects.read_bytes())
    assert (counts["bad"], counts["rejects"]["kept"]) == (6, 6)
    assert [line.partition(": ")[2].partition(": ")[2] for line in again.read_text().splitlines()] == [
        line.partition(": ")[2].partition(": ")[2] for line in rejects.read_text().splitlines()
    ]
    assert not any(REASON in line for line in sent(platform))


@pytest.mark.parametrize(
    ("encoding", "mark", "options"),
    [
        ("utf-8", b"\xef\xbb\xbf", []),
        ("utf-8", b"\xef\xbb\xbf", ["--charset", "windows-1251"]),
        ("windows-1251", b"", ["--charset", "windows-1251"]),
        ("utf-16-le", b"\xff\xfe", []),
        ("utf-16-be", b"", ["--charset", "utf-16be"]),
    ],
)
def test_rejects_are_in_the_encoding_of_what_was_imported(
    platform: Platform, tmp_path: Path, encoding: str, mark: bytes, options: list[str]
) -> None:
    rows = "provider;token;phone;model\nfcm;t1;12;Телефон\n"
    rejects, _ = kept(platform, tmp_path, "t.csv.gz", gzip.compress(mark + rows.encode(encoding)), *options)
    assert rejects.read_bytes() == mark + (
        f'reject_reason;provider;token;phone;model\n"line 2: phone: {RULE}";fcm;t1;12;Телефон\n'.encode(encoding)
    )
    again, _ = kept(platform, tmp_path, "again.csv", rejects.read_bytes(), *options)
    assert again.read_bytes() == rejects.read_bytes()
    assert sent(platform)[0] == sent(platform)[1]


def test_rows_of_an_export_whose_charset_nobody_named_are_kept_byte_for_byte(
    platform: Platform, tmp_path: Path
) -> None:
    head = "identifier,device_type,external_user_id\n"
    rows = "t1,1,Банк\nt2,11,x\nt3,99,x\n".encode("windows-1251")
    options = ["--from", "onesignal", "--dry-run"]
    rejects, counts = kept(platform, tmp_path, "one.csv", head.encode() + rows, *options)
    assert (counts["bad"], counts["leftOut"]) == (2, {"e-mail addresses": 1})
    assert ",t1,1,Банк\n".encode("windows-1251") in rejects.read_bytes()
    assert b"\xef\xbb\xbf" not in rejects.read_bytes()
    _, counts = kept(platform, tmp_path, "again.csv", rejects.read_bytes(), *options, "--charset", "windows-1251")
    assert (counts["imported"], counts["bad"]) == (1, 1)


def test_from_a_line_on_only_what_follows_is_kept_under_the_header(platform: Platform, tmp_path: Path) -> None:
    rejects, _ = kept(platform, tmp_path, "t.csv", b"token,phone\na,1\nb,2\nc,3\n", "--from-line", "3")
    assert rejects.read_text().splitlines()[0] == "reject_reason,token,phone"
    assert [line.rpartition(",")[2] for line in rejects.read_text().splitlines()[1:]] == ["2", "3"]


def test_each_part_is_kept_before_the_next_is_sent(platform: Platform, tmp_path: Path) -> None:
    away = {"title": "Service is unavailable"}
    platform.answers["POST", "/v1/installations/import"] = [(200, judged), (503, away)]
    (tmp_path / "t.csv").write_text("token,phone\n" + "t,1\n" * (PART_LINES + 1))
    words = ["--application", "app", "--rejects", str(tmp_path / "r.csv")]
    result = rpns(platform, "import-devices", str(tmp_path / "t.csv"), *words)
    assert (result.exit_code, f"--from-line {PART_LINES + 2}" in result.stderr) == (1, True)
    assert len((tmp_path / "r.csv").read_text().splitlines()) == PART_LINES + 1


def test_a_line_that_could_not_be_read_again_is_counted(platform: Platform, tmp_path: Path) -> None:
    rows = ["token;phone", "x" * MAX_LINE_BYTES + ";1", "y" * (MAX_LINE_BYTES - 10) + ";1", "z;1", ""]
    rejects, counts = kept(platform, tmp_path, "t.csv", "\n".join(rows).encode())
    assert (counts["bad"], counts["rejects"]) == (3, {"kept": 1, "tooLong": 2})
    assert rejects.read_text().endswith(";z;1\n")


def test_nothing_of_a_cell_is_on_the_screen(platform: Platform, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('token,phone\nsecret-1,12\n"secret-2,13\nsecret-3,14,15\n')
    words = ["--application", "app", "--rejects", str(tmp_path / "r.csv")]
    result = rpns(platform, "import-devices", str(tmp_path / "t.csv"), *words)
    assert f"bad lines in {tmp_path / 'r.csv'}: 3" in result.stdout
    assert "secret" not in result.output
    assert (tmp_path / "r.csv").read_text().count("secret") == 3


def test_without_a_bad_line_the_file_is_empty_and_may_be_named_again(platform: Platform, tmp_path: Path) -> None:
    for _ in range(2):
        rejects, counts = kept(platform, tmp_path, "t.csv", b"token,phone\na,+7\n")
        assert (rejects.read_bytes(), counts["rejects"]["kept"]) == (b"", 0)
        rejects.chmod(0o644)
    kept(platform, tmp_path, "t.csv", b"token,phone\na,1\n")
    assert rejects.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("full.csv", "exists already and is no empty file"),
        ("link.csv", "exists already and is no empty file"),
        ("t.csv", "exists already and is no empty file"),
        ("nowhere/r.csv", "cannot be created: No such file or directory"),
        ("r.ndjson", "must be named as csv"),
        ("r.csv.gz", "name it without .gz"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused_before_anything_is_sent(
    platform: Platform, tmp_path: Path, name: str, words: str
) -> None:
    (tmp_path / "full.csv").write_text("x")
    (tmp_path / "empty.csv").touch()
    (tmp_path / "link.csv").symlink_to(tmp_path / "empty.csv")
    (tmp_path / "t.csv").write_text("token,phone\na,1\n")
    options = ["--application", "app", "--rejects", str(tmp_path / name)]
    result = rpns(platform, "import-devices", str(tmp_path / "t.csv"), *options)
    assert (result.exit_code, words in result.stderr, platform.asked) == (1, True, [])
    assert (tmp_path / "full.csv").read_text() == "x"


def test_a_disk_that_is_full_ends_the_import_at_the_last_whole_part(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, sizes = os.write, [10**6, 20]

    def full(file: int, content: bytes) -> int:
        if not sizes:
            raise OSError(28, "No space left on device")
        return write(file, content[: sizes.pop(0)])

    (tmp_path / "t.csv").write_text("token,phone\n" + "t,1\n" * (2 * PART_LINES))
    monkeypatch.setattr("deploy.cli.devices.rejects.os.write", full)
    words = ["--application", "app", "--rejects", str(tmp_path / "r.csv")]
    result = rpns(platform, "import-devices", str(tmp_path / "t.csv"), *words)
    assert f"cannot be written: No space left on device (lines 1 to {PART_LINES + 1} are done" in result.stderr
    assert len((tmp_path / "r.csv").read_text().splitlines()) == PART_LINES + 1


def test_a_column_of_ones_own_must_not_be_the_one_of_reasons(platform: Platform, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("reject_reason\nt1\n")
    options = ["--application", "app", "--column", "token=Reject-Reason"]
    result = rpns(platform, "import-devices", str(tmp_path / "t.csv"), *options)
    assert (result.exit_code, "reject_reason is the column of --rejects" in result.stderr) == (1, True)
    platform.on("POST", "/v1/installations/import", imported)
    alone = rpns(platform, "import-devices", str(tmp_path / "t.csv"), "--application", "app")
    assert "names no column that is known" in alone.stderr


def read(data: bytes) -> tuple[list[Record], Records]:
    records = Records(Names(("a", "b"), {}), is_csv=True)
    return [*records.feed(data), *records.end()], records


@given(st.text(alphabet='ab;,"\n= \u0438', max_size=60), st.sampled_from(["a;b\n", "a;x;b;;\n", "sep=;\na;b\n"]))
def test_whatever_a_row_holds_it_is_read_again_as_it_was(rows: str, head: str) -> None:
    found, records = read((head + rows).encode())
    for _ in range(2):
        reasons = Reasons(records)
        lines = [reasons.added(record.content or b"", 'line 2: x; "y"') for record in found]
        again, records = read(b"\n".join([*reasons.head, *lines]))
        assert [(record.content or b"").partition(b'"line 2: x; ""y""";')[2] for record in again] == [
            (record.content or b"").removeprefix(b'"line 2: x; ""y""";') for record in found
        ]
        assert [(record.cells, record.fault is None) for record in again] == [
            (record.cells, record.fault is None) for record in found
        ]
        found = again
