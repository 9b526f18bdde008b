"""`make tour`: every scene, on the stack of the end-to-end tests."""

from collections.abc import AsyncIterator

import pytest

from deploy.tour.scene import Place, Scene, all_scenes, name_of, placed
from tests.support.world import World


@pytest.fixture(scope="session")
async def place(world: World) -> AsyncIterator[Place]:
    async with placed(world.stack.describe()) as place:
        yield place
        assert place.fleet.faults == []


@pytest.mark.parametrize("scene", all_scenes(), ids=name_of)
async def test_a_scene_comes_out_as_expected(scene: Scene, place: Place) -> None:
    rows = await scene.play(place)
    assert rows, "a scene has one row at least"
    assert [row for row in rows if not row.as_expected] == []
