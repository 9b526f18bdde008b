"""The lifetime, rule by rule: bounds, defaults, what providers are told, how it ends."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import DeliveryState
from schemas.events import MessageEvent
from schemas.values import Channel
from services.dispatch.provider import Push
from services.dispatch.providers.apns.render import headers_of
from services.dispatch.providers.fcm import sender as fcm
from services.dispatch.providers.hms import sender as hms
from services.dispatch.providers.rustore import sender as rustore
from services.dispatch.providers.web_push import sender as web
from services.status.fold import ReportDue
from tests.support.pushes import push_of
from tests.support.requests import first, push, refused, request
from tests.support.status_events import Story, followed

NOW_MS = 1_000_000_000_000
DAY_S = 86_400


def android(body: tuple[bytes, bool]) -> str:
    return str(orjson.loads(body[0])["message"]["android"]["ttl"])


LIFETIMES: dict[str, Callable[[Push], str]] = {
    "apns": lambda push: str(int(dict(headers_of(push, b"", b"app", NOW_MS))[b"apns-expiration"]) - NOW_MS // 1000),
    "fcm": lambda push: android(fcm.render(push, NOW_MS)),
    "hms": lambda push: android(hms.render(push, NOW_MS, "Demo")),
    "rustore": lambda push: android(rustore.render_native(push, NOW_MS)),
    "web": lambda push: web.headers_of(push, NOW_MS)["TTL"],
}


@pytest.mark.parametrize("provider", LIFETIMES)
@pytest.mark.parametrize(("left_ms", "seconds"), [(90_900, 90), (30_000, 30), (1_000, 1), (DAY_S * 1000, DAY_S)])
def test_every_provider_is_told_what_is_left(provider: str, left_ms: int, seconds: int) -> None:
    lifetime = LIFETIMES[provider](push_of(expires_at=NOW_MS + left_ms))
    assert lifetime.removesuffix("s") == str(seconds)


@pytest.mark.parametrize("provider", LIFETIMES)
@given(left_ms=st.integers(1_000, DAY_S * 1000))
def test_no_provider_is_told_more_than_is_left(provider: str, left_ms: int) -> None:
    seconds = int(LIFETIMES[provider](push_of(expires_at=NOW_MS + left_ms)).removesuffix("s"))
    assert 0 < seconds * 1000 <= left_ms


@pytest.mark.parametrize(
    ("data", "defaults", "seconds"),
    [
        ({"ttl": 30, "ttlUnit": "SECONDS"}, {}, 30),
        ({"ttl": 2, "ttlUnit": None}, {}, 120),  # minutes, unless the partner has another unit for the type
        ({"ttl": 2, "ttlUnit": None}, {"default_ttl_unit": {Channel.PUSH: "HOURS"}}, 7200),
        ({"ttl": 2, "ttlUnit": "hours"}, {}, 7200),
        ({"ttl": 0}, {"default_ttl_s": {Channel.PUSH: 45}}, 45),
        ({"ttl": None}, {"default_ttl_s": {Channel.PUSH: 45}}, 45),
        ({"ttl": 24, "ttlUnit": "HOURS"}, {}, DAY_S),
    ],
)
def test_a_lifetime_is_what_was_asked_for_or_the_partners_default(
    data: dict[str, Any], defaults: dict[str, Any], seconds: int
) -> None:
    assert first(push(**data), **defaults).ttl_ms == seconds * 1000


@pytest.mark.parametrize(
    ("data", "defaults", "rule"),
    [
        ({"ttl": 29}, {}, "ttl: must be 30 to 86400 seconds for PUSH"),
        ({"ttl": -60}, {}, "ttl: must be 30 to 86400 seconds for PUSH"),
        ({"ttl": 25, "ttlUnit": "HOURS"}, {}, "ttl: must be 30 to 86400 seconds for PUSH"),
        ({"ttl": None}, {}, "ttl: mandatory, no default is configured for PUSH"),
        ({"ttl": 0}, {}, "ttl: mandatory, no default is configured for PUSH"),
        ({"ttl": 1, "ttlUnit": "DAYS"}, {}, "ttlUnit: must be SECONDS, MINUTES or HOURS"),
        ({"ttl": None}, {"default_ttl_s": {Channel.SMS: 60}}, "ttl: mandatory, no default is configured for PUSH"),
    ],
)
def test_a_lifetime_out_of_bounds_is_error_11(data: dict[str, Any], defaults: dict[str, Any], rule: str) -> None:
    assert refused(request(push(**data)), **defaults) == (11, f"message.data.{rule}")


STORY = Story("0190a1b2-0000-7000-8000-00000000000a")
ENDING: list[MessageEvent] = [STORY.requested(), STORY.planned("i-1"), STORY.dispatched("i-1"), STORY.deadline()]


@given(st.lists(st.sampled_from(ENDING), max_size=6).map(lambda more: [*ENDING, *more]))
def test_the_end_of_a_lifetime_is_decided_once_however_often_it_is_read(events: list[MessageEvent]) -> None:
    message, follows = followed(*events)
    assert message.state is DeliveryState.EXPIRED
    reports = {
        (followed.report.status, followed.report.error_code) for followed in follows if isinstance(followed, ReportDue)
    }
    assert reports <= {(0, 0), (5, 7)}
    assert sum(change.state is DeliveryState.EXPIRED for change in message.links[0].changes) == 1
