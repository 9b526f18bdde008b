"""The status service on a real Kafka and a real MongoDB."""

from collections.abc import AsyncIterator

import pytest

from schemas import ids
from schemas.audit_events import Audited
from schemas.reasons import Reason
from schemas.topics import AUDIT_EVENTS
from schemas.values import Recipient
from services.runtime import mongo
from services.runtime.access.operator_tokens import OperatorTokens
from services.runtime.clock import now_ms
from services.runtime.crypto.master_key import Secrets
from services.runtime.directory import Directory
from services.runtime.looks import subject_of
from services.runtime.mongo.leases import Lease
from tests.conftest import Servers, own_settings
from tests.support.listening import ADMIN
from tests.support.log_reader import all_events_of
from tests.support.status_events import NOW, Story
from tests.support.status_service import BANK_UUID, Running, basic, partner, running


@pytest.fixture(scope="module")
async def service(stack_servers: Servers) -> AsyncIterator[Running]:
    async with running(own_settings(stack_servers), [partner(), partner("shop", uuid=ids.uuid7())]) as started:
        yield started


@pytest.mark.parametrize("reference", ["export", "reasons", "id:5"])
async def test_a_message_is_found_whatever_the_partner_has_called_it(service: Running, reference: str) -> None:
    story = Story(ids.message_id_of(BANK_UUID, reference))
    await service.append(story.requested(partner_ref=reference))
    await service.until(story, lambda seen: True, "known")
    for prefix in ("id:", "") if reference == "id:5" else ("id:",):
        status, message = await service.get(f"/v1/messages/{prefix}{reference}", service.auth)
        assert (status, message["messageId"]) == (200, story.message_id)
    assert (await service.get("/v1/messages/id:nobody-has-this", service.auth))[0] == 404


async def test_one_get_shows_the_whole_story(service: Running) -> None:
    story = Story(ids.message_id_of(BANK_UUID, "ref-1"))
    await service.append(
        story.requested(),
        story.planned("i-1", "i-2", skipped={"i-3": Reason.PUSH_DISABLED}),
        story.dispatched("i-1", "refused", detail="Unregistered"),
    )
    await service.append(story.dispatched("i-2"), story.receipt("i-2"), story.receipt("i-2", "read"))
    message = await service.until(story, lambda seen: seen["state"] == "READ" and len(seen["trace"]) == 6, "read")
    assert message["explanation"] == "PUSH was read on 1 of 2 devices."
    (link,) = message["links"]
    assert [delivery["state"] for delivery in link["deliveries"]] == ["REFUSED", "READ"]
    assert link["skipped"][0]["reason"]["errorCode"] == 23
    assert {entry["what"] for entry in message["trace"]} == {"requested", "planned", "attempt", "receipt"}
    for any_id in (ids.mt_num_of(story.message_id), "ref-1"):
        assert (await service.get(f"/v1/messages/{any_id}"))[1]["messageId"] == story.message_id


async def test_why_did_this_customer_not_get_it(service: Running) -> None:
    story = Story()
    skipped = {"i-1": Reason.PUSH_DISABLED, "i-2": Reason.BELOW_MIN_VERSION, "i-3": Reason.PUSH_DISABLED}
    await service.append(story.requested(), story.planned(skipped=skipped, reason=Reason.PUSH_DISABLED))
    message = await service.until_state(story, "REFUSED")
    assert message["explanation"] == (
        "PUSH was not delivered: pushes are switched off in the application or by an import (errorCode 23). "
        "Of 3 devices: on 2 — pushes are switched off in the application or by an import; "
        "on 1 — the application is older than the message needs."
    )


async def test_words_are_in_the_language_that_is_asked_for(service: Running) -> None:
    story = Story()
    await service.append(story.requested(), story.planned(skipped={"i-1": Reason.PUSH_DISABLED}))
    await service.until_state(story, "REFUSED")
    lists = f"/v1/messages?id={story.message_id}", f"/v1/messages/reasons?id={story.message_id}"
    for asked, language in (("ru-RU,ru;q=0.9,en;q=0.1", "ru"), ("de, en;q=0.5", "en"), ("x" * 4000, "en")):
        for path in (f"/v1/messages/{story.message_id}", *lists):
            headers = {**service.auth, "Accept-Language": asked}
            async with service.http.get(service.url + path, headers=headers) as answer:
                assert (answer.headers["Content-Language"], answer.headers["Vary"]) == (language, "Accept-Language")
                text = await answer.text()
            assert ("пуши отключены в приложении" in text) == (language == "ru"), text
            assert ("pushes are switched off in the application" in text) == (language == "en"), text


