"""Retry-After as servers write it: seconds, dates, nonsense."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dispatch.providers.http.client import LONGEST_RETRY_AFTER_S, retry_after_s

NOW_MS = 784_111_777_000  # Sun, 06 Nov 1994 08:49:37 GMT


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ("7", 7.0),
        (" 7 ", 7.0),
        ("2.5", None),
        ("0", 0.0),
        ("-5", None),
        ("", None),
        ("soon", None),
        ("1e3", None),
        ("٧", None),
        ("3601", LONGEST_RETRY_AFTER_S),
        ("9" * 400, LONGEST_RETRY_AFTER_S),
        ("Sun, 06 Nov 1994 08:50:37 GMT", 60.0),
        ("Sunday, 06-Nov-94 08:50:37 GMT", 60.0),
        ("Sun Nov  6 08:50:37 1994", 60.0),
        ("Sun, 06 Nov 1994 08:50:37", 60.0),
        ("Sun, 06 Nov 1994 11:50:37 +0300", 60.0),
        ("Sun, 06 Nov 1994 08:48:37 GMT", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST_RETRY_AFTER_S),
        ("Fri, 99 Dec 2026 23:59:59 GMT", None),
    ],
)
def test_each_form_is_read_and_nonsense_is_none(value: str | None, expected: float | None) -> None:
    assert retry_after_s(value, NOW_MS) == expected


@given(st.text(max_size=60) | st.from_regex(r"[A-Z][a-z]{2}, \d{1,5} [A-Z][a-z]{2} \d{1,6} \d+:\d+:\d+ [-+]?\w{1,6}"))
def test_whatever_comes_is_a_wait_within_bounds_or_none(value: str) -> None:
    wait_s = retry_after_s(value, NOW_MS)
    assert wait_s is None or 0 <= wait_s <= LONGEST_RETRY_AFTER_S
