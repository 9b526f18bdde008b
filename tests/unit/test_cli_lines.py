"""A file of tokens as numbered lines: NDJSON and CSV, in constant memory."""

import json
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.cli.device_lines import MAX_LINE_BYTES, Bad, Line, bounded, ndjson, table
from deploy.cli.fault import Fault


def test_a_csv_row_becomes_a_line_with_typed_values() -> None:
    head = b"Provider,token,PHONE,push_enabled,subscriptions,App-Version\n"
    found = list(table(BytesIO(head + b'FCM,"a,b",+79020000001,no,news|sale,\n\nhms,c,,,,1.2\n')))
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
    found = list(table(BytesIO(rows)))
    assert [(one.number, one.field, one.rule) for one in found if isinstance(one, Bad)] == [
        (2, "pushEnabled", "must be true or false"),
        (3, "line", "must have 3 cells; it has 2"),
        (4, "line", "must be UTF-8"),
        (5, "line", "must be at most 16384 bytes"),
    ]
    assert [one.number for one in found if isinstance(one, Line)] == [6]


@pytest.mark.parametrize("head", [b"", b"provider,tokn\n", b"token,Token\n", b"\xff\n"])
def test_a_csv_without_a_proper_head_is_refused(head: bytes) -> None:
    with pytest.raises(Fault):
        list(table(BytesIO(head + b"fcm,1\n")))


@given(st.lists(st.binary(max_size=40).map(lambda line: line.replace(b"\n", b"")), max_size=20))
def test_lines_keep_their_numbers(lines: list[bytes]) -> None:
    found = {line.number: line.content for line in ndjson(BytesIO(b"\n".join(lines))) if isinstance(line, Line)}
    stripped = [line.rstrip(b"\r") for line in lines]
    if stripped:
        stripped[0] = stripped[0].removeprefix(b"\xef\xbb\xbf")
    assert found == {number: line for number, line in enumerate(stripped, 1) if line.strip()}


def test_an_endless_line_is_read_in_pieces() -> None:
    class Counting(BytesIO):
        most = 0

        def readline(self, size: int | None = -1, /) -> bytes:
            part = super().readline(size)
            self.most = max(self.most, len(part))
            return part

    file = Counting(b"x" * 5_000_000 + b"\nend")
    assert list(bounded(file)) == [(1, None), (2, b"end")]
    assert file.most <= MAX_LINE_BYTES + 2
