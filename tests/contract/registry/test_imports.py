"""Bringing tokens in on real Kafka and MongoDB: what a line makes, and what goes along with the token to the app."""

import asyncio
import random
import uuid
from collections.abc import AsyncIterator, Mapping
from typing import Any

import orjson
import pytest

from schemas import codec, ids
from schemas.device_events import DeviceEvent, InstallationReplaced, Installed, SettingsChanged
from schemas.topics import APPLICATION_EVENTS, DEVICE_EVENTS
from services.registry.devices import import_id
from services.registry.devices.consumers import DeviceConsumers
from services.registry.devices.store import DeviceStore
from services.runtime import mongo
from services.runtime.log.batch_consumer import Record
from services.runtime.log.kafka import Append
from services.runtime.mongo import Document
from tests.conftest import Servers, own_settings
from tests.support.listening import ADMIN
from tests.support.log_reader import all_events_of
from tests.support.proofs import Backend
from tests.support.registry_app import Phone, Registry, registry
from tests.support.waiting import eventually

NEWS_OFF, OFFERS_ON = {"id": "news", "value": False}, {"id": "offers", "value": True}
ALL_OFF = ["pushEnabled", "pushOsEnabled", "news"]
OPTED_OUT = {"pushEnabled": False, "pushOsEnabled": False, "subscriptions": [NEWS_OFF, OFFERS_ON]}


@pytest.fixture(scope="module")
async def here(stack_servers: Servers) -> AsyncIterator[Registry]:
    async with registry(own_settings(stack_servers)) as opened:
        yield opened


def name() -> str:
    return f"n{uuid.uuid4().hex[:12]}"


def new_token() -> dict[str, object]:
    return {"provider": "fcm", "token": uuid.uuid4().hex}


def imported_id(token: Mapping[str, object]) -> str:
    return import_id("app", f"fcm/{token['token']}")


async def call(here: Registry, method: str, path: str, **more: Any) -> Any:
    headers = ADMIN | more.pop("headers", {})
    return await here.client.request(method, f"/v1{path}", headers=headers, **more)


async def ok(here: Registry, path: str) -> Any:
    answer = await call(here, "GET", path)
    assert answer.is_success, answer.text
    return answer.json()


async def support(here: Registry, installation_id: str) -> Any:
    return await ok(here, f"/installations/{installation_id}")


async def taken_over(here: Registry, token: Mapping[str, object]) -> Phone:
    """The app's own installation, which has just registered the token."""
    phone = await here.installed()
    await phone.ok("PUT", "/token", token)
    return phone


async def device_events(here: Registry, *installation_ids: str) -> list[DeviceEvent]:
    found = await all_events_of(here.settings, DEVICE_EVENTS)
    return [event for event in found if isinstance(event, DeviceEvent) and event.installation_id in installation_ids]


async def import_lines(here: Registry, *lines: object, query: str = "") -> Any:
    content = b"\n".join(line if isinstance(line, bytes) else orjson.dumps(line) for line in lines)
    headers = {"Content-Type": "application/x-ndjson"}
    path = f"/installations/import?applicationId=app{query}"
    answer = await call(here, "POST", path, content=content, headers=headers)
    assert answer.is_success, answer.text
    return answer.json()


async def test_an_import_reports_each_bad_line_and_may_be_repeated(here: Registry) -> None:
    user, tokens = name(), [uuid.uuid4().hex for _ in range(3)]
    lines: list[object] = [
        {"provider": "apns", "token": tokens[0] * 2, "externalUserId": user, "phone": "89161112233"},
        {"provider": "fcm", "token": tokens[1], "externalUserId": user, "pushEnabled": False},
        b"not json",
        {"provider": "fcm", "token": "x y"},
        {"provider": "fcm", "token": tokens[2], "phone": "abc"},
        {"provider": "fcm", "token": tokens[1]},
        b"",
    ]
    first = await import_lines(here, *lines, query="&firstLine=101")
    assert (first["lines"], first["imported"], first["known"]) == (6, 2, 1)
    assert [(bad["line"], bad["field"]) for bad in first["bad"]] == [(103, "body"), (104, "token"), (105, "phone")]
    again = await import_lines(here, *lines)
    assert (again["imported"], again["known"]) == (0, 3)
    found = (await ok(here, f"/installations?user={user}"))["installations"]
    assert {(installation["platform"], installation["pushEnabled"]) for installation in found} == {
        ("ios", True),
        ("android", False),
    }


