"""Live Activities in the device API, on real Kafka and MongoDB: registered, replaced, ended; never to be read."""

import secrets
from collections.abc import AsyncIterator

import pytest

from services.runtime.clock import now_ms
from services.runtime.installations.reader import Installations
from tests.conftest import Servers, own_settings
from tests.support.registry_app import Registry, registry

TYPE = "DeliveryAttributes"


@pytest.fixture(scope="module")
async def here(stack_servers: Servers) -> AsyncIterator[Registry]:
    async with registry(own_settings(stack_servers)) as opened:
        yield opened


def body(**changes: object) -> dict[str, object]:
    return {"token": secrets.token_hex(40), "attributesType": TYPE, **changes}


async def test_an_activity_is_registered_replaced_and_ended(here: Registry) -> None:
    phone, first, second = await here.installed(), body(), body()
    shown = await phone.ok("PUT", "/activities/taxi-1/token", first)
    assert [(activity["activityId"], activity["attributesType"]) for activity in shown["activities"]] == [
        ("taxi-1", TYPE)
    ]
    again = await phone.ok("PUT", "/activities/taxi-1/token", first)
    assert again == shown  # told twice, it does not count for longer
    await phone.ok("PUT", "/activities/taxi-1/token", second)
    read = (await Installations(here.database).by_ids([phone.installation_id]))[phone.installation_id]
    token = read.token_of("activity/taxi-1", now_ms())
    assert token is not None
    assert here.secrets.open(token.sealed, b"token").decode() == second["token"]
    assert str(second["token"]) not in str(
        await here.database["installations"].find_one({"_id": phone.installation_id})
    )
    assert (await phone.ok("DELETE", "/activities/taxi-1"))["activities"] == []
    assert (await phone.ok("GET", "/activities"))["activities"] == []


async def test_a_type_may_be_started_until_it_is_taken_back(here: Registry) -> None:
    phone = await here.installed()
    shown = await phone.ok("PUT", f"/activity-types/{TYPE}/start-token", {"token": body()["token"]})
    assert [token["attributesType"] for token in shown["startTokens"]] == [TYPE]
    assert (await phone.ok("DELETE", f"/activity-types/{TYPE}/start-token"))["startTokens"] == []


@pytest.mark.parametrize(
    ("path", "given", "field"),
    [
        ("/activities/a/token", {"token": "not hexadecimal"}, "token"),
        ("/activities/a/token", {"attributesType": "no blanks"}, "attributesType"),
        ("/activities/no blanks/token", {}, "activity_id"),
    ],
)
async def test_what_activitykit_never_gave_is_refused_by_field(
    here: Registry, path: str, given: dict[str, object], field: str
) -> None:
    answer = await (await here.installed()).call("PUT", path, body(**given))
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]
