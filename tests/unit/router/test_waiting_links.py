"""Links that wait for their hour: whose clock counts."""

from schemas import ids
from schemas.application_events import ApplicationChanged
from schemas.providers import Platform
from schemas.values import Schedule
from services.router.waiting import scheduled
from services.runtime.installations.model import Installation
from services.runtime.installations.reader import from_document
from tests.unit.router.test_plan import APPLICATION, NOW, asked


def installation(zone: str, *, proved: bool) -> Installation:
    return from_document(
        {
            "_id": ids.uuid7(),
            "application_id": "app",
            "platform": Platform.IOS.value,
            "time_zone": zone,
            "owner": {"external_user_id": "user"},
            "proof": {"signed_at": 1, "kid": "", "digest": "d"} if proved else None,
        }
    )


def zone_of(*installations: Installation, application: ApplicationChanged = APPLICATION) -> str:
    hour = (NOW // 60_000) % 1440
    wish = Schedule(begin_minute=(hour + 720) % 1440, end_minute=(hour + 721) % 1440, recipient_zone=True)
    found = scheduled(asked().replace(schedule=wish), ids.uuid7(), installations, NOW, application)
    assert found is not None
    return found.zone


def test_whoever_only_says_to_be_the_recipient_sets_no_hour_of_one_who_is_proved() -> None:
    stranger, mine = installation("Pacific/Kiritimati", proved=False), installation("Asia/Omsk", proved=True)
    assert zone_of(stranger, mine) == "Asia/Omsk"
    assert zone_of(stranger) == "Pacific/Kiritimati"
    assert zone_of(stranger, mine, application=APPLICATION.replace(identity="off")) == "Pacific/Kiritimati"
