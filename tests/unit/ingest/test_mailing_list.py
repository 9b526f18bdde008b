"""A mailing's list: which line is which recipient, what is wrong with the others, and who stands in it twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.mailing.rules.draft import draft
from services.ingest.mailing.rules.repeats import SeenRecipients
from services.ingest.mailing.rules.rows import RejectedLine, Row, check_table, names_of, read
from services.ingest.mailing.rules.template import Template
from services.runtime.lists.cells import ROUNDED
from services.runtime.lists.csv_or_json import Records
from services.runtime.lists.lines import MAX_LINE_BYTES, ListFault
from services.runtime.text import phones
from tests.support.requests import NOW, PARTNER, Senders, push

TEMPLATE = Template(draft({"name": "n", "message": push(text="Dear {{name}}")}, PARTNER, Senders(), NOW))
SMS = {"type": "SMS", "data": {"text": "hi", "ttl": 5, "serviceNumber": "DemoText"}}


def rows(data: bytes, is_csv: bool, template: Template = TEMPLATE, size: int = 7) -> list[Row | RejectedLine]:
    records = Records(names_of(template), is_csv)
    found = [record for at in range(0, len(data), size) for record in records.feed(data[at : at + size])]
    found += records.end()
    if records.table is not None:
        check_table(records.table, template)
    return [read(record, template) for record in found]


def ndjson(*lines: bytes) -> list[Row | RejectedLine]:
    return rows(b"\n".join(lines), is_csv=False)


def table(text: str) -> list[Row | RejectedLine]:
    return rows(text.encode(), is_csv=True)


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
    assert found[:-1] == [RejectedLine(place, field, rule) for place, (_, field, rule) in enumerate(lines, 1)]
    assert found[-1] == Row(len(lines) + 1, "79161234567", None, None, ["A"])


def test_a_byte_order_mark_before_the_first_line_is_no_part_of_it() -> None:
    first, second = ndjson(*[b'\xef\xbb\xbf{"to": "79161234567", "name": "A"}'] * 2)
    assert first == Row(1, "79161234567", None, None, ["A"])
    assert second == RejectedLine(2, "line", "must be a JSON object in UTF-8")


def test_a_user_alone_cannot_be_sent_an_sms() -> None:
    template = Template(draft({"name": "n", "message": SMS}, PARTNER, Senders(), NOW))
    assert rows(b'{"externalUserId": "u"}', False, template) == [RejectedLine(1, "to", "mandatory for SMS")]


def test_columns_that_the_message_does_not_ask_for_are_not_kept() -> None:
    (row,) = ndjson(b'{"to": "8-916-123-45-67", "id": "o-1", "name": 12, "secret": "x"}')
    assert row == Row(1, "79161234567", None, "o-1", ["12"])


def test_a_program_means_the_user_that_it_writes_and_a_spreadsheet_the_one_that_it_shows() -> None:
    (row,) = ndjson(b"""{"externalUserId": "'duty", "id": " 1E+5", "name": "A"}""")
    assert row == Row(1, None, "'duty", " 1E+5", ["A"])
    assert table("externalUserId;id;name\n'duty; 15;A") == [Row(2, None, "duty", "15", ["A"])]


def test_a_table_is_known_by_its_header_and_its_delimiter() -> None:
    text = '\ufeffname;to\r\n"reader; or\nso";79161234567\r\nBo "b";79161234568\r\n'
    assert table(text) == [
        Row(2, "79161234567", None, None, ["reader; or\nso"]),
        Row(4, "79161234568", None, None, ['Bo "b"']),
    ]


@pytest.mark.parametrize(
    ("header", "detail"),
    [
        ("name", "header: must name a column `to` (or `phone`) or `externalUserId`"),
        (
            "79161234567;Gold",
            "header: must name a column `to` (or `phone`) or `externalUserId`; the first line seems to be a recipient",
        ),
        ("to", "header: has no column for {{name}}"),
        ("to,phone,name", "header: names a column twice: `to`"),
    ],
)
def test_a_header_that_cannot_be_this_mailings_is_refused(header: str, detail: str) -> None:
    with pytest.raises(ListFault) as caught:
        table(header + "\n")
    assert str(caught.value) == detail


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_a_table_of_any_spreadsheet_gives_its_recipients(end: str) -> None:
    text = end.join(
        ["sep=;", "External User ID;Phone;ID;Name;;", "u;8 916 123-45-67;o-1;Gold;;", ";;;;;", ";'+79161234568;;Ok"]
    )
    assert table(text + end) == [
        Row(3, "79161234567", "u", "o-1", ["Gold"]),
        Row(5, "79161234568", None, None, ["Ok"]),
    ]


def test_what_a_spreadsheet_has_rounded_is_told_wherever_it_names_somebody() -> None:
    for cells, field in (
        (";7.9E+10;", "to"),
        ("7.9E+10;79161234567;", "externalUserId"),
        (";79161234567;1.2E+11", "id"),
        (";79161234567;;4.08E+19", "name"),
    ):
        assert table(f"externalUserId;to;id;name\n{cells};;\n") == [RejectedLine(2, field, ROUNDED)]


def test_a_placeholder_takes_the_name_of_a_synonym() -> None:
    template = Template(draft({"name": "n", "message": push(text="call {{phone}}")}, PARTNER, Senders(), NOW))
    assert rows(b"to;phone\n79161234567;112\n", True, template) == [Row(2, "79161234567", None, None, ["112"])]


def repeats(template: Template, *rows: Row) -> list[int | None]:
    seen = SeenRecipients(bytes(16), template.has_push)
    return [seen.first_line(row) for row in rows]


def test_a_recipient_is_the_user_of_a_push_and_else_the_phone() -> None:
    both = Row(1, "79161234567", "duty", None, ()), Row(2, "79161234567", "bo", None, ())
    phone, user = Row(3, "79161234567", None, None, ()), Row(4, None, "duty", None, ())
    assert repeats(TEMPLATE, *both, phone, user) == [None, None, None, 1]
    sms = Template(draft({"name": "n", "message": SMS}, PARTNER, Senders(), NOW))
    assert repeats(sms, *both, phone) == [None, 1, 1]


def test_one_number_in_two_spellings_is_one_recipient() -> None:
    found = table("to;name\n+7 916 123-45-67;A\n89161234567;B\n(916) 1234567;C\n79161234568;D\n")
    assert repeats(TEMPLATE, *(row for row in found if isinstance(row, Row))) == [None, 2, 2, None]


@given(st.lists(st.integers(0, 500), max_size=2_000))
def test_every_line_is_known_to_repeat_the_first_of_its_recipient(phones_: list[int]) -> None:
    first = {phone: line for line, phone in reversed(list(enumerate(phones_, 1)))}
    found = repeats(TEMPLATE, *(Row(line, str(phone), None, None, ()) for line, phone in enumerate(phones_, 1)))
    assert found == [None if first[phone] == line else first[phone] for line, phone in enumerate(phones_, 1)]


def test_who_is_seen_stays_seen_while_the_tables_grow_and_takes_few_bytes() -> None:
    seen, count = SeenRecipients(bytes(16), has_push=True), 40_000
    lines = [Row(line, str(line), None, None, ()) for line in range(1, count + 1)]
    assert not any(seen.first_line(row) for row in lines)
    assert [seen.first_line(row) for row in lines] == [row.line for row in lines]
    assert seen.size_bytes <= 50 * count


def test_a_list_of_too_many_recipients_is_refused() -> None:
    seen = SeenRecipients(bytes(16), has_push=True, most=1)
    seen.first_line(Row(1, "1", None, None, ()))
    assert seen.first_line(Row(2, "1", None, None, ())) == 1
    with pytest.raises(ListFault, match="too many recipients"):
        seen.first_line(Row(3, "2", None, None, ()))


@given(st.binary(max_size=200), st.integers(1, 20), st.booleans())
def test_whatever_a_list_holds_every_record_is_a_recipient_or_told_what_is_wrong(
    data: bytes, size: int, is_table: bool
) -> None:
    try:
        found = rows((b"to,name\n" if is_table else b"\n\n\n\n") + data, is_table, size=size)
    except ListFault:
        assert data.strip()[:1] in (b"[", b"{")
        return
    assert all(isinstance(line, Row) or line.rule for line in found)


@pytest.mark.parametrize(
    "number", ["1.10", "4.5", "1e400", "-0", "1180591620717411303424", "12345678901234567890.5", "7"]
)
@pytest.mark.parametrize("line", ['{"to": "79161234567", "name": %s}', '{"to":"79161234567","name":%s}'])
def test_a_number_of_a_line_is_filled_in_as_it_was_written(number: str, line: str) -> None:
    assert ndjson((line % number).encode()) == [Row(1, "79161234567", None, None, [number])]
