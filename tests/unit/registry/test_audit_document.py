"""What a record of the audit trail is found by, and how it is asked for."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from schemas import codec, ids
from schemas.audit_events import Audited, AuditedChange
from schemas.topics import HISTORY_RETENTION_MS
from services.registry.audit_trail.document import FORM, LATEST_MS, document_of, message_names
from services.registry.audit_trail.wanted import Wanted
from tests.support.audit_trail import record_of

CHANGED = AuditedChange(entity="partner/bank", before="#1", after="#2")
AT = 1_800_000_000_000


def document(event: Audited) -> dict[str, object]:
    return document_of(event, codec.encode(event))


def test_a_record_is_stored_as_the_log_has_it_beside_what_it_is_found_by() -> None:
    message_id = ids.uuid7()
    event = record_of("operator:duty", "/a", at=AT, subjects=("f00d",), messages=(message_id,))
    assert document(event) == {
        "_id": event.event_id,
        "at": AT,
        "callers": ["operator:duty", "duty"],
        "about": ["f00d", f"m/{message_id}", f"n/{ids.mt_num_of(message_id)}"],
        "kinds": ["refusal"] if event.status >= 400 else [],
        "places": "/a",
        "form": FORM,
        "record": codec.encode(event),
        "kept_until": datetime.fromtimestamp((AT + HISTORY_RETENTION_MS) / 1000, UTC),
    }
    assert document(event.replace(is_wide=True))["is_wide"] is True


def test_a_record_is_found_by_whose_account_it_was_for_a_name_may_be_given_again() -> None:
    event = record_of("operator:duty", "/a").replace(who_id="account/a1")
    assert document(event)["callers"] == ["operator:duty", "duty", "account/a1"]


@pytest.mark.parametrize(
    ("about", "kinds"),
    [
        ({"method": "POST", "path": "/v1/session", "status": 200}, ["sign-in"]),
        ({"method": "POST", "path": "/v1/session", "status": 401}, ["failed-sign-in"]),
        ({"method": "GET", "path": "/v1/session/oidc/callback", "status": 403}, ["failed-sign-in"]),
        ({"method": "DELETE", "path": "/v1/session", "status": 204, "changes": (CHANGED,)}, ["change"]),
        ({"method": "GET", "path": "/v1/messages", "status": 200, "look": "search"}, ["search"]),
        (
            {"method": "POST", "path": "/v1/erasures", "status": 200, "changes": (CHANGED,), "look": "look"},
            ["change", "look"],
        ),
        ({"method": "POST", "path": "/v1/partners", "status": 403, "changes": (CHANGED,)}, ["refusal"]),
        ({"method": "", "path": "rights", "status": 0, "count": 7}, ["refusal"]),
        ({"method": "", "path": "", "status": 0, "count": 7}, ["refusal"]),
        ({"method": "GET", "path": "/v1/partners", "status": 200}, []),
    ],
)
def test_a_record_is_found_by_its_kind(about: dict[str, Any], kinds: list[str]) -> None:
    assert document(record_of("operator:duty", "/a").replace(route="", **about))["kinds"] == kinds


def test_the_end_of_the_latest_record_is_a_date() -> None:
    assert document(record_of("bootstrap", "/a", at=LATEST_MS))["kept_until"] > datetime(9000, 1, 1, tzinfo=UTC)  # type: ignore[operator]


def test_a_look_is_found_by_the_number_of_the_message_as_by_its_id() -> None:
    message_id = ids.uuid7()
    about = set(document(record_of("", "/a", messages=(message_id,)))["about"])  # type: ignore[call-overload]
    for any_id in (message_id, ids.mt_num_of(message_id)):
        assert message_names(any_id) & about
    for other in (ids.uuid7(), ids.mt_num_of(ids.uuid7()), "\u0663", ""):
        assert not message_names(other) & about


@pytest.mark.parametrize("what", ["partner/bank", "a.c", "(", "\\", "a b", "é|$^"])
def test_a_part_of_a_place_is_looked_for_as_it_is_written(what: str) -> None:
    pattern = Wanted(0, 1, what=what).listed()["places"]["$regex"]
    change = AuditedChange(entity=f"mailing/{what}/1")
    assert re.search(pattern, str(document(record_of("", "/abc", change))["places"]))
    assert not re.search(pattern, str(document(record_of("", "/abc"))["places"]))


def test_nothing_is_counted_beside_where_nobody_is_asked_for_or_it_is_listed() -> None:
    assert Wanted(0, 1, who="duty").beside() is None
    assert Wanted(0, 1, subjects=[("phone", frozenset({"f00d"}))], wide=True).beside() is None
    assert Wanted(0, 1, subjects=[("phone", frozenset({"f00d"}))]).beside() is not None
