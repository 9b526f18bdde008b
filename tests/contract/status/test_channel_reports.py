"""Reports of the channel platform, the chain that goes on, and what was saved: on a real Kafka and a real MongoDB."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from schemas import ids, topics
from schemas.application_events import ApplicationChanged, CredentialsChanged, PartnerChanged
from schemas.events import MessageRequested, Planned, PlannedTarget
from schemas.providers import Provider
from schemas.reasons import Reason
from services.runtime.crypto.master_key import Secrets
from tests.conftest import Servers, own_settings
from tests.support.deliveries import DELIVERIES
from tests.support.log_reader import all_events_of
from tests.support.status_events import Story
from tests.support.status_service import Running, basic, partner, running
from tests.unit.status.test_cascade import PUSH, SMS, asked, awaiting

CALLBACK, ELSEWHERE, OTHERS = "c" * 32, "e" * 32, "o" * 32
TWICE = 2


def account(secrets: Secrets, application_id: str, callback: str, *subnets: str) -> CredentialsChanged:
    shown = {"login": "us", "password": "p", "url": "https://a.example", "callback": callback, "subnets": subnets}
    return CredentialsChanged(
        event_id="c",
        at=0,
        application_id=application_id,
        provider=Provider.CHANNEL_PLATFORM,
        sealed=secrets.seal(orjson.dumps(shown), b"credentials"),
        fingerprint="f",
    )


@pytest.fixture(scope="module")
async def service(stack_servers: Servers) -> AsyncIterator[Running]:
    settings = own_settings(stack_servers)
    secrets = Secrets(settings.master_key)
    known: list[PartnerChanged | ApplicationChanged | CredentialsChanged] = [
        partner(),
        partner("shop", uuid=ids.uuid7()),
        account(secrets, "app", CALLBACK, "127.0.0.0/8"),
        account(secrets, "app-elsewhere", ELSEWHERE, "192.0.2.0/24"),
        account(secrets, "app-other", OTHERS, "127.0.0.0/8"),
    ]
    async with running(settings, known) as started:
        yield started


def posted(story: Story) -> Planned:
    """The plan of an SMS."""
    target = PlannedTarget(
        delivery_id=DELIVERIES.of(story.message_id, 0, "SMS"),
        installation_id="SMS",
        application_id="app",
        provider=Provider.CHANNEL_PLATFORM,
    )
    return story.planned().replace(targets=(target,))


def reported(message: dict[str, Any]) -> list[str]:
    """What the channel platform has reported, as the trace shows it."""
    return [entry["detail"] for entry in message["trace"] if entry["what"] == "channel"]


async def report(service: Running, delivery_id: str, callback: str = CALLBACK, **body: Any) -> int:
    url = f"{service.url}/gateway/v6/reports/{callback}"
    async with service.http.post(url, json={"id": delivery_id, "mtNum": "1", "status": 2, **body}) as answer:
        return answer.status


async def test_reports_become_states_and_a_repeated_one_is_one(service: Running) -> None:
    story = Story()
    delivery_id = DELIVERIES.of(story.message_id, 0, "SMS")
    assert await report(service, delivery_id) == 503  # faster than the plan: the platform sends it again
    await service.append(story.requested(chain=(SMS,)), posted(story))
    await service.until(story, lambda message: message["links"][0]["deliveries"], "planned")
    for _ in range(TWICE):
        assert await report(service, delivery_id, doneDate="2019-05-05T10:20:35+0300") == 200
    await service.until_state(story, "DELIVERED")
    assert await report(service, delivery_id, status="9", errorCode="0", doneDate="") == 200
    message = await service.until_state(story, "READ")
    assert reported(message) == [
        "SMS: delivered",
        "SMS: read",
    ]
    assert message["links"][0]["deliveries"][0]["deliveredAt"] == 1557040835000


async def test_the_platforms_failure_is_the_links(service: Running) -> None:
    story = Story()
    await service.append(story.requested(chain=(SMS,)), posted(story))
    await service.until(story, lambda message: message["links"][0]["deliveries"], "planned")
    assert await report(service, DELIVERIES.of(story.message_id, 0, "SMS"), status=5, errorCode="12") == 200
    message = await service.until_state(story, "REFUSED")
    assert message["reason"]["name"] == "oper-blacklisted"
    assert message["links"][0]["report"]["errorCode"] == 12


@pytest.mark.parametrize(
    ("callback", "status"), [("x" * 32, 404), (ELSEWHERE, 403), (OTHERS, 404)], ids=["unknown", "address", "another's"]
)
async def test_only_the_accounts_platform_may_report(service: Running, callback: str, status: int) -> None:
    story = Story()
    await service.append(story.requested(chain=(SMS,)), posted(story))
    await service.until(story, lambda message: message["links"][0]["deliveries"], "planned")
    assert await report(service, DELIVERIES.of(story.message_id, 0, "SMS"), callback) == status
    assert (await service.until_state(story, "PLANNED"))["state"] == "PLANNED"


@pytest.mark.parametrize("body", [{"status": None}, {"status": []}, {"id": None}])
async def test_what_is_no_report_is_400(service: Running, body: dict[str, Any]) -> None:
    assert await report(service, ids.uuid7(), **body) == 400


async def test_an_odd_report_counts_for_what_can_be_read_of_it(service: Running) -> None:
    story = Story()
    delivery_id = DELIVERIES.of(story.message_id, 0, "SMS")
    await service.append(story.requested(chain=(SMS,)), posted(story))
    await service.until(story, lambda message: message["links"][0]["deliveries"], "planned")
    assert await report(service, delivery_id, status=7) == 200  # a state that means nothing to us
    odd: dict[str, Any] = {"mtNum": None, "doneDate": None, "errorCode": " ", "partCount": "x", "text": {}}
    assert await report(service, delivery_id.upper(), status="DELIVRD", **odd) == 200
    message = await service.until_state(story, "DELIVERED")
    assert reported(message) == ["SMS: delivered"]


async def test_an_id_that_can_never_be_ours_is_404(service: Running) -> None:
    assert await report(service, "order 1") == 404


async def test_the_next_link_is_requested_in_its_lane_and_a_repeat_is_equal(service: Running) -> None:
    story = Story()
    refused = story.planned(reason=Reason.UNKNOWN_PHONE)
    await service.append(asked(story, awaiting("DELIVERED"), SMS))
    await service.until_state(story, "PLANNED")  # so that it is `refused` that decides
    await service.append(refused)
    await service.until(story, lambda seen: len(seen["links"]) == TWICE and seen["links"][1]["channel"], "the next")
    await service.append(refused)  # as after a crash between the save and the append
    following: list[MessageRequested] = []
    async with asyncio.timeout(20):
        while len(following) < TWICE:
            found = await all_events_of(service.settings, topics.MESSAGE_REQUESTED["single"])
            ours = [
                event for event in found if isinstance(event, MessageRequested) and event.message_id == story.message_id
            ]
            following = [event for event in ours if event.link == 1]
    assert following[0] == following[1]
    assert following[0].chain == (SMS,)


async def test_what_was_saved_is_counted_once_for_its_partner(service: Running) -> None:
    before = (await service.get("/v1/savings"))[1]["byChannel"].get("SMS", 0)
    story = Story()
    chain = asked(story, awaiting("DELIVERED", PUSH), SMS)
    events = [chain, story.planned("i-1"), story.receipt()]
    for _ in range(TWICE):
        await service.append(*events)
    await service.until_state(story, "DELIVERED")
    period = "from=0&to=2100-01-01"
    assert (await service.get(f"/v1/savings?{period}"))[1]["byChannel"] == {"SMS": before + 1}
    assert (await service.get(f"/v1/savings?{period}", basic("shop")))[1]["links"] == 0
    assert (await service.get("/v1/savings?from=x"))[0] == 400
    assert (await service.get("/v1/savings", basic("shop", "wrong")))[0] == 401
