"""The console multiplies what a forecast counts with the prices that are typed there, and rounds the sum up."""

from typing import Any

import pytest

from tests.support.console_modules import SOURCE, answered

COST = {"costOf, isWhole, priceOf, written": SOURCE / "pages" / "mailings" / "cost.ts"}
SCRIPT = """
const sums = given.cases.map(([paid, typed]) => {
  const cost = costOf(paid, typed);
  return [cost === null ? null : written(cost, given.language).replace(/\\u00a0/g, " "), isWhole(paid, typed)];
});
const answer = { sums, prices: given.prices.map((typed) => priceOf(typed)?.toString() ?? null) };
"""
SMS = {"channel": "SMS", "messages": 100_000, "parts": 150_001}
VIBER = {"channel": "VIBER", "messages": 7, "parts": None}


def summed(language: str = "ru", cases: Any = (), prices: Any = ()) -> Any:
    return answered(COST, SCRIPT, {"language": language, "cases": cases, "prices": prices})


@pytest.mark.parametrize(
    ("typed", "millionths"),
    [
        ("2,35", "2350000"),
        ("2.35", "2350000"),
        (" 1 234,5 ", "1234500000"),
        ("1\u00a0234", "1234000000"),
        ("0,000001", "1"),
        ("0", "0"),
        ("", None),
        ("dear", None),
        ("-1", None),
        ("1,2,3", None),
        ("1e3", None),
        ("2,", None),
        (",5", None),
        ("0,0000001", None),
    ],
)
def test_a_price_is_read_as_it_is_typed(typed: str, millionths: str | None) -> None:
    assert summed(prices=[typed])["prices"] == [millionths]


def test_an_sms_is_paid_for_by_its_parts_and_others_by_message() -> None:
    cases = [([SMS, VIBER], {"SMS": "2,35", "VIBER": "0,1"}), ([VIBER], {"VIBER": "0,1", "SMS": "9"})]
    assert summed(cases=cases)["sums"] == [["352 503,05", True], ["0,70", True]]
    assert summed("en", cases)["sums"] == [["352,503.05", True], ["0.70", True]]


def test_a_sum_is_rounded_up_and_says_when_it_is_of_a_part() -> None:
    cases = [([VIBER], {"VIBER": "0,001"}), ([SMS, VIBER], {"VIBER": "1"}), ([SMS], {}), ([VIBER], {"VIBER": "x"})]
    assert summed(cases=cases)["sums"] == [["0,01", True], ["7,00", False], [None, False], [None, False]]