async def test_the_sweeper_reports_that_a_lifetime_has_passed_and_the_fold_decides(service: Running) -> None:
    story, kept = Story(), Story()
    soon = now_ms() + 300
    for each in (story, kept):
        await service.append(each.requested(), each.planned("i-1", expires_at=soon), each.dispatched())
    await service.append(kept.receipt())
    message = await service.until_state(story, "EXPIRED")
    assert message["reason"]["errorCode"] == 7
    assert sum(entry["what"] == "deadline" for entry in message["trace"]) == 1
    assert (await service.until_state(kept, "DELIVERED"))["state"] == "DELIVERED"


async def test_only_one_of_two_instances_sweeps(service: Running) -> None:
    async with mongo.database(service.settings) as database:
        first, other = Lease(database, "x", "one"), Lease(database, "x", "other")
        assert await first.hold(1000, 100)
        assert await first.hold(1050, 100)
        assert not await other.hold(1100, 100)
        assert await other.hold(1150, 100)
        await other.release()
        assert await first.hold(1151, 100)


async def test_a_lease_is_written_again_when_half_of_it_is_over(service: Running) -> None:
    async with mongo.database(service.settings) as database:
        lease = Lease(database, "seldom", "one")
        for now, until in ((1000, 1100), (1049, 1100), (1050, 1150), (1099, 1150), (1200, 1300), (1100, 1200)):
            assert await lease.hold(now, 100)
            found = await database["leases"].find_one({"_id": "seldom"})
            assert found is not None
            assert found["until"] == until  # the last one: the clock was put back


async def test_a_partner_sees_its_own_messages_only(service: Running) -> None:
    story = Story()
    await service.append(story.requested(), story.planned("i-1"))
    await service.until_state(story, "PLANNED")
    path = f"/v1/messages/{story.message_id}"
    assert (await service.get(path, basic("shop")))[0] == 404
    assert (await service.get(f"/v1/messages?id={story.message_id}", basic("shop")))[1]["messages"] == []
    assert (await service.get(path, ADMIN))[0] == 200


async def test_nobody_else_sees_anything(service: Running) -> None:
    for headers in (
        {},
        basic("bank", "wrong"),
        basic("nobody"),
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Basic !!!"},
        {"Authorization": "Basic /w=="},
        {"Authorization": "Basic"},
    ):
        for path in ("/v1/messages/x", "/v1/messages", "/v1/events"):
            status, problem = await service.get(path, headers)
            assert (status, bool(problem["title"])) == (401, True), headers


