"""Lists as spreadsheets and people write them: one reader, whatever the bytes and wherever they are cut."""

import csv
import gzip
import io
import json
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.runtime.lists.cells import plain
from services.runtime.lists.csv_header import Names
from services.runtime.lists.csv_or_json import Record, Records
from services.runtime.lists.lines import MAX_LINE_BYTES, UTF8_RULE, ListFault, encoding_of, media_type
from services.runtime.lists.packed import unpacked

NAMES = Names(("to", "id", "name"), {"phone": "to"})
HERE = [{"to": "79161234567", "name": "Банк"}, {"to": "79161234568", "name": "Ok"}]


def read(data: bytes, size: int = 7, is_csv: bool = True, encoding: str = "", first_line: int = 1) -> list[Record]:
    records = Records(NAMES, is_csv, encoding, first_line)
    found = [record for at in range(0, len(data), size) for record in records.feed(data[at : at + size])]
    return found + list(records.end())


def cells(data: bytes, size: int = 7, encoding: str = "") -> list[dict[str, str]]:
    found = read(data, size, encoding=encoding)
    assert not any(record.fault for record in found), found
    return [dict(record.cells) for record in found]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("between", [";", ",", "\t", "|"])
@pytest.mark.parametrize("first", ["", "sep={}\n", '"sep={}"\r\n', "SEP={}\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le-mark", "utf-16-be-mark"])
def test_what_a_spreadsheet_writes_is_read(end: str, between: str, first: str, encoding: str) -> None:
    head = first.format(between)
    text = head + end.join(
        between.join(row) for row in (["to", "name"], ["79161234567", "Банк"], ["79161234568", "Ok"])
    )
    if encoding.endswith("-mark"):
        text = "\ufeff" + text
    data = text.encode(encoding.removesuffix("-mark"))
    for size in (1, 7, 4096):
        assert cells(data, size) == HERE


@pytest.mark.parametrize(
    "head",
    [
        "TO;Name",
        " to ; NAME ",
        "phone;name",
        "Phone;Name;;",
        ";;\nto;name",
        '"to";"name"',
        "\n\r\n to;name",
        "T-o;n_ame",
    ],
)
def test_a_header_is_read_whatever_its_case_blanks_and_empty_columns(head: str) -> None:
    assert cells(f"{head}\r\n79161234567;Банк\r\n".encode()) == HERE[:1]


def test_a_cell_that_is_kept_as_text_is_its_text() -> None:
    row = b'1;="00""42"\r\n1;"=""0042"""\r\n1;="a\r\n'
    assert [cell["name"] for cell in cells(b"to;name\r\n" + row)] == ['00"42', "0042", '="a']


def test_columns_without_a_name_are_passed_over() -> None:
    assert cells(";to;;name;\n;79161234567;;Банк;\n;79161234568;x;Ok;;;\n".encode()) == HERE


def test_blank_rows_are_passed_over_and_keep_their_numbers() -> None:
    data = b'to;name\n;\n;;\n \t\n"";""\n,,,\n\n79161234567;A\n;;\n'
    # `,,,` is a cell here
    assert [(record.line, record.fault is None) for record in read(data)] == [(6, False), (8, True)]
    assert [record.line for record in read(data.replace(b";", b","))] == [8]


def test_quoted_cells_hold_delimiters_quotes_and_line_breaks_of_every_kind() -> None:
    data = 'to;name\r\n1;"a;b"\r\n2;"say ""hi"""\r\n3;"one\r\ntwo\nthree\rfour"\r\n4;"a\u2028b\x85c"\r\n'.encode()
    found = read(data)
    assert [(record.line, record.cells["name"]) for record in found] == [
        *((2, "a;b"), (3, 'say "hi"'), (4, "one\r\ntwo\nthree\rfour"), (8, "a\u2028b\x85c")),
    ]


