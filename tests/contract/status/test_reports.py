"""Reports to partners, over the wire, with a real Kafka and a real MongoDB behind them."""

import base64
import hmac
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Literal

import pytest

from schemas import ids
from schemas.events import MessageRequested
from schemas.values import ReportRequest
from services.registry.provisioning.partner_bodies import webhook_secret_of
from services.runtime.crypto.master_key import Secrets
from services.runtime.settings import Settings
from services.status.reports import receiver as reports_receiver
from tests.conftest import Servers, own_settings
from tests.support.listening import ADMIN
from tests.support.report_receiver import Receiver, receiving
from tests.support.status_events import Story
from tests.support.status_service import Running, partner, running

KEY, KEY_BEFORE = b"key of the bank", b"key before"


@pytest.fixture(scope="module")
async def home() -> AsyncIterator[Receiver]:
    """The address that the partner has configured."""
    async with receiving() as started:
        yield started


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """An address of this test's own, named in the message."""
    async with receiving() as started:
        yield started


@pytest.fixture(scope="module")
async def service(stack_servers: Servers, home: Receiver) -> AsyncIterator[Running]:
    settings = own_settings(stack_servers).model_copy(update={"report_retry_s": 0.3, "report_limit": 4})
    sealed, before = [Secrets(settings.master_key).seal(key, b"report-key") for key in (KEY, KEY_BEFORE)]
    bank = partner(report_url=home.url, report_key_sealed=sealed, report_key_before_sealed=before)
    async with running(settings, [bank, partner("quiet", uuid=ids.uuid7())]) as started:
        yield started


def asked(story: Story, to: Receiver | None, registered_delivery: Literal[0, 1, 2] = 1) -> MessageRequested:
    """With the address of `to`; None leaves it to the partner's configuration."""
    url = to.url if to is not None else None
    return story.requested(reports=ReportRequest(registered_delivery=registered_delivery, notify_url=url))


async def taken_of(service: Running, story: Story, status: int) -> None:
    """Until the partner has taken this status of it."""
    await service.until(story, lambda seen: (seen["links"][0]["report"] or {}).get("taken") == status, "taken")


def has_report(message: Any) -> bool:
    return any(entry["what"] == "report" for entry in message["trace"])


async def test_each_state_is_reported_once_in_its_order_and_traced(service: Running, receiver: Receiver) -> None:
    story = Story()
    await service.append(asked(story, receiver), story.planned("i-1"), story.dispatched())
    await receiver.until(lambda: receiver.statuses() == [0], "sent")
    await service.append(story.receipt())
    await receiver.until(lambda: receiver.statuses() == [0, 2], "delivered")
    await service.append(story.receipt(kind="read"), story.receipt(kind="read"))
    await receiver.until(lambda: receiver.statuses() == [0, 2, 9], "read")
    message = await service.until(
        story, lambda seen: sum(entry["what"] == "report" for entry in seen["trace"]) == 3, "traced"
    )
    assert message["links"][0]["report"] == {"status": 9, "errorCode": 0, "taken": 9}
    assert receiver.statuses() == [0, 2, 9]


async def test_a_report_is_signed_with_the_key_that_the_partner_has_until_that_is_ended(
    service: Running, receiver: Receiver
) -> None:
    story = Story()
    await service.append(asked(story, receiver), story.planned("i-1"), story.dispatched())
    await receiver.until(lambda: bool(receiver.came), "sent")
    body, headers = receiver.raw[0]
    expected = hmac.new(KEY_BEFORE, headers["X-RPNS-Timestamp"].encode() + b"." + body, "sha256").hexdigest()
    assert headers["X-RPNS-Signature"] == f"sha256={expected}"


