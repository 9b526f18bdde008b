"""The in-app history on a real Kafka and a real MongoDB."""

from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Any

import orjson
import pytest

from schemas import ids
from schemas.events import InboxChanged
from schemas.values import Content, SecureValues
from services.runtime import mongo
from services.runtime.clock import now_ms
from services.runtime.crypto.master_key import Secrets
from services.runtime.log.batch_consumer import Record
from services.runtime.mongo.hour_keys import HourKeys, hour_of, seal_values
from services.status.consumer import FoldStep
from services.status.history import Inbox
from services.status.history.service import InboxProjection
from services.status.message import Messages
from tests.conftest import Servers, own_settings
from tests.support.deliveries import DELIVERIES
from tests.support.status_devices import APPLICATION, Phone, shows
from tests.support.status_events import NOW, Story
from tests.support.status_service import Running, partner, running, topic_of
from tests.support.waiting import eventually

HOUR_MS = 3_600_000


@pytest.fixture(scope="module")
async def service(stack_servers: Servers) -> AsyncIterator[Running]:
    async with running(own_settings(stack_servers), [partner(), APPLICATION]) as started:
        yield started


async def listed(phone: Phone, query: str = "") -> Any:
    status, page = await phone.call("GET", f"/history?{query}")
    assert status == 200, page
    return page


async def ids_of(phone: Phone, query: str = "") -> list[str]:
    return [entry["messageId"] for entry in (await listed(phone, query))["entries"]]


async def sent(phone: Phone, *others: Phone, at: int = NOW, text: str = "hello", **content: Any) -> Story:
    """One push to these phones, once the history of the first has it."""
    story = Story()
    phones = [phone.installation_id, *(other.installation_id for other in others)]
    plan = story.planned(*phones, owner=phone.owner, send_at=at, expires_at=now_ms() + HOUR_MS)
    await phone.service.append(story.requested(**shows(Content(text=text, **content))), plan)

    async def is_listed() -> bool:
        return (await phone.peek(story)) is not None

    await eventually(is_listed, "an entry of the history")
    return story


async def a_user(service: Running, count: int = 1) -> list[Phone]:
    user = ids.uuid7()
    return [await Phone(service, user).store() for _ in range(count)]