def test_line_breaks_that_are_none_in_a_file_stay_in_the_cell() -> None:
    assert cells("to;name\n1;a\u2028b\x85c\x0bd\x0ce\n".encode()) == [{"to": "1", "name": "a\u2028b\x85c\x0bd\x0ce"}]


def test_a_quote_that_is_never_closed_spoils_its_own_line_only() -> None:
    bad, *good = read(b'to,name\n1,"A\n' + b"".join(b"%d,B\n" % n for n in range(2, 90)))
    assert (bad.line, bad.fault) == (2, ("line", "its quotes do not match"))
    assert [record.line for record in good] == list(range(3, 91))


def test_a_list_full_of_quotes_that_are_never_closed_costs_little_and_keeps_its_numbers() -> None:
    count = 3_000
    found = read(b"to;name\n" + b'1;"' + b"x" * 300 + b"\n" + b'1;"A\n' * count + b"2;B\n", size=65_536)
    assert [record.line for record in found] == list(range(2, count + 4))
    assert [record.fault is None for record in found] == [False] * (count + 1) + [True]


def test_a_quote_beside_another_delimiter_opens_nothing() -> None:
    assert cells(b'to;name\n1;say,"hi\n2;B",\n') == [{"to": "1", "name": 'say,"hi'}, {"to": "2", "name": 'B",'}]


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", "header: mandatory: the first line names the columns"),
        (b"\xef\xbb\xbf", "header: mandatory: the first line names the columns"),
        (b"sep=;\n\n;;\n", "header: mandatory: the first line names the columns"),
        (b"to;phone\n", "header: names a column twice: `to`"),
        (b"to;To\n", "header: names a column twice: `to`"),
        (b"to;x;X\n", "header: names a column twice"),
        (b"to;n\0ame\n", "header: must not hold a NUL character"),
        (b'"to;name\n1;2\n', "header: its quotes do not match"),
        (b"sep=x\nto;name\n", "header: `sep=` must be followed by `,` `;` `|` or a tab"),
        (
            "имя;to\n".encode("cp1251"),
            f"header: {UTF8_RULE}",
        ),
        (b'{"to": "1"}\n', "header: must name the columns; these are JSON lines, not CSV"),
        (b"x" * (MAX_LINE_BYTES + 1) + b"\n", f"header: must be at most {MAX_LINE_BYTES} bytes"),
        (b"PK\x03\x04rest", "list: is an Excel workbook or a ZIP archive: save it as CSV UTF-8"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "list: is an Excel workbook (.xls): save it as CSV UTF-8"),
        (b"\x1f\x8b\x08\x00", "list: is compressed (gzip): send it as it is"),
        (b"%PDF-1.7", "list: is a PDF document, not CSV or JSON lines"),
        ("to".encode("utf-32"), "list: is UTF-32: save it as UTF-8"),
        (
            "to;name".encode("utf-16-le"),
            "list: holds NUL characters: UTF-16 needs its byte order mark, or `charset=utf-16le`",
        ),
    ],
)
def test_what_cannot_be_a_list_is_refused_with_the_reason(data: bytes, fault: str) -> None:
    for size in (1, 4096):
        with pytest.raises(ListFault) as caught:
            read(data, size)
        assert str(caught.value) == fault


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b'[{"to": "1"}]', "list: must be JSON lines, one object a line; this is a JSON array"),
        (b'\n [\n{"to": "1"}]', "list: must be JSON lines, one object a line; this is a JSON array"),
        (b'{\n "to": "1"\n}', "list: must be JSON lines, one object a line; this one goes over several lines"),
        (b"\x1f\x8b\x08\x00", "list: is compressed (gzip): send it as it is"),
    ],
)
def test_json_that_is_not_one_object_a_line_is_refused(data: bytes, fault: str) -> None:
    with pytest.raises(ListFault) as caught:
        read(data, is_csv=False)
    assert str(caught.value) == fault


