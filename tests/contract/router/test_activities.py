"""Live Activities at the router: what an `end` has been planned for gets no update, however soon it follows."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from schemas import codec, ids
from schemas.application_events import CredentialsChanged
from schemas.events import MessageRequested, Planned
from schemas.providers import Provider
from schemas.reasons import Reason
from schemas.values import Content
from services.runtime.clock import now_ms
from services.runtime.mongo import Database
from services.runtime.mongo.ended_activities import Ended, EndedActivities
from tests.contract.router.test_router import Bench, bench, database, record, request
from tests.support.deliveries import DELIVERIES

__all__ = ["bench", "database"]  # fixtures
DEVICE = ids.uuid7()


@pytest.fixture(autouse=True)
def apns(bench: Bench) -> None:
    """The application can push to iPhones."""
    about: dict[str, Any] = {"event_id": "c", "at": 0, "application_id": "app", "sealed": "", "fingerprint": ""}
    event = CredentialsChanged(**about, provider=Provider.APNS)
    bench.routing.directory.apply(event.entity_key, codec.encode(event))


async def show(database: Database, *activities: str, registered_at: int = 1) -> None:
    """An iPhone that shows these activities."""
    token = {"sealed": "s", "digest": "d", "registered_at": registered_at}
    document = {
        "application_id": "app",
        "platform": "ios",
        "token": {**token, "provider": "apns"},
        "owner": {"external_user_id": "user"},
        "live": [{"slot": f"activity/{activity}", "token": token} for activity in activities],
    }
    await database["installations"].replace_one({"_id": DEVICE}, document, upsert=True)


def asked(event: str, **aps: Any) -> MessageRequested:
    activity = {"event": event, **{name.replace("_", "-"): value for name, value in aps.items()}}
    plain = request()
    link = plain.chain[0].replace(content=Content(text="-", live_activity=json.dumps(activity)))
    return plain.replace(chain=(link,))


def slots(events: Sequence[object]) -> list[list[str]]:
    return [[target.slot for target in event.targets] for event in events if isinstance(event, Planned)]


async def test_an_update_behind_an_end_goes_nowhere_in_one_batch_and_in_the_next(
    bench: Bench,
    database: Database,
) -> None:
    await show(database, "a", "b")
    before, end, after = asked("update", activity_id="a"), asked("end", activity_id="a"), asked("update")
    events = await bench.route(*(record(event, place) for place, event in enumerate((before, end, after))))
    assert slots(events) == [["activity/a"], ["activity/a"], ["activity/b"]]
    (later,) = await bench.route(record(asked("update", activity_id="a"), 3))
    assert isinstance(later, Planned)
    assert later.reason is Reason.NO_ACTIVE_INSTALLATION
    assert slots(await bench.route(record(asked("update"), 4))) == [["activity/b"]]
    assert slots(await bench.route(record(asked("end"), 5))) == [["activity/a", "activity/b"]]  # ends may be repeated
    assert slots(await bench.route(record(after, 2))) == [["activity/b"]]  # our own replay


async def test_a_new_activity_under_the_name_of_one_that_has_ended_is_updated(
    bench: Bench,
    database: Database,
) -> None:
    await show(database, "a")
    await bench.route(record(asked("end"), 0))
    await show(database, "a", registered_at=now_ms() + 1)
    assert slots(await bench.route(record(asked("update"), 1))) == [["activity/a"]]


@pytest.mark.parametrize("lapsed", [True, False])
async def test_an_end_that_went_nowhere_takes_no_activity_away(
    bench: Bench,
    database: Database,
    lapsed: bool,
) -> None:
    await show(database, "a")
    end = asked("end")
    await bench.route(record(end, 0))
    marks = EndedActivities(database)
    delivery_id = DELIVERIES.of(end.message_id, 0, DEVICE, "activity/a")
    (mark,) = (await marks.among([f"{DEVICE}/activity/a"])).values()
    assert (mark.delivery_id, mark.installation_id, mark.slot) == (delivery_id, DEVICE, "activity/a")
    if lapsed:
        await database["ended_activities"].update_one({}, {"$set": {"until": now_ms() - 1}})
    else:
        await marks.concluded([Ended(DEVICE, "activity/a", "another", 1, 1)], accepted=False)
        assert slots(await bench.route(record(asked("update"), 1))) == [[]]
        await marks.concluded([mark], accepted=False)
    assert slots(await bench.route(record(asked("update"), 2))) == [["activity/a"]]


async def test_an_end_that_failed_takes_nothing_from_one_that_was_accepted(bench: Bench, database: Database) -> None:
    await show(database, "a")
    marks, ends = EndedActivities(database), [asked("end"), asked("end")]
    key = f"{DEVICE}/activity/a"
    await bench.route(record(ends[0], 0))
    await marks.concluded((await marks.among([key])).values(), accepted=True)
    await bench.route(record(ends[1], 1))
    await marks.concluded((await marks.among([key])).values(), accepted=False)
    assert slots(await bench.route(record(asked("update"), 2))) == [[]]
    await show(database, "a", registered_at=now_ms() + 1)
    assert slots(await bench.route(record(asked("update"), 3))) == [["activity/a"]]


async def test_an_ordinary_push_looks_for_no_activity(
    bench: Bench,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def looked(*_: object) -> dict[str, Ended]:
        raise AssertionError("a look-up")

    monkeypatch.setattr(EndedActivities, "among", looked)
    await show(database, "a")
    assert slots(await bench.route(record(request(), 0), record(asked("end"), 1))) == [[""], ["activity/a"]]
