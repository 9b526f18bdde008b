"""How fast a mailing is planned, and how fast it says it is."""

import pytest

from services.ingest.mailing.planning.run import Pace


def planned(pace: Pace, slices: int, rate: int, now_s: float, took_s: float = 0.01, size: int = 250) -> float:
    """Goes over slices, each of which takes its time, and tells the time after them."""
    for _ in range(slices):
        now_s += took_s
        now_s += pace.wait_s(size, rate, now_s)
    return now_s


@pytest.mark.parametrize("took_s", [0.001, 0.05, 0.2])
def test_the_measured_rate_is_never_above_the_one_that_is_kept(took_s: float) -> None:
    pace, now_s, rates = Pace(), 100.0, list[float]()
    for _ in range(60):
        now_s = planned(pace, 1, 1000, now_s, took_s)
        rates.append(pace.rate)
    assert max(rates) <= 1000.5
    assert pace.rate == pytest.approx(1000, rel=0.02)


def test_a_slice_that_catches_up_looks_like_no_higher_rate() -> None:
    pace = Pace()
    now_s = planned(pace, 60, 1000, 100.0)
    now_s = planned(pace, 1, 1000, now_s, took_s=3.0)  # the log was away
    rates = []
    for _ in range(60):
        now_s = planned(pace, 1, 1000, now_s)
        rates.append(pace.rate)
    assert max(rates) <= 1030


def test_a_rate_that_was_lowered_is_measured_anew() -> None:
    pace = Pace()
    now_s = planned(pace, 60, 2000, 100.0, size=500)
    planned(pace, 8, 500, now_s, size=125)
    assert pace.rate <= 501
