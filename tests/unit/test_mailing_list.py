"""A mailing's list: how a stream becomes records, and what is wrong with which line."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services import phones
from services.ingest.accept_errors import Refused
from services.ingest.accept_fill import Template
from services.ingest.accept_list import MAX_LINE_BYTES, Bad, Lines, Raw, Row, read, table_of
from services.ingest.accept_mailing import draft
from tests.accepting import NOW, PARTNER, Senders, push

TEMPLATE = Template(draft({"name": "n", "message": push(text="Dear {{name}}")}, PARTNER, Senders(), NOW))
SMS = {"type": "SMS", "data": {"text": "hi", "ttl": 5, "serviceNumber": "DemoText"}}


def cut(data: bytes, size: int = 7, quoted: bool = False) -> list[Raw]:
    lines = Lines(1, quoted)
    found = [raw for at in range(0, len(data), size) for raw in lines.feed(data[at : at + size])]
    return found + list(lines.end())


def ndjson(*lines: bytes) -> list[Row | Bad]:
    return [read(raw, TEMPLATE, None) for raw in cut(b"\n".join(lines))]


def table(text: str) -> list[Row | Bad]:
    header, *records = cut(text.encode(), quoted=True)
    head = table_of(header, TEMPLATE.names)
    return [read(raw, TEMPLATE, head) for raw in records]


def test_each_way_in_which_a_line_can_be_broken_is_told() -> None:
    lines: list[tuple[bytes, str, str]] = [
        (b'{"to": "12", "name": "A"}', "to", phones.RULE),
        (b'{"to": 79161234567, "name": "A"}', "to", "must be a string"),
        (b'{"name": "A"}', "to", "mandatory unless externalUserId is given"),
        (b'{"to": "79161234567"}', "name", "mandatory: the message has a placeholder for it"),
        (b'{"to": "79161234567", "name": true}', "name", "must be a string or a number"),
        (b'{"to": "79161234567", "name": "\\u0000"}', "name", "must not hold a NUL character"),
        (
            b'{"to": "79161234567", "name": "%s"}' % (b"x" * 996),
            "message.data.text",
            "must have at most 1000 characters once it is filled in",
        ),
        (b'{"to": "79161234567", "id": "%s", "name": "A"}' % (b"x" * 201), "id", "must have at most 200 characters"),
        (b"[1]", "line", "must be a JSON object in UTF-8"),
        (b"\xff", "line", "must be a JSON object in UTF-8"),
        (b"x" * (MAX_LINE_BYTES + 1), "line", f"must be at most {MAX_LINE_BYTES} bytes"),
    ]
    found = ndjson(*(line for line, _, _ in lines), b'{"to": "79161234567", "name": "A"}')
    assert found[:-1] == [Bad(place, field, rule) for place, (_, field, rule) in enumerate(lines, 1)]
    assert found[-1] == Row(len(lines) + 1, "79161234567", None, None, ["A"])


def test_a_byte_order_mark_before_the_first_line_is_no_part_of_it() -> None:
    first, second = ndjson(*[b'\xef\xbb\xbf{"to": "79161234567", "name": "A"}'] * 2)
    assert first == Row(1, "79161234567", None, None, ["A"])
    assert second == Bad(2, "line", "must be a JSON object in UTF-8")


def test_a_user_alone_cannot_be_sent_an_sms() -> None:
    template = Template(draft({"name": "n", "message": SMS}, PARTNER, Senders(), NOW))
    assert read(Raw(1, b'{"externalUserId": "u"}'), template, None) == Bad(1, "to", "mandatory for SMS")


def test_columns_that_the_message_does_not_ask_for_are_not_kept() -> None:
    (row,) = ndjson(b'{"to": "8-916-123-45-67", "id": "o-1", "name": 12, "secret": "x"}')
    assert row == Row(1, "79161234567", None, "o-1", ["12"])


def test_a_table_is_known_by_its_header_and_its_delimiter() -> None:
    text = '\ufeffname;to\r\n"reader; or\nso";79161234567\r\nBo "b";79161234568\r\n'
    assert table(text) == [
        Row(2, "79161234567", None, None, ["reader; or\nso"]),
        Row(4, "79161234568", None, None, ['Bo "b"']),
    ]


def test_a_quote_that_is_never_closed_spoils_its_own_line_only() -> None:
    text = 'to,name\n79161234567,"A\n' + "".join(f"7916123456{n},B\n" for n in range(9))
    bad, *good = table(text)
    assert bad == Bad(2, "line", "its quotes do not match")
    assert [row.line for row in good] == list(range(3, 12))


def test_a_wrong_number_of_columns_is_told() -> None:
    assert table("to,name\n79161234567\n79161234567,A,B\n") == [
        Bad(2, "line", "has 1 columns, the header has 2"),
        Bad(3, "line", "has 3 columns, the header has 2"),
    ]


@pytest.mark.parametrize(
    ("header", "detail"),
    [
        (b"name", "header: must name a column `to` or `externalUserId`"),
        (b"to,to,name", "header: names a column twice"),
        (b"to", "header: has no column for {{name}}"),
        (b"\xff", "header: must be UTF-8"),
    ],
)
def test_a_header_that_cannot_be_this_mailings_is_refused(header: bytes, detail: str) -> None:
    with pytest.raises(Refused) as caught:
        table_of(Raw(1, header), TEMPLATE.names)
    assert caught.value.refusal.detail == detail


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), max_size=20), st.integers(1, 50))
def test_however_the_stream_is_cut_the_records_are_the_same(texts: list[str], size: int) -> None:
    data = "\n".join(text.replace("\n", " ") for text in texts).encode()
    whole = [(place, line.removesuffix(b"\r")) for place, line in enumerate(data.split(b"\n"), 1) if line.strip()]
    assert [(raw.line, raw.content) for raw in cut(data, size) if (raw.content or b"").strip()] == whole


_CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0"), min_size=1, max_size=12)


@given(st.lists(_CELL, min_size=1, max_size=10), st.integers(1, 50))
def test_what_a_spreadsheet_writes_is_read_as_it_was(names: list[str], size: int) -> None:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows([["to", "name"], *(["79161234567", name] for name in names)])
    header, *records = cut(out.getvalue().encode(), size, quoted=True)
    head = table_of(header, TEMPLATE.names)
    rows = [read(raw, TEMPLATE, head) for raw in records]
    assert [row.values[0] for row in rows if isinstance(row, Row)] == names


@given(st.binary(max_size=200), st.integers(1, 20), st.booleans())
def test_whatever_a_list_holds_every_record_is_a_recipient_or_told_what_is_wrong(
    data: bytes, size: int, is_table: bool
) -> None:
    head = table_of(Raw(1, b"to,name"), TEMPLATE.names) if is_table else None
    for raw in cut(data, size, quoted=is_table):
        found = read(raw, TEMPLATE, head)
        assert isinstance(found, Row) or found.rule
