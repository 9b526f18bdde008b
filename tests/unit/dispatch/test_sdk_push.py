"""What dispatch renders for each provider is what the SDK reads: the payload's names hold on both sides."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from deploy.sandbox.phone.sdk_push import Action, UnreadablePushError, read_push
from schemas.values import Button, Content
from services.dispatch.payload import SDK_KEY
from services.dispatch.provider import Push
from services.dispatch.providers.apns import render as apns_render
from services.dispatch.providers.fcm import sender as fcm
from services.dispatch.providers.hms import sender as hms
from services.dispatch.providers.rustore import sender as rustore
from services.runtime.credentials import UniversalCredentials
from tests.support.pushes import push_of

NOW_MS = 1_764_000_000_000
RICH = Content(
    title="Card blocked",
    text="Tap to see why",
    content_category="IMAGE",
    content_url="https://img.example/1.png",
    actions=(Button(title="Call", action="link", options="tel:1"), Button(title="Open", action="open-app")),
    custom_payload='{"screen":"cards"}',
)
Rendered = Callable[[Push], dict[str, Any]]


def _universal(push: Push) -> dict[str, Any]:
    credentials = UniversalCredentials(project_id="p", auth_token="t" * 20)
    body, _ = rustore.render_universal(push, NOW_MS, "Bank", rustore.CarrierToken("rustore", "ab" * 32, credentials))
    return dict(orjson.loads(body))


RENDERERS: dict[str, tuple[str, Rendered]] = {
    "fcm": ("fcm", lambda push: orjson.loads(fcm.render(push, NOW_MS)[0])),
    "hms": ("hms", lambda push: orjson.loads(hms.render(push, NOW_MS, "Bank")[0])),
    "rustore": ("rustore", lambda push: orjson.loads(rustore.render_native(push, NOW_MS)[0])),
    "rustore universal": ("rustore", _universal),
}


@pytest.mark.parametrize("name", RENDERERS)
def test_everything_that_a_push_carries_is_read(name: str) -> None:
    provider, render = RENDERERS[name]
    read = read_push(provider, render(push_of(RICH, link=3, lane="bulk")))
    sent = push_of()
    assert (read.message_id, read.delivery_id, read.mark) == (sent.message_id, sent.delivery_id, sent.recipient_mark)
    assert (read.link, read.bulk, read.more) == (3, True, False)
    assert (read.title, read.text) == (RICH.title, RICH.text)
    assert (read.category, read.url) == ("IMAGE", "https://img.example/1.png")
    assert read.actions == (Action("Call", "link", "tel:1"), Action("Open", "open-app"))
    assert read.custom_payload == '{"screen":"cards"}'


@pytest.mark.parametrize("name", RENDERERS)
def test_a_text_that_does_not_fit_says_that_there_is_more(name: str) -> None:
    provider, render = RENDERERS[name]
    read = read_push(provider, render(push_of(Content(text="ы" * 1000, custom_payload='"' + "x" * 4000 + '"'))))
    assert read.more
    assert read.custom_payload is None
    assert read.text.startswith("ыыы")


@pytest.mark.parametrize("name", [name for name in RENDERERS if name != "rustore universal"])
def test_a_withdrawal_shows_nothing_and_names_what_is_to_go(name: str) -> None:
    """RuStore's universal API takes nothing that shows nothing."""
    provider, render = RENDERERS[name]
    sent = push_of(Content(text=""), withdraw=True)
    rendered = render(sent)
    read = read_push(provider, rendered)
    assert (read.withdraw, read.delivery_id, read.text) == (True, sent.delivery_id, "")
    assert "notification" not in orjson.dumps(rendered).decode()


def test_a_withdrawal_over_apns_is_a_background_push_that_replaces_nothing() -> None:
    sent = push_of(Content(text=""), withdraw=True)
    body, _ = apns_render.render(sent)
    headers = dict(apns_render.headers_of(sent, b"b", b"t", NOW_MS))
    assert read_push("apns", orjson.loads(body)).withdraw
    assert orjson.loads(body)["aps"] == {"content-available": 1}
    assert (headers[b"apns-push-type"], headers[b"apns-priority"]) == (b"background", b"5")
    assert headers[b"apns-id"].decode() != sent.delivery_id
    assert b"apns-collapse-id" not in headers


@pytest.mark.parametrize("provider", ["apns", "fcm", "hms", "rustore"])
@pytest.mark.parametrize("strange", [{}, {"aps": {}}, {"message": {"data": "x", "token": "t"}}, {SDK_KEY: 1}])
def test_a_payload_of_somebody_else_is_unreadable(provider: str, strange: dict[str, Any]) -> None:
    with pytest.raises(UnreadablePushError):
        read_push(provider, strange)
