"""What records show of what somebody typed: ids of ours, times and words; never what may be a phone or a name."""

import pytest

from schemas import ids
from services.runtime.access.operator_routes import ROUTES, OperatorRoute, route_of
from services.runtime.looks import path_of
from services.runtime.looks.shown import is_plain

PHONES = ("79110000067", "+79110000067", "8 911 000-00-67", "7-911-000-00-67", "8911000", "7.911.000.00.67,79110000068")
FILLED_AS_TYPED = [route for route in ROUTES if "{" in route.path and "{offset}" not in route.path]


def hidden(_: str) -> str:
    return "…"


@pytest.mark.parametrize("text", [*PHONES, "client 42", "duty@home", "Клиента", "٧٩١١٠٠٠٠٠٦٧", "", "x" * 101])
def test_what_may_be_a_phone_or_a_name_is_not_plain(text: str) -> None:
    assert not is_plain(text)


@pytest.mark.parametrize(
    "text",
    [
        *("READ", "READ,SENT", "bank", "mailing-7", "17", "01a22728-ae4f-7aea-8243-117823b24a77", "1764374400000"),
        *("2026-01-01", "2026-01-01T00:00:00+03:00", "2026-01-01T00:00:00.123456Z"),
    ],
)
def test_ids_of_ours_times_and_words_are_plain(text: str) -> None:
    assert is_plain(text)


@pytest.mark.parametrize("phone", PHONES)
@pytest.mark.parametrize("route", FILLED_AS_TYPED, ids=lambda route: f"{route.method} {route.path}")
def test_a_phone_in_any_place_of_any_path_is_hidden(route: OperatorRoute, phone: str) -> None:
    parts = [phone if part.startswith("{") else part for part in route.path.split("/")]
    for end in ("", "/", "\n"):
        path = "/".join(parts) + end
        for known in (route_of(route.method, path), None):
            kept = path_of(known, path, hidden)
            assert phone not in kept
            assert kept.count("…") == route.path.count("{")


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize("end", ["", "/cancel"])
def test_the_own_id_of_a_partner_for_a_message_is_hidden_and_ours_is_not(method: str, end: str) -> None:
    ours = ids.uuid7()
    for any_id, shown in (("lodger", "…"), ("id:lodger", "…"), (ours, ours)):
        path = f"/v1/messages/{any_id}{end}"
        assert path_of(route_of(method, path), path, hidden) == f"/v1/messages/{shown}{end}"


def test_the_place_of_a_dead_letter_is_shown() -> None:
    path = "/v1/dead-letters/dispatch-events/3/12345678/content"
    assert path_of(route_of("GET", path), path, hidden) == path


def test_a_path_that_ends_in_nothing_is_told() -> None:
    path = "/v1/stops/provider/\n"
    assert path_of(route_of("PUT", path), path, hidden) == "/v1/stops/provider/"
