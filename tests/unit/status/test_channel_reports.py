"""Reading the channel platform's reports, however they are written."""

import json
from itertools import repeat
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.reports import ReportStatus
from services.status.channels.reports import PlatformReport, UnreadableReport, parse_report

ID = "0f8fad5b-d9cb-569f-a165-70867728950e"
AT = 1557040835000  # 2019-05-05T10:20:35+0300


def reported(**fields: Any) -> PlatformReport:
    return parse_report(json.dumps({"id": ID, "status": 2, **fields}).encode())


@pytest.mark.parametrize(
    "written",
    [ID.upper(), f"  {ID} ", f"{{{ID}}}", f"urn:uuid:{ID}", ID.replace("-", ""), f"{{{ID.upper()}}}"],
)
def test_an_id_is_ours_however_it_is_written(written: str) -> None:
    assert reported(id=written).delivery_id == ID


@pytest.mark.parametrize(
    ("given_status", "status"),
    [
        *((status, status) for status in (0, 2, 5, 9)),
        *(("2", 2), (" 2 ", 2), ("02", 2), (2.0, 2), ("2.0", 2), ("9", 9)),
        *(("DELIVERED", 2), ("delivrd", 2), ("Read", 9), ("SEEN", 9), ("UNDELIV", 5), ("expired", 5), ("sent", 0)),
        *((status, None) for status in (1, 3, 4, 6, 7, 8, 10, 100, -1, 2.5, "-2", "ENROUTE", "accepted", "новый", "٢")),
    ],
)
def test_a_state_is_a_number_or_a_word_and_others_are_taken_for_none(given_status: Any, status: int | None) -> None:
    assert reported(status=given_status).status == status


@pytest.mark.parametrize(
    ("code", "read"),
    [
        *((12, 12), ("12", 12), (" 12 ", 12), ("012", 12), (12.0, 12), ("0", 0), (99_999, 99_999)),
        *zip((None, "", "  ", "x", "absent-subscriber", -1, 100_000, 10**30, True, [], {}, [12], 1.5), repeat(0)),
    ],
)
def test_an_error_code_that_cannot_be_read_is_none(code: Any, read: int) -> None:
    assert reported(status=5, errorCode=code) == PlatformReport(ID, ReportStatus.UNDELIVERED, read)


def test_a_word_may_say_the_code() -> None:
    assert reported(status="EXPIRED").error_code == 7
    assert reported(status="EXPIRED", errorCode="2").error_code == 2


@pytest.mark.parametrize(
    ("date", "at"),
    [
        ("2019-05-05T10:20:35+0300", AT),
        ("2019-05-05T10:20:35+03:00", AT),
        ("2019-05-05T07:20:35Z", AT),
        ("2019-05-05T07:20:35.000000Z", AT),
        ("2019-05-05 07:20:35", AT),
        ("2019-05-05T12:50:35+05:30", AT),
        ("2019-05-05T03:20:35-0400", AT),
        ("20190505T102035+0300", AT),
        (" 2019-05-05T10:20:35+0300 ", AT),
        ("Sun, 05 May 2019 10:20:35 +0300", AT),
        ("05.05.2019 07:20:35", AT),
        ("20190505072035", AT),
        (20190505072035, AT),
        (AT // 1000, AT),
        (str(AT // 1000), AT),
        (AT / 1000, AT),
        (AT, AT),
        (f"{AT}", AT),
        (AT * 1000, AT),
        *zip((None, "", "0", 0, -1, "yesterday", "1970-01-01", "9999-12-31T23:59:59Z"), repeat(None)),
        *zip((True, [], {}, "2019-13-45", 10**30, 1e300, "0001-01-01T00:00:00+14:00", "٢" * 10), repeat(None)),
    ],
)
def test_a_date_is_read_as_far_as_it_can_be(date: Any, at: int | None) -> None:
    assert reported(doneDate=date).done_at == at


@pytest.mark.parametrize(
    ("count", "parts"),
    [("001", 1), (3, 3), (" 12 ", 12), *zip((None, "", "x", 0, "000", -1, 1000, 2.5, []), repeat(None))],
)
def test_a_number_of_parts_is_read_as_far_as_it_can_be(count: Any, parts: int | None) -> None:
    assert reported(partCount=count).parts == parts


def test_other_fields_of_a_report_do_not_matter() -> None:
    more: dict[str, Any] = {
        "mtNum": None,
        "text": None,
        "destAddr": 7,
        "type": [],
        "extra": {"a": [1]},
        "trafficType": "x",
    }
    assert reported(**more) == PlatformReport(ID, ReportStatus.DELIVERED)
    assert parse_report(json.dumps({"ID": ID, "Status": 9, "error_code": "3"}).encode()) == PlatformReport(
        ID, ReportStatus.READ, 3
    )
    assert parse_report(json.dumps({"id": ID, "ID": 5, "status": 2, "STATUS": "x"}).encode()) == PlatformReport(
        ID, ReportStatus.DELIVERED
    )


@pytest.mark.parametrize(
    "body",
    [
        b'\xef\xbb\xbf{"id": "%b", "status": 2}' % ID.encode(),
        f'{{"id": "{ID}", "status": 2}}'.encode("utf-16"),
        b'{"id": "%b", "status": 2, "text": "\xcf\xf0\xe8\xe2\xe5\xf2"}' % ID.encode(),
        b'{"id": "%b", "status": 2, "text": "\\ud83d"}' % ID.encode(),
        b'{"id": "%b", "status": 2, "mtNum": %b}' % (ID.encode(), b"9" * 5000),
        b'{"id": "%b", "status": 2, "x": NaN}' % ID.encode(),
        b"id=%b&status=2&text=%%D0%%B0" % ID.encode(),
    ],
)
def test_how_it_is_encoded_does_not_matter(body: bytes) -> None:
    assert parse_report(body) == PlatformReport(ID, ReportStatus.DELIVERED)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        *((body, "body") for body in (b"", b"[]", b"null", b"1", b'"x"', b"{", b"\xff\xfe", b"[" * 30_000)),
        *((body, "id") for body in (b"{}", b'{"status": 2}', b'{"id": null}', b'{"id": " ", "status": 2}')),
        *((b'{"id": "x", "status": %b}' % bad, "status") for bad in (b"null", b'""', b"true", b"[2]", b'{"a": 2}')),
        (b'{"id": "x"}', "status"),
    ],
)  # fmt: skip
def test_without_an_id_or_a_state_it_is_no_report(body: bytes, field: str) -> None:
    with pytest.raises(UnreadableReport, match=f"^{field}: "):
        parse_report(body)


@given(st.binary(max_size=200))
def test_no_bytes_break_it(body: bytes) -> None:
    try:
        parse_report(body)
    except UnreadableReport:
        return


PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
JSON = PLAIN | st.lists(PLAIN, max_size=2) | st.dictionaries(st.text(max_size=2), PLAIN, max_size=2)


@given(st.dictionaries(st.sampled_from(["errorCode", "doneDate", "partCount", "mtNum", "text"]), JSON))
def test_no_side_matter_takes_the_state_away(sides: dict[str, Any]) -> None:
    read = reported(**sides)
    assert (read.delivery_id, read.status) == (ID, 2)
