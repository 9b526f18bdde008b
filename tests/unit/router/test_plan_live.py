"""Which Live Activities a link goes to, and how several on one phone are told apart."""

import orjson
import pytest

from schemas import ids
from schemas.providers import Provider
from schemas.reasons import Reason
from schemas.values import Content
from services.router.checks import UsableProviders
from services.router.plan import Plan
from services.runtime.installations.model import Installation, LiveToken
from tests.support.deliveries import plan
from tests.support.installations import installation, live_token, push_token
from tests.unit.router.test_plan import APPLICATION, NOW, WAYS, asked

OWNER = ids.owner_key_of("app", "user", None)
BOTH = (
    live_token("activity/a", OWNER, expires_at=NOW + 1),
    live_token("activity/b", expires_at=NOW + 1),
    live_token("start/T", expires_at=NOW + 1),
)


def planned(
    phone: Installation, usable: UsableProviders = WAYS, link: dict[str, object] | None = None, **fields: str
) -> Plan:
    named = {name.replace("_", "-"): value for name, value in fields.items()}
    content = Content(text="-", live_activity=orjson.dumps({"event": "update", **named}).decode())
    return plan(asked(content=content, **(link or {})), [phone], True, usable, NOW)


def slots(decided: Plan) -> list[str]:
    return [target.slot for target in decided.targets]


def test_the_activity_that_is_named_or_all_or_the_token_to_start_one() -> None:
    phone = installation(live=BOTH)
    assert slots(planned(phone, activity_id="b")) == ["activity/b"]
    assert slots(planned(phone)) == ["activity/a", "activity/b"]
    assert slots(planned(phone, event="end")) == ["activity/a", "activity/b"]
    assert slots(planned(phone, event="start", attributes_type="T")) == ["start/T"]
    assert slots(planned(phone, event="start", attributes_type="Other")) == []


def test_each_activity_of_a_phone_is_a_delivery_of_its_own() -> None:
    decided = planned(installation(live=BOTH))
    assert len({target.delivery_id for target in decided.targets}) == 2
    assert [(target.delivery_id, target.slot) for target in decided.planned.targets] == [
        (target.delivery_id, target.slot) for target in decided.targets
    ]
    assert {target.provider for target in decided.targets} == {Provider.APNS}
    assert len({target.event_id for target in decided.targets}) == 2


@pytest.mark.parametrize(
    "live", [live_token("activity/a", expires_at=NOW), live_token("activity/a", "another's", expires_at=NOW + 1)]
)
def test_what_has_expired_or_is_another_s_is_no_activity(live: LiveToken) -> None:
    assert planned(installation(live=(live,))).planned.reason is Reason.NO_ACTIVE_INSTALLATION


def test_an_ordinary_push_goes_to_the_push_token_whatever_activities_there_are() -> None:
    assert slots(plan(asked(), [installation(live=BOTH)], True, WAYS, NOW)) == [""]


def test_neither_push_token_nor_the_system_s_permission_to_notify_is_needed() -> None:
    assert slots(planned(installation(token=None, push_os_enabled=False, live=BOTH))) == ["activity/a", "activity/b"]


@pytest.mark.parametrize(
    ("phone", "link", "reason"),
    [
        (installation(token=push_token(Provider.FCM)), {}, Reason.NO_ACTIVE_INSTALLATION),
        (installation(live=BOTH, push_enabled=False), {}, Reason.PUSH_DISABLED),
        (installation(live=BOTH), {"providers": (Provider.FCM,)}, Reason.OTHER_PROVIDER),
        (installation(live=BOTH), {"primary_only": True}, Reason.NOT_PRIMARY),
        (installation(live=BOTH, app_version="1"), {}, Reason.BELOW_MIN_VERSION),
    ],
)
def test_the_other_checks_hold_for_activities_too(phone: Installation, link: dict[str, object], reason: Reason) -> None:
    assert planned(phone, link=link).planned.reason is reason


def test_an_application_without_apns_updates_no_activity() -> None:
    usable = UsableProviders(APPLICATION, frozenset({Provider.FCM}))
    assert planned(installation(live=BOTH), usable).planned.reason is Reason.NO_APPLICATION
