"""Reports sent from memory: each link's in their order, each once, bounded, and none kept from `reports` too long."""

import pytest

from schemas.reports import ReportStatus
from services.status.message import Link, Message
from services.status.reports import memory as module
from services.status.reports.memory import MOST_WAIT_MS, ReportsInMemory
from services.status.reports.model import LeasedReport, ReportIntent

NOW, HOST = 1_800_000_000_000, "bank.example:80"
SENT, DELIVERED, UNDELIVERED, READ = (
    ReportStatus.SENT,
    ReportStatus.DELIVERED,
    ReportStatus.UNDELIVERED,
    ReportStatus.READ,
)


def intent(status: ReportStatus, message_id: str = "m", *, asked: bool = True, attempts: int = 0) -> ReportIntent:
    return ReportIntent(
        message_id=message_id,
        link=0,
        partner_id="bank",
        lane="single",
        host=HOST,
        notify_url=None,
        status=status,
        error_code=0,
        body=b"{}" if asked else None,
        attempts=attempts,
    )


def begin(reports: ReportsInMemory, count: int = 10, now: int = NOW) -> list[LeasedReport]:
    return reports.begin("single", HOST, count, now)


def statuses(begun: list[LeasedReport]) -> list[int]:
    return [int(report.status) for report in begun]


def read(message_id: str, tried: ReportStatus) -> Message:
    return Message(message_id, links={0: Link(0, tried=tried.rank)})


def test_a_newer_state_replaces_an_unsent_older_one() -> None:
    reports = ReportsInMemory()
    reports.offer(intent(SENT), NOW)
    reports.offer(intent(DELIVERED), NOW)
    assert statuses(begin(reports)) == [2]


def test_a_newer_state_waits_for_the_older_one_that_is_under_way() -> None:
    reports = ReportsInMemory()
    reports.offer(intent(SENT), NOW)
    (under_way,) = begin(reports)
    reports.offer(intent(READ), NOW)
    assert not begin(reports)
    reports.ended(under_way, taken=True)
    (newer,) = begin(reports)
    assert (newer.status, newer.attempt) == (9, 2)


@pytest.mark.parametrize("again", [SENT, DELIVERED])
def test_a_state_that_was_handed_over_is_not_sent_again_before_the_fold_has_read_of_it(again: ReportStatus) -> None:
    reports = ReportsInMemory()
    reports.offer(intent(DELIVERED), NOW)
    reports.ended(begin(reports)[0], taken=True)
    reports.read(read("m", SENT))
    assert reports.offer(intent(again), NOW)
    assert not begin(reports)
    reports.read(read("m", DELIVERED))
    assert not reports.is_known("m/0")


def test_behind_a_final_report_that_was_taken_nothing_follows() -> None:
    reports = ReportsInMemory()
    reports.offer(intent(UNDELIVERED), NOW)
    (final,) = begin(reports)
    reports.offer(intent(DELIVERED), NOW)
    reports.ended(final, taken=True)
    assert reports.offer(intent(READ), NOW)
    assert not begin(reports)


def test_a_state_that_nobody_wants_takes_back_an_unsent_one() -> None:
    reports = ReportsInMemory()
    reports.offer(intent(UNDELIVERED), NOW)
    reports.offer(intent(DELIVERED, asked=False), NOW)
    assert not begin(reports)
    assert reports.has_room("single", HOST)


def test_what_was_not_taken_goes_on_in_the_store_with_the_newest_state() -> None:
    reports = ReportsInMemory()
    reports.offer(intent(SENT), NOW)
    (report,) = begin(reports)
    reports.offer(intent(DELIVERED), NOW)
    newer = reports.failed(report)
    reports.ended(report, taken=False)
    assert newer is not None
    assert newer.status == DELIVERED
    assert not reports.offer(intent(READ), NOW), "that one goes there too"
    assert not begin(reports)


def test_what_waits_too_long_is_stored_and_never_sent_from_memory() -> None:
    reports, late = ReportsInMemory(), NOW + MOST_WAIT_MS
    reports.offer(intent(SENT), NOW)
    assert not begin(reports, now=late), "the process may have slept while others went on"
    assert [stored.status for stored in reports.put_off("single", HOST, late - MOST_WAIT_MS)] == [SENT]
    assert not reports.offer(intent(READ), late)


def test_of_a_receiver_only_so_many_wait_and_another_has_room() -> None:
    reports = ReportsInMemory()
    for number in range(module.MOST_WAITING):
        reports.offer(intent(SENT, str(number)), NOW)
    assert not reports.has_room("single", HOST)
    assert reports.has_room("single", "other:80")
    begin(reports, 1)
    assert reports.has_room("single", HOST)


def test_bytes_are_bounded_over_all_receivers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 6)
    reports = ReportsInMemory()
    for name in "abc":
        reports.offer(intent(SENT, name), NOW)
    assert not reports.has_room("single", "other:80")
    assert len(reports.put_off_all()) == 3
    assert reports.has_room("single", "other:80")


def test_links_known_for_long_are_forgotten_but_none_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_KNOWN", 3)
    reports = ReportsInMemory()
    reports.offer(intent(SENT, "under way"), NOW)
    begin(reports)
    for number in range(10):
        reports.offer(intent(SENT, str(number)), NOW)
        reports.ended(begin(reports)[0], taken=True)
    assert reports.is_known("under way/0")
    assert not reports.is_known("0/0")


def test_attempts_are_counted_on_from_those_that_the_fold_has_read() -> None:
    reports = ReportsInMemory()
    reports.offer(intent(DELIVERED, attempts=4), NOW)
    assert begin(reports)[0].attempt == 5