async def test_standard_webhooks_are_signed_with_both_keys_and_a_repeat_has_the_same_id(
    service: Running, receiver: Receiver
) -> None:
    """Verified by the standard's own text, and by the example that partners are given."""
    page = (Path(__file__).parents[3] / "docs" / "partner-api.md").read_text()
    (example,) = [code for code in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "def is_ours" in code]
    given: dict[str, Any] = {}
    exec(example, given)
    story = Story()
    receiver.status = 503
    await service.append(asked(story, receiver), story.planned("i-1"), story.dispatched())
    await receiver.until(lambda: bool(receiver.came), "refused once")
    receiver.status = 200
    await taken_of(service, story, 0)
    await service.append(story.receipt())
    await taken_of(service, story, 2)
    for body, headers in receiver.raw:
        content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        signatures = [base64.b64encode(hmac.digest(key, content, "sha256")).decode() for key in (KEY, KEY_BEFORE)]
        assert headers["webhook-signature"] == " ".join(f"v1,{signature}" for signature in signatures)
        for key in (KEY, KEY_BEFORE):
            secret = webhook_secret_of(key.decode())
            assert given["is_ours"](headers, body, secret)
            assert not given["is_ours"](headers, body + b" ", secret)
            assert not given["is_ours"](headers | {"webhook-id": "another"}, body, secret)
        assert not given["is_ours"](headers, body, webhook_secret_of("somebody else's"))
    names = [headers["webhook-id"] for _, headers in receiver.raw]
    statuses = receiver.statuses()
    assert statuses.count(0) > 1, "it was repeated"
    assert len(set(names)) == len(set(statuses)) == 2
    assert len(set(zip(names, statuses, strict=True))) == 2, "a repeat is the same report, another state another"


async def test_the_messages_own_address_comes_before_the_partners(
    service: Running, receiver: Receiver, home: Receiver
) -> None:
    named, plain = Story(), Story()
    await service.append(asked(named, receiver), named.planned("i-1"), named.dispatched())
    await service.append(asked(plain, None), plain.planned("i-1"), plain.dispatched())
    await receiver.until(lambda: bool(receiver.came), "to its own address")
    await home.until(lambda: bool(home.came), "to the partner's")
    assert [report["mtNum"] for report in home.came] == [ids.mt_num_of(plain.message_id)]
    assert [report["mtNum"] for report in receiver.came] == [ids.mt_num_of(named.message_id)]


async def test_a_partner_without_an_address_is_not_reported_to(service: Running, receiver: Receiver) -> None:
    quiet, story = Story(partner_id="quiet"), Story()
    await service.append(asked(quiet, None), quiet.planned("i-1"), quiet.dispatched())
    await service.append(asked(story, receiver), story.planned("i-1"), story.dispatched())
    await receiver.until(lambda: bool(receiver.came), "sent")
    operator = ADMIN
    seen = await service.until(quiet, lambda message: message["state"] == "SENT", "sent", operator)
    assert not has_report(seen)


async def test_only_failures_are_reported_when_only_they_are_asked_for(service: Running, receiver: Receiver) -> None:
    good, bad = Story(), Story()
    await service.append(asked(good, receiver, 2), good.planned("i-1"), good.dispatched(), good.receipt())
    await service.append(asked(bad, receiver, 2), bad.planned("i-1"), bad.dispatched(outcome="refused"))
    await receiver.until(lambda: bool(receiver.came), "refused")
    await service.until_state(good, "DELIVERED")
    assert [(report["status"], report["errorCode"]) for report in receiver.came] == [(5, "28")]


async def test_a_receiver_that_was_down_gets_what_is_still_true(service: Running, receiver: Receiver) -> None:
    story = Story()
    receiver.status = 503
    await service.append(asked(story, receiver), story.planned("i-1"), story.dispatched())
    await receiver.until(lambda: receiver.statuses().count(0) >= 2, "tried again")
    await service.append(story.receipt())
    await service.until_state(story, "DELIVERED")
    await receiver.until(lambda: receiver.statuses()[-1] == 2, "the newer state")
    receiver.status, down = 200, len(receiver.came)
    await service.until(story, lambda seen: seen["links"][0]["report"]["taken"] == 2, "taken")
    assert set(receiver.statuses()[down:]) == {2}
    assert receiver.statuses() == sorted(receiver.statuses())


async def test_a_newer_state_waits_while_the_older_one_is_under_way(service: Running, receiver: Receiver) -> None:
    story = Story()
    receiver.gate.clear()
    await service.append(asked(story, receiver), story.planned("i-1"), story.dispatched())
    await receiver.until(lambda: receiver.in_hand == 1, "under way")
    await service.append(story.receipt(), story.receipt(kind="read"))
    await service.until_state(story, "READ")
    assert receiver.in_hand == 1
    receiver.gate.set()
    await receiver.until(lambda: receiver.statuses() == [0, 9], "one after the other")


async def test_no_more_reports_are_under_way_than_a_receiver_may_have(service: Running, receiver: Receiver) -> None:
    receiver.gate.clear()
    stories = [Story() for _ in range(12)]
    for story in stories:
        await service.append(asked(story, receiver), story.planned("i-1"), story.dispatched())
    await receiver.until(lambda: receiver.in_hand == 4, "as many as allowed")
    await service.until_state(stories[-1], "SENT")
    receiver.gate.set()
    await receiver.until(lambda: len(receiver.came) == 12, "all of them")
    assert receiver.most_in_hand == 4


