"""CSV that a spreadsheet neither runs nor rounds, and that a program reads as it is."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.runtime.text.spreadsheet import Cell, Reader, head_of, lines_of

FORMULAS = ["=1+1", '=HYPERLINK("http://a.example")', "+1", "-1", "@SUM(1)", "=cmd|' /C calc'!A0", "\uff1d1+1"]


def read(rows: list[list[Cell]], reader: Reader) -> list[list[str]]:
    return list(csv.reader(io.StringIO(lines_of(rows, reader).decode(), newline="")))


@pytest.mark.parametrize("before", ["", " ", "\t", "\n", "\r\n", '"', "\u00a0", "\u200b", "\ufeff", ' "  '])
@pytest.mark.parametrize("formula", FORMULAS)
def test_nothing_is_run(formula: str, before: str) -> None:
    assert read([[before + formula]], "spreadsheet") == [["'" + before + formula]]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("hi; =1+1", "hi; =1+1"),
        ("hi\t=1", "hi\t=1"),
        ("hi ;-)", "hi ;-)"),
        ("a=b, c-d; e@f", "a=b, c-d; e@f"),
        ('line\r\nbreak, and "quotes"', 'line\r\nbreak, and "quotes"'),
        ("\rx", "'\rx"),
        ("'x", "''x"),
        ("Привет", "Привет"),
        ("", ""),
    ],
)
def test_other_text_stays(text: str, shown: str) -> None:
    assert read([["x", text]], "spreadsheet") == [["x", shown]]


@pytest.mark.parametrize(
    "text", ["7390612217123456789", "790612345678", "0017", "1E5", "10-11", "1.10", "2027-01-15", "12:30"]
)
def test_digits_stay_as_they_are(text: str) -> None:
    assert read([[text]], "spreadsheet") == [["'" + text]]


@pytest.mark.parametrize(
    ("cell", "shown"),
    [("79061234567", "79061234567"), ("0", "0"), (17, "17"), (-5, "-5"), (None, ""), (2**60, f"'{2**60}")],
)
def test_what_survives_a_spreadsheet_is_left_alone(cell: Cell, shown: str) -> None:
    assert read([["x", cell]], "spreadsheet") == [["x", shown]]


@given(
    st.lists(
        st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), min_size=2, max_size=2)
    )
)
def test_programs_get_every_text_as_it_is(rows: list[list[str]]) -> None:
    assert read([list(row) for row in rows], "program") == rows
    assert head_of("program") == b""


@given(st.text(st.sampled_from("=+-@;\t\r\n \"'0a")))
def test_no_cell_begins_as_a_formula_does(text: str) -> None:
    ((_, shown),) = read([["x", text]], "spreadsheet")
    assert not shown.strip(' "\t\r\n').startswith(("=", "+", "-", "@"))


def test_a_spreadsheet_is_told_that_it_is_utf_8() -> None:
    assert head_of("spreadsheet").decode("utf-8-sig") == ""
