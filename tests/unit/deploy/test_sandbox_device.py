"""The simulated phone: what it shows, what it drops, which receipts it has to send."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from deploy.sandbox.phone.activities import Activities
from deploy.sandbox.phone.backend import Backend
from deploy.sandbox.phone.device import REMEMBERED, Device, Habits, Happening
from deploy.sandbox.phone.kinds import phone_of
from deploy.sandbox.phone.sdk_api import DeviceApi
from deploy.sandbox.phone.sdk_push import Action, Push


@dataclass
class Carrier:
    """Notes what a device tells; `later` is run by hand."""

    api: DeviceApi = field(default_factory=lambda: DeviceApi("http://localhost", "key"))
    heard: list[Happening] = field(default_factory=list)
    waiting: list[tuple[float, Callable[[], None]]] = field(default_factory=list)
    posts: int = 0
    routes: dict[str, Activities] = field(default_factory=dict)
    spawned: int = 0
    backend: Backend | None = None
    fetching: list[Push] = field(default_factory=list)

    def hear(self, happening: Happening) -> None:
        self.heard.append(happening)

    def post(self, device: Device) -> None:
        self.posts += 1

    def fetch(self, device: Device, push: Push) -> None:
        self.fetching.append(push)

    def moved(self, device: Device, old_token: str) -> None:
        raise AssertionError("no token changes here")

    async def subscribe(self) -> tuple[str, str]:
        raise AssertionError("no browser here")

    def route(self, token: str, activities: Activities) -> None:
        self.routes[token] = activities

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        work.close()
        self.spawned += 1

    def changed(self) -> None:
        """Nobody waits here."""

    def later(self, delay_s: float, callback: Callable[[], None]) -> None:
        self.waiting.append((delay_s, callback))

    def pass_time(self) -> None:
        waiting, self.waiting = self.waiting, []
        for _, callback in waiting:
            callback()

    @property
    def story(self) -> list[str]:
        return [happening.what for happening in self.heard]


@pytest.fixture
def carrier() -> Carrier:
    return Carrier()


def a_push(**changes: Any) -> Push:
    fields: dict[str, Any] = {"message_id": "m-1", "delivery_id": "d-1", "title": None, "text": "Your code is 4711"}
    return Push(**(fields | changes))


def kinds(device: Device) -> list[str]:
    return [receipt["kind"] for receipt in device.outbox]


def test_a_push_is_shown_delivered_at_once_and_read_after_a_while(carrier: Carrier) -> None:
    device = Device("ios", carrier, Habits("read", after_s=2))
    device.take(a_push())
    assert (carrier.story, kinds(device)) == (["shown", "delivered"], ["delivered"])
    assert carrier.waiting[0][0] == 2
    carrier.pass_time()
    assert (carrier.story, kinds(device)) == (["shown", "delivered", "read"], ["delivered", "read"])


def test_a_push_that_comes_twice_is_shown_once(carrier: Carrier) -> None:
    device = Device("android", carrier)
    device.take(a_push())
    device.take(a_push())
    assert [push.delivery_id for push in device.shown] == ["d-1"]
    assert carrier.story == ["shown", "delivered", "repeated"]


def test_a_withdrawn_push_goes_from_the_screen_and_nobody_can_read_it_there(carrier: Carrier) -> None:
    device = Device("ios", carrier, Habits("read", after_s=2))
    device.take(a_push())
    device.take(a_push(withdraw=True, text=""))
    carrier.pass_time()
    assert (carrier.story, list(device.shown)) == (["shown", "delivered", "withdrawn"], [])


def test_a_push_that_comes_behind_its_withdrawal_is_not_shown(carrier: Carrier) -> None:
    device = Device("ios", carrier, mark="mine")
    device.take(a_push(withdraw=True))
    device.take(a_push(mark="mine"))
    assert (carrier.story, device.outbox) == (["withdrawn", "repeated"], [])


def test_a_push_for_somebody_else_is_dropped_without_a_receipt(carrier: Carrier) -> None:
    device = Device("huawei", carrier, mark="mine")
    device.take(a_push(mark="another's"))
    assert (carrier.story, device.outbox, list(device.shown)) == (["foreign"], [], [])


def test_after_logout_even_the_old_owners_push_is_dropped(carrier: Carrier) -> None:
    device = Device("huawei", carrier, mark="")
    device.take(a_push(mark="the old owner's"))
    assert carrier.story == ["foreign"]


def test_a_phone_whose_system_forbids_pushes_shows_and_confirms_nothing(carrier: Carrier) -> None:
    device = Device("ios", carrier, Habits(allows_pushes=False))
    device.take(a_push())
    assert (carrier.story, device.outbox) == (["silenced"], [])


def test_a_phone_that_is_offline_shows_what_came_once_it_is_back(carrier: Carrier) -> None:
    device = Device("rustore", carrier)
    device.go_offline()
    device.take(a_push())
    assert (carrier.story, device.has_waiting) == (["held"], True)
    device.go_online()
    assert carrier.story == ["held", "shown", "delivered"]


def test_a_click_names_the_button(carrier: Carrier) -> None:
    device = Device("android", carrier, Habits("clicked"))
    device.take(a_push(actions=(Action("Pay", "pay"),)))
    carrier.pass_time()
    assert device.outbox[-1]["kind"] == "clicked"
    assert device.outbox[-1]["action"] == "pay"


def test_a_receipt_echoes_the_ids_of_its_push(carrier: Carrier) -> None:
    device = Device("ios", carrier, Habits(None, receipts_sent=2))
    device.take(a_push(link=2, bulk=True))
    first, second = device.outbox
    assert first == second
    assert {key: first[key] for key in ("messageId", "deliveryId", "link", "bulk")} == {
        "messageId": "m-1",
        "deliveryId": "d-1",
        "link": 2,
        "bulk": True,
    }


def test_a_phone_remembers_a_bounded_number_of_pushes(carrier: Carrier) -> None:
    device = Device("ios", carrier, Habits(None))
    for number in range(REMEMBERED + 10):
        device.take(a_push(delivery_id=f"d-{number}"))
    assert len(device.shown) == REMEMBERED
    device.take(a_push(delivery_id=f"d-{REMEMBERED}"))
    assert carrier.story[-1] == "repeated"


def test_an_apns_token_is_64_hexadecimal_digits() -> None:
    assert len(bytes.fromhex(phone_of("ios").new_token())) == 32


ANSWER = {
    "title": "Card %card%",
    "text": "%code% is your code, %unknown%",
    "content": {"category": "IMAGE", "url": "https://bank.example/1.png"},
    "actions": [{"title": "Pay", "action": "pay", "options": None}],
    "customPayload": "[1]",
    "secure": {"names": ["card", "code"], "values": {"card": "%code%", "code": "4711"}},
}


def test_a_push_with_more_is_shown_masked_until_the_whole_has_come(carrier: Carrier) -> None:
    device = Device("ios", carrier, Habits(None))
    device.take(a_push(more=True, text="%code% is your code", masked_text="••• is your code"))
    assert device.shown[0].text == "••• is your code"
    (push,) = carrier.fetching
    device.fetched(push, ANSWER)
    (shown,) = device.shown
    assert (shown.title, shown.text, shown.more) == ("Card %code%", "4711 is your code, %unknown%", False)
    assert (shown.category, shown.custom_payload, [action.title for action in shown.actions]) == (
        "IMAGE",
        "[1]",
        ["Pay"],
    )
    assert carrier.story == ["shown", "delivered", "enriched"]


def test_what_cannot_be_fetched_leaves_what_the_push_showed(carrier: Carrier) -> None:
    device = Device("ios", carrier, Habits(None, fetches=False))
    device.take(a_push(more=True, text="%code%", masked_text="•••"))
    assert [push.text for push in device.shown] == ["•••"]
    assert carrier.story == ["shown", "fallback", "delivered"]


def test_what_is_sealed_to_another_key_is_fetched(carrier: Carrier) -> None:
    for key in (None, generate_private_key(SECP256R1())):
        device = Device("ios", carrier, Habits(None), private_key=key)
        device.take(a_push(sealed="A" * 120, text="%code%", masked_text="•••"))
        assert device.shown[0].text == "•••"
    assert len(carrier.fetching) == 2