async def test_a_dry_run_answers_what_an_import_would_and_stores_nothing(here: Registry) -> None:
    token, other = new_token(), new_token()
    await import_lines(here, token)
    lines = [token, other, token | {"pushEnabled": False}, new_token() | {"phone": "12"}]
    dry = await import_lines(here, *lines, query="&dryRun=true")
    assert (dry["imported"], dry["known"], [bad["field"] for bad in dry["bad"]]) == (1, 2, ["phone"])
    assert (await call(here, "GET", f"/installations/{imported_id(other)}")).status_code == 404
    assert await import_lines(here, *lines) == dry


async def test_an_import_never_takes_a_token_from_a_device(here: Registry) -> None:
    phone, token = await here.installed(), {"provider": "fcm", "token": uuid.uuid4().hex}
    await phone.ok("PUT", "/token", token)
    assert (await import_lines(here, token))["known"] == 1
    assert (await phone.ok("GET"))["token"] is not None


async def test_an_import_logs_nobody_in_on_what_a_stranger_has_installed(here: Registry) -> None:
    token, user = {"provider": "fcm", "token": uuid.uuid4().hex}, name()
    thief = here.phone()  # knows the token, and how ids of imports are made
    thief.installation_id = import_id("app", f"fcm/{token['token']}")
    assert (await thief.install()).status_code == 201
    assert (await import_lines(here, token | {"externalUserId": user}))["known"] == 1
    seen = await thief.ok("GET")
    assert (seen["externalUserId"], seen["token"]) == (None, None)


async def test_an_import_has_limits_that_it_names(here: Registry) -> None:
    path, headers = "/installations/import?applicationId=app", {"Content-Type": "application/x-ndjson"}
    assert (await call(here, "POST", path, content=b"{}\n" * 6000, headers=headers)).status_code == 413
    assert (await call(here, "POST", path, content=b"x" * 5_000_000, headers=headers)).status_code == 413
    assert (await call(here, "POST", path, json={})).status_code == 415
    [bad] = (await import_lines(here, b"x" * 20_000))["bad"]
    assert "16384" in bad["rule"]


async def test_what_an_import_forbids_goes_along_when_the_app_takes_its_token_over(here: Registry) -> None:
    token, user = new_token(), name()
    await import_lines(here, token | OPTED_OUT | {"externalUserId": user, "phone": "+79161230000"})
    phone = await taken_over(here, token)
    seen = await support(here, phone.installation_id)
    assert (seen["pushEnabled"], seen["pushOsEnabled"]) == (False, False)
    assert [(entry["id"], entry["value"]) for entry in seen["subscriptions"]] == [("news", False)]
    assert seen["forbiddenByImport"] == ALL_OFF
    assert (seen["externalUserId"], seen["phone"], seen["imported"]) == (None, None, False)
    assert seen["token"] is not None


async def test_the_imported_installation_ends_and_one_device_is_shown_and_counted(here: Registry) -> None:
    async with registry(here.settings.model_copy(update={"mongo_database": name()})) as alone:
        token, user = new_token(), name()
        await import_lines(alone, token | OPTED_OUT | {"externalUserId": user})
        phone = await taken_over(alone, token)
        found = await ok(alone, f"/installations?user={user}")
        assert found["installations"] == []
        [gone] = found["gaveWay"]
        assert (gone["installationId"], gone["replacedBy"]) == (imported_id(token), phone.installation_id)
        assert (gone["token"], gone["externalUserId"], gone["imported"]) == (None, None, True)
        prohibitions = await ok(alone, "/applications/app/prohibitions")
        assert [(count["forbidden"], count["installations"]) for count in prohibitions["now"]] == [(1, 1)]
        assert sum(day["forbiddenBySdk"] for day in prohibitions["days"]) == 1
        [news] = [entry for entry in await ok(alone, "/applications/app/subscriptions") if entry["id"] == "news"]
        assert (news["on"], news["off"], news["unsaid"]) == (0, 1, 0)
        await alone.database.client.drop_database(alone.settings.mongo_database)


