"""The newest records of the audit trail: whatever the order they are read in, none is missed from page to page."""

from hypothesis import given
from hypothesis import strategies as st

from schemas import ids
from schemas.audit_events import Audited
from services.registry.audit_trail.wanted import NewestRecords, Wanted


def record_at(at: int) -> Audited:
    return Audited(
        event_id=ids.uuid7(), at=at, who="", address="", service="", method="", route="", path="", status=200
    )


@given(st.lists(st.integers(0, 40), max_size=40), st.integers(1, 10))
def test_pages_by_until_hold_every_record_once_unless_one_millisecond_has_more_than_a_page(
    times: list[int], most: int
) -> None:
    records, seen, until = [record_at(at) for at in times], list[str](), 100
    while True:
        newest = NewestRecords(most)
        among = [record for record in records if record.at < until]
        for record in among:
            newest.add(record)
        page, left_out = newest.taken()
        assert len(page) + left_out == len(among)
        assert [record.at for record in page] == sorted(record.at for record in page)
        assert len(page) <= most
        seen += [record.event_id for record in page]
        if not left_out:
            break
        until = page[0].at
    assert len(seen) == len(set(seen))
    if max((times.count(at) for at in times), default=0) <= most:
        assert len(seen) == len(records)


def test_a_look_is_found_by_the_number_of_the_message_as_by_its_id() -> None:
    message_id = ids.uuid7()
    shown = record_at(1).replace(look="look", messages=(message_id,), subjects=("0000",))
    for any_id in (message_id, ids.mt_num_of(message_id)):
        assert Wanted(0, 2, message=any_id, subjects=[frozenset({"asked"})]).has(shown)
    for other in (ids.uuid7(), ids.mt_num_of(ids.uuid7()), "\u0663", ""):
        assert not Wanted(0, 2, message=other, subjects=[frozenset({"asked"})]).has(shown)
