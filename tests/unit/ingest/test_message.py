"""The rules for the request as a whole. The message itself: `test_push.py`, `test_cascade.py`."""

from typing import Any

import pytest

from schemas import ids
from schemas.topics import PLANNING_HORIZON_MS
from schemas.values import Channel, Recipient, Schedule
from tests.support.requests import NOW, PARTNER, accepted, first, push, refused, request


def test_the_event_says_what_was_asked() -> None:
    event = accepted(request(id="8770599", extraParam="a=1", notifyUrl="https://partner.example/reports"))
    assert event.message_id == ids.message_id_of(PARTNER.uuid, "8770599")
    assert event.mt_num == ids.mt_num_of(event.message_id)
    assert (event.partner_ref, event.partner_id, event.lane, event.link) == ("8770599", "demo", "single", 0)
    assert event.recipient == Recipient(phone="79161234567")
    assert event.chain[0].channel is Channel.PUSH
    assert event.chain[0].application_id == "bank"
    assert event.reports.notify_url == "https://partner.example/reports"
    assert event.extra_param == "a=1"
    assert event.schedule is None


def test_the_same_id_gives_the_same_message_and_another_event() -> None:
    first, second = accepted(request(id="1")), accepted(request(id="1"))
    assert (first.message_id, first.mt_num) == (second.message_id, second.mt_num)
    assert first.event_id != second.event_id


def test_requests_without_an_id_are_different_messages() -> None:
    assert accepted(request()).message_id != accepted(request()).message_id
    assert accepted(request(id="")).partner_ref is None


@pytest.mark.parametrize("name", ["PUSH", "Push", "push", "pUsH"])
def test_the_case_of_the_type_does_not_matter(name: str) -> None:
    assert first(push() | {"type": name}).channel is Channel.PUSH


@pytest.mark.parametrize("name", ["", "PUSHH", "EMAIL", None])
def test_an_unknown_type_is_error_9(name: str | None) -> None:
    code, detail = refused(request(push() | {"type": name}))
    assert (code, detail.partition(":")[0]) == (9, "message.type")


@pytest.mark.parametrize(
    ("body", "field", "rule"),
    [
        (request(login=7), "login", "string"),
        (request(id=8770599), "id", "string"),
        (request(destAddr=79161234567), "destAddr", "string"),
        (request() | {"message": []}, "message", "object"),
        (request({"type": "PUSH"}), "message.data", "mandatory"),
        (request({"type": 1, "data": {}}), "message.type", "string"),
        (request(useTimeDiff="true"), "useTimeDiff", "true or false"),
        (request(shortenLinks=1), "shortenLinks", "true or false"),
        (request(scheduleInfo="now"), "scheduleInfo", "object"),
        (request(registeredDelivery=3), "registeredDelivery", "0, 1"),
        (request(push(registeredDelivery=True)), "message.data.registeredDelivery", "0, 1"),
        (request(registeredDelivery=True), "registeredDelivery", "0, 1"),
        (request(extraParam={}), "extraParam", "string"),
        (request(cascadeChainLink=[]), "cascadeChainLink", "object"),
    ],
)
def test_a_wrong_type_is_error_4_with_field_and_rule(body: dict[str, Any], field: str, rule: str) -> None:
    code, detail = refused(body)
    assert (code, detail.partition(":")[0]) == (4, field)
    assert rule in detail


def test_unknown_fields_are_ignored_and_null_is_absent() -> None:
    event = accepted(request(priority={"a": [1]}) | {"extraParam": None, "scheduleInfo": None, "id": None})
    assert event.extra_param is None


@pytest.mark.parametrize("phone", ["abc", "123", "+", "7916123456a"])
def test_what_is_no_phone_number_is_error_8(phone: str) -> None:
    assert refused(request(destAddr=phone))[0] == 8


@pytest.mark.parametrize("phone", [None, ""])
def test_the_phone_may_be_absent_only_with_a_user_id(phone: str | None) -> None:
    body = request() | {"destAddr": phone}
    assert refused(body) == (8, "destAddr: mandatory unless message.data.externalUserId is given")
    event = accepted(request(push(externalUserId="u-1")) | {"destAddr": phone})
    assert event.recipient == Recipient(external_user_id="u-1")


def test_a_phone_beside_a_user_id_is_kept_and_must_be_one() -> None:
    message = push(externalUserId="u-1")
    expected = Recipient(phone="79161234567", external_user_id="u-1")
    assert accepted(request(message)).recipient == expected
    assert refused(request(message, destAddr="abc"))[0] == 8


@pytest.mark.parametrize("value", [0, 1, 2, "0", "1", "2"])
def test_registered_delivery_is_a_number_or_a_string_at_both_places(value: int | str) -> None:
    at_root = accepted(request(registeredDelivery=value))
    in_data = accepted(request(push(registeredDelivery=value)))
    assert at_root.reports.registered_delivery == in_data.reports.registered_delivery == int(value)


def test_all_reports_unless_told_otherwise() -> None:
    assert accepted(request()).reports.registered_delivery == 1


@pytest.mark.parametrize(
    "url", ["", "ftp://a.example/", "a.example", "http://", "https:///x", "http://a b/", "http://[::1", "h" * 3000]
)
def test_a_bad_notify_url_is_error_4_at_both_places(url: str) -> None:
    assert refused(request(notifyUrl=url))[1].startswith("notifyUrl: ")
    assert refused(request(push(notifyUrl=url)))[1].startswith("message.data.notifyUrl: ")