async def test_a_stranger_who_registers_an_imported_token_learns_nothing(here: Registry) -> None:
    token = new_token()
    await import_lines(here, token | OPTED_OUT | {"externalUserId": name(), "phone": "+79161230001"})
    thief, other = await here.installed(deviceId="d1"), await here.installed(deviceId="d1")
    answers: list[list[Any]] = []
    for phone, registered in ((thief, token), (other, new_token())):
        seen = [await phone.ok("PUT", "/token", registered), await phone.ok("GET"), await phone.ok("GET", "/profile")]
        answers.append([*seen, await phone.ok("GET", "/subscriptions")])
        assert seen[1]["updatedAt"] == seen[0]["updatedAt"] == seen[0]["token"]["registeredAt"]
    own = {"installationId", "installedAt", "lastUsedAt", "updatedAt", "token"}
    for stolen, new in zip(*answers, strict=True):
        if isinstance(stolen, dict):
            stolen, new = ({key: view[key] for key in view if key not in own} for view in (stolen, new))
        assert stolen == new
    assert (await support(here, thief.installation_id))["forbiddenByImport"]
    await import_lines(here, token | OPTED_OUT | {"subscriptions": [{"id": "more", "value": False}]})
    assert await thief.ok("GET") == answers[0][1]


@pytest.mark.parametrize("is_before", [True, False])
async def test_what_the_app_says_itself_beats_the_import(here: Registry, is_before: bool) -> None:
    token, choice = new_token(), {"pushEnabled": True, "subscriptions": [{"id": "news", "value": True}]}
    await import_lines(here, token | OPTED_OUT)
    phone = await here.installed()
    for path, body in (
        [("/settings", choice), ("/token", token)] if is_before else [("/token", token), ("/settings", choice)]
    ):
        await phone.ok("PUT", path, body)
    for _ in range(2):
        seen = await support(here, phone.installation_id)
        assert (seen["pushEnabled"], seen["pushOsEnabled"], seen["forbiddenByImport"]) == (
            True,
            False,
            ["pushOsEnabled"],
        )
        assert [(entry["id"], entry["value"]) for entry in seen["subscriptions"]] == [("news", True)]
        assert (await import_lines(here, token | OPTED_OUT))["known"] == 1  # nor does a repeat reset the app's choice


async def test_an_app_that_was_first_is_told_what_a_later_import_forbids(here: Registry) -> None:
    token = new_token()
    phone = await taken_over(here, token)
    await phone.ok("PUT", "/settings", {"pushOsEnabled": True})
    before = await support(here, phone.installation_id)
    counts = await import_lines(here, token | OPTED_OUT | {"externalUserId": name()})
    assert (counts["imported"], counts["known"]) == (1, 0)
    seen = await support(here, phone.installation_id)
    assert seen["forbiddenByImport"] == ["pushEnabled", "news"]
    assert (seen["pushOsEnabled"], seen["externalUserId"], seen["lastUsedAt"]) == (True, None, before["lastUsedAt"])
    assert (await call(here, "GET", f"/installations/{imported_id(token)}")).status_code == 404
    assert (await import_lines(here, token | OPTED_OUT))["known"] == 1