@pytest.mark.parametrize("encoding", ["windows-1251", "CP1251", '"koi8-r"', "ibm866", "UTF-16LE", "utf_8"])
def test_an_encoding_that_is_named_is_read(encoding: str) -> None:
    _, charset = media_type(f"text/CSV; Header=present; charset={encoding}")
    python_name = encoding.strip('"')
    text = "to;name\n79161234567;Банк\n79161234568;Ok\n"
    assert cells(text.encode(python_name), encoding=encoding_of(charset)) == HERE


def test_a_byte_order_mark_knows_better_than_a_name() -> None:
    assert cells(b"\xef\xbb\xbf" + "to;name\n79161234567;Банк".encode(), encoding="windows-1251") == HERE[:1]


def test_an_encoding_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ListFault, match="charset: must be one of utf-8"):
        encoding_of("ebcdic")


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        ("to;name\n1;Банк\n2;Ok\n".encode("cp1251"), ""),
        (b"to;name\n1;\x98\n2;Ok\n", "windows-1251"),
        ("\ufeffto;name\n1;\ud800\n2;Ok\n".encode("utf-16-le", "surrogatepass"), ""),
        (b"to;name\n1;\xed\xa0\x80\n2;Ok\n", ""),
    ],
)
def test_what_an_encoding_has_no_character_for_spoils_its_own_line_only(data: bytes, encoding: str) -> None:
    bad, good = read(data, encoding=encoding)
    assert bad.fault is not None
    assert bad.fault.rule.startswith("must be UTF-8")
    assert good.cells == {"to": "2", "name": "Ok"}


def test_half_a_character_at_the_end_is_told() -> None:
    good, bad = read("\ufeffto;name\n1;A\n2;B".encode("utf-16-le") + b"x")
    assert (good.fault, bad.fault is None) == (None, False)


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        (b"1", "has 1 columns, the header has 2"),
        (b"1;A;B", "has 3 columns, the header has 2"),
        (b"1;A\0", "must not hold a NUL character"),
        (b'1;"A"B', "its quotes do not match"),
        (b"1;" + b"x" * MAX_LINE_BYTES, f"must be at most {MAX_LINE_BYTES} bytes"),
    ],
)
def test_a_row_that_cannot_be_read_is_told_and_the_next_one_read(row: bytes, rule: str) -> None:
    bad, good = read(b"to;name\n" + row + b"\n1;A;;\n")
    assert (bad.line, bad.fault) == (2, ("line", rule))
    assert (good.line, good.cells) == (3, {"to": "1", "name": "A"})


def test_synonyms_hold_in_json_lines_and_must_not_differ() -> None:
    lines = [
        b'{"phone": "1", "name": "A"}',
        b'{"to": "1", "phone": "2"}',
        b'{"to": "1", "phone": "1"}',
        b'{"phone": ""}',
    ]
    found = read(b"\r".join(lines), is_csv=False)
    assert [record.cells.get("to") for record in found] == ["1", None, "1", None]
    assert found[1].fault == ("to", "must not differ from `phone`, which means the same")


def test_a_part_has_the_head_before_it_and_the_numbers_of_the_whole() -> None:
    assert [record.line for record in read(b"sep=;\nto;name\n1;A\n2;B\n")] == [3, 4]
    assert [record.line for record in read(b"sep=;\nto;name\n1;A\n2;B\n", first_line=400)] == [400, 401]


def test_what_was_understood_is_said_without_what_it_holds() -> None:
    records = Records(NAMES, True)
    list(records.feed("\ufeffPhone;Name;age\n79161234567;Банк;3\n;;\n".encode("utf-16-le")))
    assert str(records.understood) == "CSV in UTF-16-LE, `;` between, columns to, name (and 1 more)"
    assert str(Records(NAMES, False).understood) == "JSON lines in UTF-8"


