"""A file of tokens as numbered lines: NDJSON and CSV, in constant memory."""

import json
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.cli.devices.lines import Bad, Line, Lines
from deploy.cli.fault import Fault
from services.runtime.lists.cells import ROUNDED
from services.runtime.lists.lines import MAX_LINE_BYTES, UTF8_RULE


def table(data: bytes) -> list[Line | Bad]:
    return list(Lines(BytesIO(data), is_csv=True))


def ndjson(data: bytes) -> list[Line | Bad]:
    return list(Lines(BytesIO(data), is_csv=False))


def test_a_csv_row_becomes_a_line_with_typed_values() -> None:
    head = b"Provider,token,PHONE,push_enabled,subscriptions,App-Version\n"
    found = table(head + b'FCM,"a,b",+79020000001,no,news|sale,\n\nhms,c,,,,1.2\n')
    assert [line.number for line in found] == [2, 4]
    assert [json.loads(line.content) for line in found if isinstance(line, Line)] == [
        {
            "provider": "fcm",
            "token": "a,b",
            "phone": "+79020000001",
            "pushEnabled": False,
            "subscriptions": [{"id": "news"}, {"id": "sale"}],
        },
        {"provider": "hms", "token": "c", "appVersion": "1.2"},
    ]


def test_bad_csv_rows_are_told_and_the_others_read() -> None:
    rows = b"provider;token;pushEnabled\nfcm;1;maybe\nfcm;2\nfcm;\xff;\nfcm;" + b"x" * 20_000 + b";\nfcm;3;\n"
    found = table(rows)
    assert [(line.number, line.field, line.rule) for line in found if isinstance(line, Bad)] == [
        (2, "pushEnabled", "must be true or false"),
        (3, "line", "has 2 columns, the header has 3"),
        (4, "line", UTF8_RULE),
        (5, "line", "must be at most 16384 bytes"),
    ]
    assert [line.number for line in found if isinstance(line, Line)] == [6]


@pytest.mark.parametrize("head", [b"", b"provider,tokn\n", b"token,Token\n", b"\xff\n"])
def test_a_csv_without_a_proper_head_is_refused(head: bytes) -> None:
    with pytest.raises(Fault):
        table(head + b"fcm,1\n")


@pytest.mark.parametrize("row", [b"+79020000005,sample-token\n", b"sample-token;+79020000005\n", b"sample-token\n"])
def test_a_row_that_stands_where_the_header_should_is_not_printed(row: bytes) -> None:
    with pytest.raises(Fault, match="names no column that is known") as refused:
        table(row)
    assert "79020000005" not in str(refused.value)
    assert "sample-token" not in str(refused.value)


@given(st.lists(st.text(max_size=40), max_size=20), st.sampled_from([b"\n", b"\r", b"\r\n"]), st.booleans())
def test_lines_keep_their_numbers(names: list[str], end: bytes, is_marked: bool) -> None:
    lines = [json.dumps({"model": name}).encode() if name else b"" for name in names]
    file = BytesIO((b"\xef\xbb\xbf" if is_marked else b"") + end.join(lines))
    found = {line.number: json.loads(line.content) for line in Lines(file, is_csv=False) if isinstance(line, Line)}
    assert found == {number: {"model": name} for number, name in enumerate(names, 1) if name}


def test_a_list_of_devices_is_read_as_a_mailings_list_is() -> None:
    text = "sep=;\r;Provider;token;To; External_User-ID;\r;FCM;t;'8 916 1234567;;\r;;;;\r;fcm;t;79161234567.0;;;;\r"
    for encoding in ("utf-8-sig", "utf-16"):
        found = list(Lines(BytesIO(text.encode(encoding)), True))
        assert [(line.number, json.loads(line.content)["phone"]) for line in found if isinstance(line, Line)] == [
            (3, "8 916 1234567"),
            (5, "79161234567"),
        ]


def test_a_phone_that_a_spreadsheet_has_rounded_is_told() -> None:
    (bad,) = table(b"phone\n7.9E+10\n")
    assert bad == Bad(2, "phone", ROUNDED)


def test_what_was_understood_is_said_before_what_is_wrong() -> None:
    with pytest.raises(Fault, match=r"unknown column .tokn.*read as CSV in UTF-8, `;` between, columns provider"):
        table(b"provider;tokn\n")


def test_an_endless_line_is_read_in_pieces() -> None:
    bad, good = ndjson(b"x" * 5_000_000 + b'\n{"model": "m"}')
    assert bad == Bad(1, "line", f"must be at most {MAX_LINE_BYTES} bytes")
    assert isinstance(good, Line)