async def test_a_repeated_import_brings_nothing_back(here: Registry) -> None:
    token, user = new_token(), name()
    await import_lines(here, token | OPTED_OUT)
    phone = await taken_over(here, token)
    ghost = await support(here, imported_id(token))
    assert (await import_lines(here, token | OPTED_OUT | {"externalUserId": user}))["known"] == 1
    await phone.ok("PUT", "/token", new_token())
    await here.database["tokens"].delete_many({})  # as after 37 days
    assert (await import_lines(here, token | OPTED_OUT | {"externalUserId": user}))["known"] == 1
    assert await support(here, imported_id(token)) == ghost
    assert (await ok(here, f"/installations?user={user}"))["installations"] == []


async def test_a_later_import_may_forbid_more_and_allows_nothing_again(here: Registry) -> None:
    token, other = new_token(), new_token()
    await import_lines(here, token | {"pushEnabled": True}, other | {"subscriptions": [NEWS_OFF]})
    phone = await taken_over(here, token)
    assert (await support(here, phone.installation_id))["pushEnabled"]
    counts = await import_lines(here, token | OPTED_OUT, other | {"pushEnabled": False})
    assert counts["imported"] == 2
    for installation_id in (phone.installation_id, imported_id(other)):
        assert {"pushEnabled", "news"} <= {*(await support(here, installation_id))["forbiddenByImport"]}
    on = {"pushEnabled": True, "subscriptions": [{"id": "news", "value": True}]}
    assert (await import_lines(here, token | on, other | on))["known"] == 2
    for installation_id in (phone.installation_id, imported_id(other)):
        assert {"pushEnabled", "news"} <= {*(await support(here, installation_id))["forbiddenByImport"]}
    await phone.ok("PUT", "/settings", {"pushEnabled": True})
    await import_lines(here, token | OPTED_OUT)
    assert (await support(here, phone.installation_id))["pushEnabled"]


async def test_the_word_of_an_import_stays_with_the_token_until_an_app_has_spoken(here: Registry) -> None:
    token = new_token()
    await import_lines(here, token | OPTED_OUT)
    await taken_over(here, token)
    silent = await taken_over(here, token)
    assert (await support(here, silent.installation_id))["forbiddenByImport"] == [
        "pushEnabled",
        "pushOsEnabled",
        "news",
    ]
    await silent.ok("PUT", "/settings", {"pushEnabled": True, "pushOsEnabled": True})
    after = await taken_over(here, token)
    assert (await support(here, after.installation_id))["forbiddenByImport"] == ["news"]
    assert (await support(here, imported_id(token)))["replacedBy"] != after.installation_id


async def test_an_owner_comes_with_a_login_alone_and_the_trace_names_what_gave_way(here: Registry) -> None:
    backend, user = Backend(), name()
    app = here.directory.applications["app"]
    changed = app.replace(event_id=ids.uuid7(), at=app.at + 1, identity_keys=(backend.identity_key,))
    await here.sink.append([Append(APPLICATION_EVENTS, changed.entity_key, changed)])
    await eventually(lambda: here.directory.applications["app"].event_id == changed.event_id)
    token = new_token()
    await import_lines(here, token | OPTED_OUT | {"externalUserId": user})
    phone = await taken_over(here, token)
    assert (await phone.log_in(proof=backend.proof(phone.installation_id, user))).json()["externalUserId"] == user
    [found] = (await ok(here, f"/installations?user={user}"))["installations"]
    assert (found["installationId"], found["pushEnabled"]) == (phone.installation_id, False)
    kept = (await here.devices.load([phone.installation_id]))[phone.installation_id]
    assert kept.replaces == (imported_id(token),)


async def test_the_same_device_by_its_id_and_owner_is_told_as_well(here: Registry) -> None:
    token, user, device_id = new_token(), name(), f"device {name()}"
    await import_lines(here, token | OPTED_OUT | {"externalUserId": user, "deviceId": device_id, "platform": "ios"})
    app = here.directory.applications["app"]
    changed = app.replace(event_id=ids.uuid7(), at=app.at + 1, identity="off")
    await here.sink.append([Append(APPLICATION_EVENTS, changed.entity_key, changed)])
    await eventually(lambda: here.directory.applications["app"].event_id == changed.event_id)
    phone = await here.installed(deviceId=device_id)
    await phone.ok("PUT", "/token", new_token())
    assert (await phone.log_in(user)).is_success
    assert (await support(here, imported_id(token)))["replacedBy"] == phone.installation_id
    assert (await support(here, phone.installation_id))["forbiddenByImport"] == ALL_OFF


