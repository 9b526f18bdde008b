"""On which way a push goes: what a device names, and nothing that is secret."""

from typing import Any

import orjson
import pytest

from schemas.providers import Provider
from services.dispatch.policy.ways import way_of
from tests.support.pushes import push_of


def subscription(endpoint: object) -> str:
    return orjson.dumps({"endpoint": endpoint, "keys": {}}).decode()


@pytest.mark.parametrize(
    ("provider", "changes", "way"),
    [
        (Provider.APNS, {}, "production/"),
        (Provider.APNS, {"token_environment": "sandbox", "bundle": "org.bank"}, "sandbox/org.bank"),
        (Provider.APNS, {"slot": "activity/7", "bundle": "org.bank"}, "production/org.bank/live"),
        (Provider.FCM, {"platform": "ios"}, "ios"),
        (Provider.HMS, {}, ""),
        (Provider.CHANNEL_PLATFORM, {}, ""),
        (Provider.RUSTORE, {"variant": "native"}, "native/rustore"),
        (Provider.RUSTORE, {"variant": "universal", "token": '{"carrier": "fcm", "token": "x"}'}, "universal/fcm"),
        (Provider.RUSTORE, {"variant": "universal", "token": "{"}, "universal/"),
        (Provider.WEB, {"token": subscription("https://push.example/secret?a=b")}, "https://push.example"),
        (Provider.WEB, {"token": subscription("https://Push.example:8443/secret")}, "https://push.example:8443"),
        (Provider.WEB, {"token": subscription("https://[::1/secret")}, ""),
        (Provider.WEB, {"token": subscription(7)}, "://None"),
        (Provider.WEB, {"token": "nonsense"}, "://None"),
    ],
)
def test_each_provider_has_its_ways(provider: Provider, changes: dict[str, Any], way: str) -> None:
    assert way_of(provider, push_of(**changes)) == way