async def test_pages_go_from_the_newest_to_the_oldest(service: Running) -> None:
    (phone,) = await a_user(service)
    stories = [await sent(phone, at=NOW + number // 2) for number in range(5)]
    order = sorted(range(5), key=lambda number: (NOW + number // 2, stories[number].message_id), reverse=True)
    found, cursor = [], ""
    while True:
        page = await listed(phone, f"limit=2{cursor}")
        found += [entry["messageId"] for entry in page["entries"]]
        if page["cursor"] is None:
            break
        cursor = f"&cursor={page['cursor']}"
    assert found == [stories[number].message_id for number in order]
    assert await ids_of(phone, f"from={NOW + 1}&to={NOW + 2}") == [stories[n].message_id for n in order if n in (2, 3)]


async def test_an_entry_shows_what_the_push_showed_in_the_end(service: Running) -> None:
    (phone,) = await a_user(service)
    story = await sent(phone, title="Old", enrichment='{"title":"New"}')
    entry = (await listed(phone))["entries"][0]
    assert entry == (await phone.call("GET", f"/history/{story.message_id}"))[1] | {"deliveredAt": entry["deliveredAt"]}
    assert (entry["title"], entry["text"], entry["status"], entry["sentAt"]) == ("New", "hello", "New", NOW)
    assert entry["deliveryId"] == DELIVERIES.of(story.message_id, 0, phone.installation_id)


async def test_a_device_reads_what_it_wrote(service: Running) -> None:
    phone, other = await a_user(service, 2)
    first, second, third = [await sent(phone, at=NOW + number) for number in range(3)]
    refs = [{"messageId": story.message_id} for story in (first, second, Story())]
    status, answer = await phone.call("POST", "/history/status", {"status": "Seen", "entries": refs})
    assert (status, [result["found"] for result in answer["results"]]) == (200, [True, True, False])
    assert await ids_of(other, "status=Seen") == [second.message_id, first.message_id]
    assert await ids_of(other, "status=New") == [third.message_id]
    await other.call("POST", "/history/status", {"status": "New", "entries": refs[:1]})
    assert await ids_of(phone, "status=Seen") == [second.message_id]
    assert (await phone.call("DELETE", f"/history/{second.message_id}"))[0] == 204
    assert (await phone.call("DELETE", f"/history/{second.message_id}"))[0] == 204, "a repeat is harmless"
    assert (await phone.call("GET", f"/history/{second.message_id}"))[0] == 404
    status, answer = await other.call("POST", "/history/delete", {"entries": refs})
    assert [result["found"] for result in answer["results"]] == [True, True, False]
    assert await ids_of(other) == [third.message_id]


async def test_changes_are_events_that_stand_in_the_trace_once(service: Running) -> None:
    (phone,) = await a_user(service)
    story = await sent(phone)
    body = {"status": "Seen", "entries": [{"messageId": story.message_id}] * 3}
    for _ in range(3):
        assert (await phone.call("POST", "/history/status", body))[0] == 200

    message = await service.until(story, lambda seen: any(e["what"] == "inbox" for e in seen["trace"]), "in the trace")
    assert [entry["detail"] for entry in message["trace"] if entry["what"] == "inbox"] == ["seen"]


async def test_a_change_that_was_appended_and_not_applied_is_folded_by_the_consumer(service: Running) -> None:
    """As after a kill between the log and the database."""
    (phone,) = await a_user(service)
    story = await sent(phone)
    seen = InboxChanged(
        event_id=ids.uuid7(),
        at=now_ms(),
        message_id=story.message_id,
        partner_id="bank",
        owner=phone.owner,
        installation_id=phone.installation_id,
        change="seen",
    )
    await service.append(seen, seen)

    async def is_seen() -> bool:
        entry = await phone.peek(story)
        return entry is not None and entry["status"] == "Seen"

    await eventually(is_seen, "an entry that was seen")


async def test_the_history_goes_with_the_user_and_not_with_the_installation(service: Running) -> None:
    (old,) = await a_user(service)
    story = await sent(old)
    new = await Phone(service, old.user).store()
    assert await ids_of(new) == [story.message_id]
    for other in (Phone(service, "somebody-else", old.installation_id), Phone(service, None, old.installation_id)):
        await other.store()
        assert await ids_of(other) == []
        assert (await other.call("GET", f"/history/{story.message_id}"))[0] == 404
        assert (await other.call("DELETE", f"/history/{story.message_id}"))[0] == 404


async def test_what_a_planned_installation_pulls_is_delivered_once_and_what_others_pull_is_not(
    service: Running,
) -> None:
    phone, other = await a_user(service, 2)
    story = await sent(phone)
    await ids_of(other)
    for _ in range(3):
        await ids_of(phone)
    message = await service.until_state(story, "DELIVERED")
    await service.append(story.receipt(phone.installation_id, "read"))
    message = await service.until_state(story, "READ")
    receipts = [(entry["detail"], entry["installationId"]) for entry in message["trace"] if entry["what"] == "receipt"]
    assert receipts == [("delivered: pull", phone.installation_id), ("read", phone.installation_id)]

    async def is_seen() -> bool:
        (entry,) = (await listed(phone))["entries"]
        return (entry["status"], bool(entry["deliveredAt"]), bool(entry["readAt"])) == ("Seen", True, True)

    await eventually(is_seen, "an entry that was read", look_s=0.5)


async def test_secure_values_are_read_until_the_end_and_by_the_phones_they_were_sent_to(service: Running) -> None:
    phone, late = await a_user(service, 2)
    story = Story()
    hour = hour_of(now_ms()) + 1
    async with mongo.database(service.settings) as database:
        key = await HourKeys(database["hour_keys"], Secrets(service.settings.master_key)).create(hour, now_ms())
    secure = SecureValues(names=("code",), hour=hour, sealed=seal_values(key, story.message_id, {"code": "8317"}))
    asked = story.requested(**shows(Content(text="%code%", secure=secure)))
    for expires_at, values in [(now_ms() + HOUR_MS, {"code": "8317"}), (now_ms() - 1, None)]:
        again = Story(story.message_id) if values else Story()
        request = asked.replace(message_id=again.message_id, event_id=again.requested().event_id)
        plan = again.planned(phone.installation_id, owner=phone.owner, expires_at=expires_at)
        await service.append(request, plan)
        await eventually(partial(phone.peek, again), "an entry, written behind the message")
        entry = (await phone.call("GET", f"/history/{again.message_id}"))[1]
        assert (entry["text"], entry["secure"]) == ("%code%", {"names": ["code"], "values": values})
        assert (await late.call("GET", f"/history/{again.message_id}"))[1]["secure"]["values"] is None


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/history?limit=0", None),
        ("GET", "/history?limit=101", None),
        ("GET", "/history?status=Read", None),
        ("GET", "/history?from=yesterday", None),
        ("GET", "/history?cursor=AAAA", None),
        ("GET", "/history/x", None),
        ("POST", "/history/status", {"status": "Read", "entries": [{"messageId": ids.uuid7()}]}),
        ("POST", "/history/status", {"status": "Seen", "entries": []}),
        ("POST", "/history/delete", {"entries": [{"messageId": ids.uuid7()}] * 101}),
        ("POST", "/history/delete", {"entries": [{"messageId": "x"}]}),
    ],
)
async def test_bad_input_names_the_field(service: Running, method: str, path: str, body: object) -> None:
    status, problem = await (await Phone(service).store()).call(method, path, body)
    assert (status, len(problem["errors"])) == (400, 1)


async def test_a_rebuild_gives_equal_entries(service: Running) -> None:
    (phone,) = await a_user(service)
    story = Story()
    events = [
        story.requested(**shows(Content(text="hello"))),
        story.planned(phone.installation_id, owner=phone.owner, expires_at=now_ms() + HOUR_MS),
        story.receipt(phone.installation_id),
        story.receipt(phone.installation_id, "read"),
    ]
    settings = service.settings.model_copy(update={"mongo_database": f"{service.settings.mongo_database}-r"})
    async with mongo.database(settings) as database:
        inbox, fallen = Inbox(database), []
        for batches in ([events], [[event] for event in reversed(events)], [events[2:], events, events[:1]]):
            folding = FoldStep(Messages(database), [], projections=[InboxProjection(inbox)])
            for batch in batches:
                follows = await folding.step(_records(batch))
                assert follows.project is not None
                await follows.project()
            fallen.append(await database["inbox"].find({}, {"revision": 0}).to_list(None))
            await database.client.drop_database(settings.mongo_database)
    assert len(fallen[0]) == 1
    assert fallen[0] == fallen[1] == fallen[2]


def _records(events: Sequence[Any]) -> list[Record]:
    return [
        Record(topic_of(event), 0, place, key=event.message_id, event=event, raw=b"")
        for place, event in enumerate(events)
    ]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/history", None),
        ("GET", "/history/{}", None),
        ("DELETE", "/history/{}", None),
        ("POST", "/history/delete", {"entries": [{"messageId": "{}"}]}),
        ("POST", "/history/status", {"status": "Seen", "entries": [{"messageId": "{}"}]}),
    ],
)
async def test_an_owner_without_proof_reads_and_changes_nothing(
    service: Running, method: str, path: str, body: object
) -> None:
    (phone,) = await a_user(service)
    story = await sent(phone)
    stranger = await Phone(service, phone.user, proved=False).store()
    filled = orjson.loads(orjson.dumps(body).replace(b"{}", story.message_id.encode()))
    status, answer = await stranger.call(method, path.format(story.message_id), filled)
    assert (status, answer["type"]) == (403, "proof-required")
    assert "text" not in answer
    entry = await phone.peek(story)
    assert entry is not None
    assert (entry["status"], entry["deleted"]) == ("New", False)


async def test_an_installation_that_nobody_is_logged_in_on_reads_its_own_history(service: Running) -> None:
    phone = await Phone(service, proved=False).store()
    story = await sent(phone)
    assert [entry["messageId"] for entry in (await listed(phone))["entries"]] == [story.message_id]
