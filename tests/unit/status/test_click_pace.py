"""The clicks that are recorded: one caller cannot make the log grow without end."""

from services.status.short_links.click_pace import ClickPace


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def test_one_network_clicks_once_a_minute_of_each_kind() -> None:
    clock = Clock()
    pace = ClickPace(clock)
    assert [pace.counts("c", "n", by) for by in ("person", "person", "robot", "person")] == [True, False, True, False]
    clock.now_s += 60
    assert pace.counts("c", "n", "person")


def test_one_link_is_counted_a_hundred_times_from_all_networks_and_then_ten_a_minute() -> None:
    clock = Clock()
    pace = ClickPace(clock)
    assert sum(pace.counts("c", f"n-{number}", "person") for number in range(1_000)) == 100
    clock.now_s += 60
    assert sum(pace.counts("c", f"m-{number}", "person") for number in range(1_000)) == 10
    assert pace.counts("d", "n-1", "person")


def test_one_network_is_counted_two_hundred_times_whatever_it_follows() -> None:
    pace = ClickPace(Clock())
    assert sum(pace.counts(f"c-{number}", "n", "person") for number in range(1_000)) == 200