async def test_a_search_pages_through_what_fits_the_newest_first(service: Running) -> None:
    stories = [Story() for _ in range(5)]
    for number, story in enumerate(stories):
        request = story.requested(
            at=NOW + number // 2,
            extra_param="mailing=m,,1,kind=otp",
            partner_ref=f"n{number}",
            recipient=Recipient(phone="72105550000", external_user_id="searched"),
        )
        await service.append(request, story.planned("i-1"))
    for story in stories:
        await service.until_state(story, "PLANNED")
    found: list[str] = []
    cursor = ""
    while True:
        page = (await service.get(f"/v1/messages?phone=8-210-555-00-00&user=searched&limit=2{cursor}"))[1]
        found += [message["messageId"] for message in page["messages"]]
        if page["cursor"] is None:
            break
        cursor = f"&cursor={page['cursor']}"
    expected = sorted(range(5), key=lambda number: (NOW + number // 2, stories[number].message_id), reverse=True)
    assert found == [stories[number].message_id for number in expected]
    for query, count in [
        ("extra=mailing%3Dm%2C1", 5),
        ("extra=mailing", 0),
        ("state=SENT", 0),
        ("state=PLANNED", 5),
        (f"from={NOW + 1}", 3),
        (f"to={NOW + 1}", 2),
        ("from=2027-01-15T08:00:00.001Z", 3),
        ("from=2027-01-15T11:00:00.001%2B03:00", 3),
        ("id=n3", 1),
        (f"id={ids.mt_num_of(stories[0].message_id)}", 1),
        ("phone=%2B72105550000", 5),
        ("phone=+72105550000", 5),
        ("phone=72105550001", 0),
        ("user=searched", 5),
    ]:
        own = "" if query.startswith(("phone", "user")) else "&user=searched"
        page = (await service.get(f"/v1/messages?{query}{own}"))[1]
        assert len(page["messages"]) == count, query


async def test_both_lanes_are_folded_and_events_of_all_topics_meet(service: Running) -> None:
    story = Story(lane="bulk")
    await service.append(story.receipt(), story.dispatched())
    await service.append(story.planned("i-1"))
    await service.append(story.requested())
    message = await service.until(story, lambda seen: seen["text"] == "hello", "request")
    assert (message["state"], message["lane"]) == ("DELIVERED", "bulk")


async def test_two_who_change_one_message_both_count(service: Running) -> None:
    """A message whose id came over both lanes has two consumers, and so may one after a rebalance."""
    stories = [Story() for _ in range(20)]
    for story in stories:
        other = Story(story.message_id, lane="bulk")
        await service.append(
            story.requested(),
            other.receipt(),
            story.planned("i-1", "i-2"),
            other.receipt("i-2", "read"),
            story.dispatched("i-1"),
        )
    for story in stories:
        message = await service.until(story, lambda seen: len(seen["trace"]) == 5, "all five")
        assert message["state"] == "READ"


async def test_a_poisoned_event_ends_its_message_and_the_next_one_is_folded(service: Running) -> None:
    bad, good = Story(), Story()
    huge = bad.planned("i-1").replace(expires_at=2**70)
    await service.append(bad.requested(), huge, good.requested(), good.planned("i-1"))
    message = await service.until_state(bad, "REFUSED")
    assert message["reason"]["errorCode"] == 1
    await service.until_state(good, "PLANNED")


async def test_an_operators_look_is_in_the_audit_trail_and_a_masked_answer_shows_nobody(service: Running) -> None:
    phone, user, text = "72105550067", "client-4242", "hello"
    story = Story()
    request = story.requested(partner_ref="looked", recipient=Recipient(phone=phone, external_user_id=user))
    await service.append(request, story.planned("i-1"))
    await service.until_state(story, "PLANNED")
    before = len(await looks(service))
    for query in ("", f"?phone={phone}&", "/export?partner=bank&"):
        masked = await read(service, f"/{story.message_id}?masked=true" if not query else f"{query}masked=true")
        assert not any(value in masked for value in (phone, user, text)), masked
        assert str(story.message_id) in masked
        plain = await read(service, f"/{story.message_id}" if not query else query.rstrip("&"))
        assert all(value in plain for value in (phone, user, text))
    found = (await looks(service))[before:]
    assert sorted((event.look, event.route) for event in found) == [
        ("look", "/v1/messages"),
        ("look", "/v1/messages/export"),
        ("look", "/v1/messages/{any_id}"),
        ("search", "/v1/messages"),
    ]
    subject = subject_of(OperatorTokens(Directory(), secrets_of(service), "").fingerprint, "phone", phone)
    assert [event.look for event in found if subject in event.subjects].count("look") == 2
    assert not any(value in str(found) for value in (phone, user, text))


async def read(service: Running, rest: str) -> str:
    """The answer to an operator, as text."""
    async with service.http.get(f"{service.operators_url}/v1/messages{rest}", headers=ADMIN) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.text()


async def looks(service: Running) -> list[Audited]:
    events = await all_events_of(service.settings, AUDIT_EVENTS)
    return [event for event in events if isinstance(event, Audited) and event.look]


def secrets_of(service: Running) -> Secrets:
    return Secrets(service.settings.master_key, service.settings.old_master_keys)
