"""The content route on a real Kafka and a real MongoDB: who gets it, until when, and how often."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from schemas.values import Content, SecureValues
from services.runtime import mongo
from services.runtime.clock import now_ms
from services.runtime.crypto.master_key import Secrets
from services.runtime.mongo.hour_keys import HourKeys, hour_of, seal_values
from services.status.history.access import PACE
from tests.conftest import Servers, own_settings
from tests.support.status_devices import APPLICATION, Phone, shows
from tests.support.status_events import Story
from tests.support.status_service import Running, partner, running

SOON_MS = 60_000


@pytest.fixture(scope="module")
async def service(stack_servers: Servers) -> AsyncIterator[Running]:
    async with running(own_settings(stack_servers), [partner(), APPLICATION]) as started:
        yield started


async def sent(phone: Phone, content: Content, expires_at: int | None = None, owner: str | None = None) -> Story:
    story = Story()
    until = now_ms() + SOON_MS if expires_at is None else expires_at
    planned = story.planned(phone.installation_id, owner=phone.owner if owner is None else owner, expires_at=until)
    await phone.service.append(story.requested(**shows(content)), planned)
    await phone.service.until(
        story, lambda message: bool(message["text"] and message["links"][0]["deliveries"]), "sent"
    )
    return story


async def secure(service: Running, story: Story, hour: int) -> SecureValues:
    async with mongo.database(service.settings) as database:
        keys = HourKeys(database["hour_keys"], Secrets(service.settings.master_key))
        sealed = seal_values(await keys.create(hour, now_ms()), story.message_id, {"code": "8317"})
    return SecureValues(names=("code",), hour=hour, sealed=sealed)


async def test_the_whole_of_a_message_is_answered_with_its_enrichment(service: Running) -> None:
    phone = await Phone(service, "u-1").store()
    story = await sent(
        phone, Content(text="long", enrichment='{"title": "New", "custom-payload": 18446744073709551616}')
    )
    status, answer = await phone.content(story)
    assert (status, answer["title"], answer["text"]) == (200, "New", "long")
    assert (answer["customPayload"], answer["secure"], answer["messageId"]) == (
        "18446744073709551616",
        None,
        story.message_id,
    )


async def test_a_message_whose_lifetime_has_passed_is_gone(service: Running) -> None:
    phone = await Phone(service, "u-1").store()
    story = await sent(phone, Content(text="old"), expires_at=now_ms() - 1)
    assert (await phone.content(story))[0] == 410


async def test_values_whose_key_is_gone_have_expired(service: Running) -> None:
    phone, story = await Phone(service, "u-1").store(), Story()
    kept = await secure(service, story, hour_of(now_ms()) + 1)
    plan = story.planned(phone.installation_id, owner=phone.owner, expires_at=now_ms() + SOON_MS)
    await service.append(story.requested(**shows(Content(text="%code%", secure=kept))), plan)
    await service.until(story, lambda message: bool(message["text"] and message["links"][0]["deliveries"]), "sent")
    status, answer = await phone.content(story)
    assert (status, answer["secure"]) == (200, {"names": ["code"], "values": {"code": "8317"}})
    past = SecureValues(names=("code",), hour=hour_of(now_ms()) - 1, sealed=kept.sealed)
    gone = await sent(phone, Content(text="%code%", secure=past))
    assert (await phone.content(gone))[0] == 410


async def test_strangers_and_former_owners_learn_nothing(service: Running) -> None:
    mine, other = await Phone(service, "u-1").store(), await Phone(service, "u-1").store()
    story = await sent(mine, Content(text="t"))
    refused = [await other.content(story), await mine.content(Story()), await mine.content(story, link=1)]
    await Phone(service, "u-2", mine.installation_id).store()
    refused.append(await mine.content(story))
    await Phone(service, None, mine.installation_id).store()
    refused.append(await mine.content(story))
    assert [status for status, _ in refused] == [404] * 5
    assert all(problem == refused[0][1] for _, problem in refused)


@pytest.mark.parametrize("auth", [{"Authorization": "Bearer x"}, {"Authorization": "Basic eDp5"}, {"X": "y"}])
async def test_a_device_needs_its_credential(service: Running, auth: dict[str, str]) -> None:
    phone = await Phone(service, "u-1").store()
    path = f"/messages/{Story().message_id}/content"
    assert (await phone.call("GET", path, auth=auth))[0] == 401
    assert (await phone.call("GET", path, auth=(await Phone(service).store()).auth))[0] == 401


async def test_no_device_can_act_for_an_imported_installation(service: Running) -> None:
    phone = await Phone(service).store(proof_hash="")
    empty = Secrets(service.settings.master_key).credential(phone.installation_id, "app")
    for auth in (phone.auth, {"Authorization": f"Bearer {empty}"}):
        assert (await phone.call("GET", f"/messages/{Story().message_id}/content", auth=auth))[0] == 401


@pytest.mark.parametrize("path", ["/messages/x/content", f"/messages/{UUID(int=1)}/content?link=-1"])
async def test_bad_input_names_the_field(service: Running, path: str) -> None:
    status, problem = await (await Phone(service).store()).call("GET", path)
    assert (status, len(problem["errors"])) == (400, 1)


async def test_one_device_that_asks_too_often_harms_no_other(service: Running) -> None:
    phone, other = await Phone(service).store(), await Phone(service).store()
    answers = [(await phone.content(Story()))[0] for _ in range(PACE.burst * 3)]
    assert answers[: PACE.burst] == [404] * PACE.burst
    assert 429 in answers
    assert (await other.content(Story()))[0] == 404


async def test_an_owner_without_proof_gets_only_what_the_push_had(service: Running) -> None:
    phone = await Phone(service, "u-1", proved=False).store()
    rich = Content(text="Your code is %code%", enrichment='{"message": "only for the owner"}')
    story = Story()
    values = await secure(service, story, hour_of(now_ms() + SOON_MS))
    planned = story.planned(phone.installation_id, owner=phone.owner, expires_at=now_ms() + SOON_MS)
    await service.append(story.requested(**shows(rich.replace(secure=values))), planned)
    await service.until(story, lambda message: bool(message["text"] and message["links"][0]["deliveries"]), "sent")
    status, answer = await phone.content(story)
    assert (status, answer["text"], answer["secure"]) == (
        200,
        "Your code is %code%",
        {"names": ["code"], "values": None},
    )
    assert "only for the owner" not in str(answer)
    assert "8317" not in str(answer)
    await Phone(service, "u-1", installation_id=phone.installation_id).store()
    assert (await phone.content(story))[1]["secure"]["values"] == {"code": "8317"}
