"""A partner is told all that is wrong with a request at once, whatever was found first."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas import lossless
from services.ingest.rules.all_faults import with_all
from services.ingest.rules.body import (
    ChannelData,
    ContentBody,
    LinkBody,
    PushData,
    ScheduleBody,
    SendRequest,
    violation,
)
from services.ingest.rules.errors import MOST_OTHERS, Code, Refusal, Refused
from services.ingest.rules.message import accept
from services.ingest.rules.reading import read_request
from services.runtime.http.field_names import shape_of
from tests.support.requests import NOW, PARTNER, Senders, cascade, push, request

NAMES = st.sampled_from(
    sorted(
        {
            *(shape_of(SendRequest).keys() | shape_of(PushData).keys() | shape_of(ScheduleBody).keys()),
            *(shape_of(LinkBody).keys() | shape_of(ContentBody).keys() | shape_of(ChannelData).keys()),
            *("param_name", "param_value", "RICH", "LIVE_ACTIVITY", "SECURE", "type", "data", "title", "action"),
        }
        - {"login", "password"}
    )
)
BUTTON = {"title": "a", "action": "link", "options": "ftp://x"}


def refused(body: dict[str, Any]) -> Refusal:
    """As `/v6/send` refuses it to a partner whose login is right."""
    given = orjson.dumps(body)
    try:
        accept(read_request(given), PARTNER, Senders(), NOW, draw_id=lambda: "0" * 36)
    except ValidationError as error:
        first = violation(error).refusal
    except Refused as found:
        first = found.refusal
    else:
        raise AssertionError("it was accepted")
    answer = with_all(first, lossless.loads(given), PARTNER, Senders(), NOW)
    assert (answer.code, answer.faults[0]) == (first.code, first.faults[0])
    return answer


def fields(body: dict[str, Any]) -> list[str]:
    return [fault.field for fault in refused(body).faults]


def test_what_is_wrong_at_the_root_hides_nothing_of_the_message() -> None:
    answer = refused(request(push(text="", ttl="x"), destAddr=7))
    assert answer.code is Code.INVALID
    assert answer.detail == (
        "destAddr: must be a string: write it in quotes; message.data.ttl: must be a whole number; "
        "message.data.text: must not be empty"
    )


def test_the_parts_of_a_schedule_are_judged_together() -> None:
    schedule = {"timeBegin": "25:00", "timeEnd": "9", "weekdaysSchedule": "89", "deadline": "tomorrow"}
    assert fields(request(scheduleInfo=schedule)) == [f"scheduleInfo.{name}" for name in schedule]


def test_the_code_is_that_of_the_first() -> None:
    body = request(push(serviceNumber="Nobody", ttl=1, ttlUnit="SECONDS"), destAddr="abc", notifyUrl="ftp://x")
    answer = refused(body)
    assert answer.code is Code.SENDER
    assert [fault.field for fault in answer.faults] == [
        "message.data.serviceNumber",
        "message.data.ttl",
        "notifyUrl",
        "destAddr",
    ]


def test_a_message_without_its_type_and_data_lacks_both() -> None:
    assert fields({**request(), "message": {}}) == ["message.data", "message.type"]


def test_each_link_is_looked_into_and_the_content_too() -> None:
    content = {
        "contentCategory": "VIDEO",
        "contentUrl": "ftp://x",
        "actions": [{"title": "a", "action": "link", "options": "ftp://x"}],
    }
    links = cascade("SENT", {"type": "SMS", "data": {"text": 5}}, "READ", {"type": "FAX", "data": {}})
    assert fields(request(push(content=content), cascadeChainLink=links)) == [
        "message.data.content.contentCategory",
        "message.data.content.contentUrl",
        "message.data.content.actions[0].options",
        "cascadeChainLink.state",
        "cascadeChainLink.message.data.text",
        "cascadeChainLink.nextLink.message.type",
    ]


def test_no_more_is_told_than_anybody_would_read() -> None:
    links = cascade(*(part for _ in range(40) for part in ("READ", {"type": "FAX", "data": {}})))
    assert len(fields(request(cascadeChainLink=links))) == MOST_OTHERS + 1


@pytest.mark.parametrize("message", [[], 7, None, {"type": [], "data": {}}, {"type": "PUSH", "data": []}])
def test_odd_parts_are_passed_over(message: object) -> None:
    found = fields({**request(extraParam="x"), "message": message})
    assert found[0].startswith("message")
    assert found[-1] == "extraParam"


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(["PUSH", "SMS"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(NAMES, ODD), st.dictionaries(NAMES, ODD), st.sampled_from(["PUSH", "sms", "VIBER", "MAX", None]))
def test_whatever_a_request_holds_it_is_refused_for_what_is_wrong(
    root: dict[str, Any], data: dict[str, Any], kind: str | None
) -> None:
    first = Refusal(Code.INVALID, "first", "is wrong")
    for body in (root, {**root, "message": {"type": kind, "data": data}}, {**request(push(**data)), **root}):
        answer = with_all(first, body, PARTNER, Senders(), NOW)
        assert answer.faults[0].field == "first"
        assert len({fault.field for fault in answer.faults}) == len(answer.faults) <= MOST_OTHERS + 1