def test_a_line_without_an_end_is_not_kept() -> None:
    records = Records(NAMES, False)
    for _ in range(200):
        assert not list(records.feed(b"x" * 50_000))
    assert len(records._lines._rest) <= MAX_LINE_BYTES + 1
    assert [record.fault is None for record in records.feed(b'\n{"to": "1"}\n')] == [False, True]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (" 79161234567 ", "79161234567"),
        ("'+79161234567", "+79161234567"),
        ("\u2019+79161234567", "+79161234567"),
        ('="+79161234567"', "+79161234567"),
        (' ="79161234567.0"', "79161234567"),
        ("79161234567.0", "79161234567"),
        ("79161234567,00", "79161234567"),
        ("'", "'"),
        ("1E5", "1E5"),
    ],
)
def test_what_a_spreadsheet_has_made_of_a_number_is_undone(cell: str, text: str) -> None:
    assert plain(cell, is_number=True) == text


@pytest.mark.parametrize("cell", ["7.9E+10", "7,91612E+10", "7.91612e+10", "8E+10", '="7.9E+10"'])
def test_a_number_that_a_spreadsheet_has_rounded_is_refused(cell: str) -> None:
    with pytest.raises(ValueError, match="the spreadsheet has made a rounded number of it"):
        plain(cell)


_CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0="), min_size=1, max_size=12)


@given(
    st.lists(_CELL, min_size=1, max_size=10), st.integers(1, 50), st.sampled_from([";", ",", "\t", "|"]), st.booleans()
)
def test_cells_come_out_as_they_went_in(names: list[str], size: int, between: str, wide: bool) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=between, lineterminator="\r\n", quoting=csv.QUOTE_ALL)
    writer.writerows([["to", "name"], *(["1", name] for name in names)])
    data = out.getvalue().encode("utf-16" if wide else "utf-8")
    assert [cell["name"] for cell in cells(data, size)] == names


@given(
    st.lists(st.sampled_from([*(b"ab1;,\t|\"\r\n\0=' {}[]"), *b"\xef\xbb\xbf\xff\xfe\xd0\x98"]), max_size=80).map(
        bytes
    ),
    st.lists(st.integers(1, 30), min_size=1, max_size=6),
    st.booleans(),
    st.sampled_from(["", "utf-16-le", "windows-1251"]),
    st.sampled_from([b"", b"to;name\n", b"\xff\xfet\0o\0\n\0"]),
)
def test_however_it_is_cut_it_says_the_same(
    data: bytes, sizes: list[int], is_csv: bool, encoding: str, before: bytes
) -> None:
    def shown(sizes: list[int]) -> str:
        records, found, at = Records(NAMES, is_csv, encoding), [], 0
        whole = before + data
        try:
            while at < len(whole):
                size = sizes[0]
                sizes = [*sizes[1:], size]
                found += list(records.feed(whole[at : at + size]))
                at += size
            found += list(records.end())
        except ListFault as fault:
            return str(fault)
        return json.dumps([found, records.line], ensure_ascii=True, default=bytes.hex)

    assert shown(sizes) == shown([10_000]) == shown([1])


async def unpacked_of(packed: bytes, size: int, most: int = 10**9) -> bytes:
    async def body() -> AsyncIterator[bytes]:
        for at in range(0, len(packed), size):
            yield packed[at : at + size]

    return b"".join([piece async for piece in unpacked(body(), most)])


@pytest.mark.parametrize("size", [1, 17, 100_000])
async def test_what_is_packed_is_the_same_wherever_it_is_cut(size: int) -> None:
    parts = [b"to;name\n1;A\n" * 20_000, b"", b"2;B\n"]
    assert await unpacked_of(b"".join(map(gzip.compress, parts)), size) == b"".join(parts)


async def test_a_small_file_that_claims_to_be_a_huge_list_is_refused_at_the_limit() -> None:
    with pytest.raises(ListFault, match="at most 1000000 bytes once it is unpacked"):
        await unpacked_of(gzip.compress(b"\n" * 50_000_000), 4096, 1_000_000)