def test_a_notify_url_has_at_most_2048_characters() -> None:
    url = "https://partner.example/".ljust(2048, "a")
    assert accepted(request(push(notifyUrl=url))).reports.notify_url == url
    assert refused(request(notifyUrl=url + "a")) == (4, "notifyUrl: must have at most 2048 characters")


@pytest.mark.parametrize("text", ["a=1", "a=1,b=2", "a=x,,y,b=2", "a=", "a=b=c", "a=1,,,b=2"])
def test_extra_parameters_are_kept_as_they_came(text: str) -> None:
    assert accepted(request(extraParam=text)).extra_param == text


@pytest.mark.parametrize("text", ["a", "=1", "a=1,", "a=1,b", "a,,b=1", ",a=1"])
def test_malformed_extra_parameters_are_error_4(text: str) -> None:
    code, detail = refused(request(extraParam=text))
    assert (code, detail.partition(":")[0]) == (4, "extraParam")


def test_a_schedule_is_carried_in_minutes_and_utc() -> None:
    body = request(
        useTimeDiff=True,
        scheduleInfo={
            "timeBegin": "22:00",
            "timeEnd": "06:30",
            "weekdaysSchedule": "731",
            "deadline": "2026-01-05T03:00:00+0300",
        },
    )
    assert accepted(body).schedule == Schedule(
        begin_minute=1320, end_minute=390, weekdays=(1, 3, 7), deadline=1_767_571_200_000, recipient_zone=True
    )


def test_one_bound_is_enough_and_an_empty_schedule_is_none() -> None:
    assert accepted(request(scheduleInfo={"timeEnd": "09:00"})).schedule == Schedule(end_minute=540)
    assert accepted(request(scheduleInfo={"timeBegin": "", "weekdaysSchedule": ""})).schedule is None


def test_a_deadline_without_offset_is_read_in_the_partners_zone() -> None:
    body = request(scheduleInfo={"deadline": "2026-01-05T03:00:00"})
    assert accepted(body).schedule == Schedule(deadline=1_767_571_200_000)
    assert accepted(body, utc_offset_min=0).schedule == Schedule(deadline=1_767_582_000_000)


def test_a_partner_may_be_given_a_nearer_horizon() -> None:
    body = request(scheduleInfo={"deadline": "2026-01-05T03:00:00"})
    assert accepted(body, planning_horizon_days=5).schedule is not None
    assert refused(body, planning_horizon_days=2) == (4, "scheduleInfo.deadline: must be at most 2 days ahead")


@pytest.mark.parametrize(
    ("schedule", "field"),
    [
        ({"timeBegin": "24:00"}, "timeBegin"),
        ({"timeEnd": "9:00"}, "timeEnd"),
        ({"timeEnd": 900}, "timeEnd"),
        ({"weekdaysSchedule": "18"}, "weekdaysSchedule"),
        ({"weekdaysSchedule": "Mon"}, "weekdaysSchedule"),
        ({"weekdaysSchedule": -1}, "weekdaysSchedule"),
        ({"deadline": "tomorrow"}, "deadline"),
        ({"deadline": "2026-13-05T03:00:00+0300"}, "deadline"),
        ({"deadline": "0001-01-01T00:00:00+1400"}, "deadline"),
        ({"deadline": "2025-12-31T23:59:59+0000"}, "deadline"),
        ({"deadline": "2029-12-31T16:29:30+0300"}, "deadline"),
    ],
)
def test_a_bad_schedule_is_error_4(schedule: dict[str, Any], field: str) -> None:
    code, detail = refused(request(scheduleInfo=schedule))
    assert (code, detail.partition(":")[0]) == (4, f"scheduleInfo.{field}")


def test_the_planning_horizon_is_the_last_deadline() -> None:
    at_horizon = request(scheduleInfo={"deadline": "2026-01-31T00:00:00Z"})
    schedule = accepted(at_horizon).schedule
    assert schedule is not None
    assert schedule.deadline == NOW + PLANNING_HORIZON_MS
    assert refused(request(scheduleInfo={"deadline": "2026-01-31T00:00:01Z"}))[0] == 4


@pytest.mark.parametrize("odd", ["true", 1, {}, [], 10**30])
def test_what_the_protocol_does_not_know_within_a_schedule_refuses_nothing(odd: object) -> None:
    schedule = accepted(request(scheduleInfo={"timeBegin": "10:00", "useTimeDiff": odd})).schedule
    assert schedule is not None
    assert not schedule.recipient_zone


def test_all_that_is_missing_is_told_at_once() -> None:
    code, detail = refused({})
    assert code == 4
    assert sorted(detail.split("; ")) == ["login: mandatory", "message: mandatory", "password: mandatory"]


@pytest.mark.parametrize(("root", "inside", "expected"), [(None, True, True), (False, True, False), (True, None, True)])
def test_the_recipients_time_zone_is_asked_for_in_either_place(
    root: bool | None, inside: bool | None, expected: bool
) -> None:
    window = {"timeBegin": "10:00", "timeEnd": "20:00", "useTimeDiff": inside}
    schedule = accepted(request(scheduleInfo=window, useTimeDiff=root)).schedule
    assert schedule is not None
    assert schedule.recipient_zone is expected
