"""The status service on a real Kafka and a real MongoDB."""

from collections.abc import AsyncIterator

import pytest

from schemas import ids
from schemas.reasons import Reason
from services.settings import Settings
from tests.contract.status_service import BANK_UUID, Running, partner, running
from tests.unit.status_events import Story


@pytest.fixture
async def service(settings: Settings) -> AsyncIterator[Running]:
    async with running(settings, [partner(), partner("shop", uuid=ids.uuid7())]) as started:
        yield started


async def test_one_get_tells_the_whole_story(service: Running) -> None:
    story = Story(ids.message_id_of(BANK_UUID, "ref-1"))
    await service.append(
        story.requested(),
        story.planned("i-1", "i-2", skipped={"i-3": Reason.PUSH_DISABLED}),
        story.dispatched("i-1", "refused", detail="Unregistered"),
        story.dispatched("i-2"),
        story.receipt("i-2"),
        story.receipt("i-2", "read"),
    )
    message = await service.until(story, lambda seen: seen["state"] == "READ" and len(seen["trace"]) == 6, "read")
    assert message["explanation"] == "PUSH was read on 1 of 2 devices."
    (link,) = message["links"]
    assert [one["state"] for one in link["deliveries"]] == ["REFUSED", "READ"]
    assert link["skipped"][0]["reason"]["error_code"] == 23
    assert {entry["what"] for entry in message["trace"]} == {"requested", "planned", "attempt", "receipt"}
    for any_id in (ids.mt_num_of(story.message_id), "ref-1"):
        assert (await service.get(f"/v1/messages/{any_id}"))[1]["message_id"] == story.message_id


async def test_why_did_this_customer_not_get_it(service: Running) -> None:
    story = Story()
    skipped = {"i-1": Reason.PUSH_DISABLED, "i-2": Reason.BELOW_MIN_VERSION, "i-3": Reason.PUSH_DISABLED}
    await service.append(story.requested(), story.planned(skipped=skipped, reason=Reason.PUSH_DISABLED))
    message = await service.until_state(story, "REFUSED")
    assert message["explanation"] == (
        "PUSH was not delivered: pushes are switched off in the application (errorCode 23). Of 3 installations: "
        "2 × pushes are switched off in the application; 1 × the application is older than the message needs."
    )