async def test_one_receiver_that_hangs_holds_up_nobody_else(service: Running, receiver: Receiver) -> None:
    receiver.gate.clear()
    for _ in range(6):
        story = Story()
        await service.append(asked(story, receiver), story.planned("i-1"), story.dispatched())
    await receiver.until(lambda: receiver.in_hand == 4, "full")
    async with receiving() as other:
        story = Story()
        await service.append(asked(story, other), story.planned("i-1"), story.dispatched())
        await other.until(lambda: other.statuses() == [0], "sent")
    receiver.gate.set()


async def test_a_redirect_is_not_followed_and_tried_again(service: Running, receiver: Receiver) -> None:
    receiver.status = 302
    story = Story()
    await service.append(asked(story, receiver), story.planned("i-1"), story.dispatched())
    message = await service.until(
        story, lambda seen: sum(entry["what"] == "report" for entry in seen["trace"]) >= 2, "tried twice"
    )
    tries = [entry for entry in message["trace"] if entry["what"] == "report"]
    assert {entry["detail"] for entry in tries} == {"not taken: HTTP 302, redirects are not followed"}
    assert [entry["attempt"] for entry in tries] == list(range(1, len(tries) + 1))


@pytest.mark.parametrize("status", [201, 202, 204, 299])
async def test_any_2xx_is_taken(service: Running, receiver: Receiver, status: int) -> None:
    receiver.status = status
    story = Story()
    await service.append(asked(story, receiver), story.planned("i-1"), story.dispatched())
    message = await service.until(story, lambda seen: seen["links"][0]["report"]["taken"] == 0, "taken")
    assert [entry["detail"] for entry in message["trace"] if entry["what"] == "report"] == [f"taken: HTTP {status}"]


@pytest.mark.parametrize("status", [304, 308, 404, 410])
async def test_no_other_answer_is_taken(service: Running, receiver: Receiver, status: int) -> None:
    receiver.status = status
    story = Story()
    await service.append(asked(story, receiver), story.planned("i-1"), story.dispatched())
    await receiver.until(lambda: receiver.statuses() == [0, 0], "tried again")


async def test_what_is_owed_outlives_the_process(settings: Settings, receiver: Receiver) -> None:
    settings = settings.model_copy(update={"report_retry_s": 1.0})
    bank, story = partner(report_url=receiver.url), Story()
    receiver.status = 500
    async with running(settings, [bank]) as service:
        await service.append(asked(story, receiver), story.planned("i-1"), story.dispatched())
        await receiver.until(lambda: receiver.statuses() == [0], "tried")
        await service.until(story, has_report, "traced")
    receiver.status = 200
    async with running(settings, [bank]) as service:
        await service.until(story, lambda seen: seen["links"][0]["report"]["taken"] == 0, "taken")
    assert receiver.statuses() == [0, 0]


async def test_private_networks_are_out_of_reach_unless_allowed(settings: Settings, receiver: Receiver) -> None:
    settings = settings.model_copy(update={"allow_private_addresses": False})
    story, named = Story(), Story()
    async with running(settings, [partner(report_url=receiver.url)]) as service:
        by_name = receiver.url.replace("127.0.0.1", "localhost")
        await service.append(asked(story, None), story.planned("i-1"), story.dispatched())
        receiver.url = by_name
        await service.append(asked(named, receiver), named.planned("i-1"), named.dispatched())
        for each in (story, named):
            message = await service.until(each, has_report, "tried")
            details = {entry["detail"] for entry in message["trace"] if entry["what"] == "report"}
            assert details == {"not taken: not allowed: an address in a private network"}
    assert not receiver.came


async def test_a_report_goes_out_at_once_when_nothing_is_queued(
    service: Running, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("_LOOK_MS", "_IDLE_MS"):
        monkeypatch.setattr(reports_receiver, name, 3_600_000)  # whoever waited for the next look would wait for ever
    for number in range(15):
        story = Story()
        await service.append(asked(story, receiver), story.planned("i-1"))
        await service.until(story, lambda seen: len(seen["trace"]) == 2, "planned")
        await service.append(story.dispatched())
        await receiver.until(lambda: len(receiver.came) > number, "sent")  # noqa: B023 — called at once
