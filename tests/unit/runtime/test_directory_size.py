"""The directory of very many partners: what a record, and a look-up, costs is counted in steps, not in seconds."""

import gc
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from schemas import codec
from schemas.application_events import (
    ApplicationChanged,
    CredentialsChanged,
    PartnerChanged,
    SenderChanged,
    StopChanged,
)
from schemas.events import Event
from schemas.providers import Provider
from services.runtime.directory import Directory
from services.runtime.directory_index import Names

Make = Callable[[int], Event]


def partner(number: int, **more: Any) -> PartnerChanged:
    about = {"partner_id": f"p{number}", "uuid": "u", "login": f"login{number}", "password_hash": "h"}
    return PartnerChanged.stored({"event_id": "e", "at": 1, **about, **more})


def application(number: int, **more: Any) -> ApplicationChanged:
    about = {"application_id": f"a{number}", "name": "A", "api_key_digests": (f"k{number}",)}
    return ApplicationChanged.stored({"event_id": "e", "at": 1, **about, **more})


def sender(number: int) -> SenderChanged:
    return SenderChanged(event_id="e", at=1, partner_id=f"p{number}", service_number="S", application_id=f"a{number}")


def credentials(number: int, **more: Any) -> CredentialsChanged:
    about = {"application_id": f"a{number}", "provider": Provider.FCM, "sealed": "s", "fingerprint": "f"}
    return CredentialsChanged.stored({"event_id": "e", "at": 1, **about, **more})


def stop(number: int) -> StopChanged:
    return StopChanged(event_id="e", at=1, scope="packet", id=f"p{number}/1", state="paused")


def keyed_partner(number: int) -> PartnerChanged:
    return partner(number, batch_key_digests=(f"b{number}", f"c{number}"))


MAKERS: tuple[Make, ...] = (keyed_partner, application, sender, credentials, stop)


def filled(count: int, makers: tuple[Make, ...] = MAKERS) -> Directory:
    directory = Directory()
    for make in makers:
        for number in range(count):
            fold(directory, make(number))
    return directory


def fold(directory: Directory, event: Event) -> None:
    directory.apply(event.entity_key, codec.encode(event))  # type: ignore[attr-defined]


def steps(work: Callable[[], object]) -> int:
    """Instructions of the interpreter, those of comprehensions and generators among them."""
    count = 0

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal count
        frame.f_trace_opcodes = True
        count += event == "opcode"
        return trace

    before = sys.gettrace()
    gc.disable()  # what it would clean up just now is not this work's
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
        gc.enable()
    return count


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_a_record_costs_the_same_after_many_as_after_few(make: Make) -> None:
    few, many, record = filled(2), filled(400), make(1)
    for directory in (few, many):  # what is made at the first use is made
        fold(directory, record)
    assert steps(lambda: fold(many, record)) == steps(lambda: fold(few, record))


@pytest.mark.parametrize(
    "look",
    [
        lambda directory: directory.partner_by_login("login1"),
        lambda directory: directory.partner_by_batch_key("c1"),
        lambda directory: directory.application_by_api_key("k1"),
        lambda directory: directory.senders_of("p1"),
        lambda directory: directory.credentials_of("a1"),
        lambda directory: directory.stop_of("p1", "a1", 1, "m"),
    ],
)
def test_a_look_up_costs_the_same_among_many_as_among_few(look: Callable[[Directory], object]) -> None:
    few, many = filled(2), filled(400)
    assert look(many) == look(few)
    assert look(many)
    assert steps(lambda: look(many)) == steps(lambda: look(few))


def test_a_login_that_was_given_up_leads_nowhere_and_may_be_anothers() -> None:
    directory = filled(2)
    fold(directory, partner(0, login="new"))
    assert directory.partner_by_login("login0") is None
    fold(directory, partner(1, login="login0"))
    assert [directory.partner_by_login(login).partner_id for login in ("new", "login0")] == ["p0", "p1"]  # type: ignore[union-attr]


def test_a_key_that_was_dropped_leads_nowhere_and_the_other_goes_on() -> None:
    directory = filled(2)
    fold(directory, partner(0, batch_key_digests=("n0", "b0")))
    assert directory.partner_by_batch_key("c0") is None
    assert directory.partner_by_batch_key("b0") is directory.partner_by_batch_key("n0") is not None
    fold(directory, application(0, api_key_digests=("n0",)))
    assert directory.application_by_api_key("k0") is None


def test_a_name_that_two_take_is_the_last_ones_until_it_gives_it_up() -> None:
    names = Names()
    names.put("a", ["x", "x", "y"])
    names.put("b", ["x"])
    assert [names.holder("x"), names.holder("y"), names.holder("z")] == ["b", "a", ""]
    names.put("b", [])
    assert names.holder("x") == "a"
    names.put("a", [])
    assert names.holder("x") == ""