async def test_an_import_and_the_app_at_the_same_moment_end_as_one_after_the_other(here: Registry) -> None:
    dice = random.Random(7)
    for round_ in range(25):
        token, phone = new_token(), await here.installed()
        if round_ % 2:
            await import_lines(here, token | {"pushEnabled": True})

        async def later(work: Any, seconds: float) -> None:
            await asyncio.sleep(seconds)
            await work

        await asyncio.gather(
            later(import_lines(here, token | OPTED_OUT | {"externalUserId": name()}), dice.random() / 60),
            later(import_lines(here, token | OPTED_OUT), dice.random() / 60),
            later(phone.ok("PUT", "/token", token), dice.random() / 60),
        )
        seen = await support(here, phone.installation_id)
        assert seen["token"] is not None, round_
        assert seen["forbiddenByImport"] == ALL_OFF, round_
        made = (await here.devices.load([imported_id(token)])).get(imported_id(token))
        if made is not None:
            assert (made.token, made.owner, made.replaced_by) == (None, None, phone.installation_id), round_


async def test_the_log_in_any_order_gives_the_same_documents(here: Registry) -> None:
    token, user = new_token(), name()
    await import_lines(here, token | OPTED_OUT | {"externalUserId": user})
    phone = await taken_over(here, token)
    await phone.ok("PUT", "/settings", {"pushEnabled": True})
    await import_lines(here, token | OPTED_OUT | {"subscriptions": [{"id": "more", "value": False}]})
    keys = [imported_id(token), phone.installation_id]
    events = await device_events(here, *keys)
    assert {Installed, SettingsChanged, InstallationReplaced} < {type(event) for event in events}
    expected = await documents(here.devices, keys)
    dice = random.Random(3)
    for _ in range(12):
        again = [*events, *dice.choices(events, k=3)]
        dice.shuffle(again)
        async with mongo.database(here.settings.model_copy(update={"mongo_database": name()})) as database:
            rebuilt = DeviceStore(database)
            await rebuilt.prepare()
            for event in again:
                await rebuilt.apply([event])
            assert await documents(rebuilt, keys) == expected
            await database.client.drop_database(database.name)


async def documents(devices: DeviceStore, keys: list[str]) -> list[Document]:
    found = devices.installations.find({"_id": {"$in": keys}}, {"revision": 0, "unpublished": 0}).sort("_id", 1)
    return [document async for document in found]


async def test_a_take_over_that_died_behind_the_log_forbids_all_the_same(
    here: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = new_token()
    await import_lines(here, token | {"externalUserId": name()})
    phone = await here.installed()
    with monkeypatch.context() as broken:
        broken.setattr(DeviceStore, "apply", _dies)
        assert (await phone.call("PUT", "/token", token)).status_code == 503
    await import_lines(here, token | OPTED_OUT)  # which knows nothing of the take-over
    events = await device_events(here, phone.installation_id, imported_id(token))
    records = [
        Record(DEVICE_EVENTS, 0, offset, "k", event=event, raw=codec.encode(event))
        for offset, event in enumerate(events)
    ]
    follows = await DeviceConsumers(here.devices).device_events(records)
    assert follows.project is not None
    await follows.project()  # what repairs it
    await phone.ok("PUT", "/token", token)
    seen = await support(here, phone.installation_id)
    assert seen["forbiddenByImport"] == ALL_OFF
    assert (await support(here, imported_id(token)))["replacedBy"] == phone.installation_id


async def _dies(_devices: DeviceStore, _events: object) -> Any:
    raise mongo.Unavailable("killed between the log and the documents")
