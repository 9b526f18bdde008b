"""The bulk lane in processes of its own: it may be away, and single messages do not notice.

Kafka and MongoDB are those of the other tests; topics, groups and database are not.
"""

from collections.abc import AsyncIterator, Iterator

import pytest

from deploy.local import Stack
from deploy.local.services import BULK
from tests.e2e.test_batch import ask, push
from tests.support.opening import opened, stack_beside
from tests.support.waiting import eventually
from tests.support.world import World


@pytest.fixture(scope="module")
def apart(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    singles = ("ingest", "registry", "router", "dispatch", "status")
    with stack_beside(stack, tmp_path_factory.mktemp("lanes"), "lanes", (*singles, *BULK)) as made:
        yield made


@pytest.fixture(scope="module")
async def lanes(apart: Stack) -> AsyncIterator[World]:
    async with opened(apart) as world:
        yield world


async def test_single_messages_go_on_while_the_bulk_lane_is_away(lanes: World) -> None:
    phone = lanes.new_phone()
    device = await lanes.enrol("android", phone)
    lanes.stack.kill("router-bulk")
    lanes.stack.kill("ingest-bulk")  # the other one takes the packet then
    status, body = await ask(lanes, "POST", "/v3/batch", {"messages": [push(lanes, phone)]})
    assert (status, body["result"][0]["code"]) == (200, "OK")
    packet_id = body["result"][0]["packetId"]
    single = lanes.new_text()
    assert (await lanes.bank.send(single, phone=phone)).http_status == 200

    async def is_shown() -> bool:
        return [push.text for push in device.shown] == [single]

    await eventually(is_shown, "the single message is shown, and nothing of the packet")
    await lanes.restart("router-bulk")
    await lanes.restart("ingest-bulk")

    async def is_read() -> bool:
        found, states = await ask(lanes, "GET", f"/v3/batch/{packet_id}")
        return bool(found == 200 and states["counts"] == {"READ": 1})

    await eventually(is_read, "the packet is read")
    assert len(device.shown) == 2
