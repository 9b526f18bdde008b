"""RuStore's tables hold every row of the specification, survive any body, and a push is rendered as it must be."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.application_events import ApplicationChanged
from schemas.providers import OtherCarrier
from schemas.values import Content
from services.dispatch.provider import Accepted, BadCredentials, Opening, Rejected, Retry, TokenGone
from services.dispatch.providers.rustore import sender, table
from services.runtime.credentials import RustoreCredentials, UniversalCredentials
from services.runtime.settings import Settings
from tests.support import provider_rows
from tests.support.pushes import push_of

NOW_MS = 1_000_000_000_000
OWN = UniversalCredentials(project_id="p", auth_token="s" * 64)
ADDRESSEE = sender.CarrierToken("rustore", "ab" * 32, OWN)
EXPECTED = {"OK": Accepted, "DROP_TOKEN": TokenGone, "FIX_PAYLOAD": Rejected, "ALERT": Rejected, "RETRY": Retry}


def _error(status: str, nested: bool) -> bytes:
    flat = {"code": 1, "message": "m", "status": status}
    return orjson.dumps({"error": flat} if nested else flat)


@pytest.mark.parametrize("nested", [True, False])
@pytest.mark.parametrize("row", provider_rows.known("rustore"))
def test_each_row_has_its_outcome(row: dict[str, Any], nested: bool) -> None:
    status = int(row["http"].split()[0].replace("xx", "00"))
    action = row["actions"][-1].removesuffix("_AFTER")  # for a 400 the last word is the safest: FIX_PAYLOAD
    result = table.native(status, _error(row["status"], nested), None)
    assert isinstance(result, EXPECTED[action])
    if isinstance(result, Rejected):
        assert result.alert == (action == "ALERT")


@pytest.mark.parametrize("body", [b"", b"{}", b"<html>", b'{"anything": 1}'])
def test_a_success_needs_no_body(body: bytes) -> None:
    assert table.native(200, body, None) == Accepted(None, 200)


@given(st.integers(100, 599), st.binary(max_size=40))
def test_an_unknown_word_never_kills_a_token(status: int, body: bytes) -> None:
    assert not isinstance(table.native(status, body, None), TokenGone)
    assert not isinstance(table.universal(status, body, None, "token"), TokenGone)
    assert not isinstance(table.native(status, _error("GONE", True), None), TokenGone)


def test_the_universal_api_says_it_in_strings() -> None:
    def universal(status: str, *errors: str, http: int = 400) -> Any:
        body = orjson.dumps({"status": status, "code": http, "errors": errors})
        return table.universal(http, body, None, "abcdefgh")

    assert universal("PROVIDER_ERROR", "rustore: token abcd... is invalid") == TokenGone("PROVIDER_ERROR", 400)
    assert universal("PROVIDER_ERROR", "rustore: PERMISSION_DENIED") == Rejected("PROVIDER_ERROR", 400, alert=True)
    assert universal("PROVIDER_ERROR", "rustore: something else") == Rejected("PROVIDER_ERROR", 400)
    assert universal("VALIDATION_ERROR", "message: too long") == Rejected("VALIDATION_ERROR", 400)
    assert universal("OK", http=200) == Accepted(None, 200)
    assert table.universal(200, b'{"Status": "OK"}', None, "t") == Accepted(None, 200)
    assert table.universal(200, b'{"status": "PROVIDER_ERROR"}', None, "t") == Rejected("PROVIDER_ERROR", 200)


@pytest.mark.parametrize("left_ms", [0, 999, -1])
def test_the_lifetime_is_never_zero_which_would_mean_four_weeks(left_ms: int) -> None:
    body, _ = sender.render_native(push_of(expires_at=NOW_MS + left_ms), NOW_MS)
    assert orjson.loads(body)["message"]["android"]["ttl"] == "1s"


def test_the_universal_api_gets_the_title_it_asks_for() -> None:
    body, _ = sender.render_universal(push_of(Content(text="B")), NOW_MS, "Demo", ADDRESSEE)
    assert orjson.loads(body)["message"]["notification"] == {"title": "Demo", "body": "B"}
    body, _ = sender.render_native(push_of(Content(text="B")), NOW_MS)
    assert orjson.loads(body)["message"]["notification"] == {"body": "B"}


def test_another_carriers_token_is_addressed_with_that_carriers_credentials() -> None:
    others: dict[OtherCarrier, UniversalCredentials] = {"hms": UniversalCredentials(project_id="9", auth_token="h")}
    credentials = RustoreCredentials(project_id="p", service_token="s", universal=others)
    assert sender.carrier_of("plain:token") == ("rustore", "plain:token")
    carrier, token = sender.carrier_of('{"carrier":"hms","token":"abc"}')
    assert (credentials.of("rustore"), credentials.of("fcm")) == (
        UniversalCredentials(project_id="p", auth_token="s"),
        None,
    )
    hms = credentials.of(carrier)
    assert hms is not None
    body, _ = sender.render_universal(push_of(), NOW_MS, "Demo", sender.CarrierToken(carrier, token, hms))
    made = orjson.loads(body)
    assert made["providers"] == {"hms": {"project_id": "9", "auth_token": "h"}}
    assert made["tokens"] == {"hms": ["abc"]}


@pytest.mark.parametrize(
    "token",
    [
        *("{", "{}", '{"a":1}', "{" * 4000, '{"carrier":"hms"}', '{"carrier":{},"token":"x"}'),
        *('{"carrier":["hms"],"token":"x"}', '{"carrier":"hms","token":5}', '{"carrier":"hms","token":""}'),
    ],
)
async def test_a_token_that_only_looks_like_another_carriers_ends_itself_and_nothing_else(token: str) -> None:
    """A device may register any text; what its push raised would be tried again, with an alarm, for ever."""
    application = ApplicationChanged(event_id="a", at=0, application_id="app", name="Demo", api_key_digests=())
    credentials = {"project_id": "p", "service_token": "s"}
    opened = await sender.open_sender(Opening(Settings(), application, credentials))
    result = await opened.send(push_of(token=token, variant="universal"))
    await opened.close()
    assert isinstance(result, TokenGone)
    assert result.status == 0


def test_a_fault_in_our_credentials_for_the_universal_api_is_an_alert() -> None:
    body = orjson.dumps({"status": "VALIDATION_ERROR", "errors": ["providers.fcm: project_id is a required field"]})
    assert table.universal(400, body, None, "abcdef") == Rejected("VALIDATION_ERROR", 400, alert=True)


@given(st.text(max_size=1000), st.none() | st.text(max_size=80), st.none() | st.text(max_size=3000))
def test_no_body_is_ever_over_the_limit(text: str, title: str | None, custom: str | None) -> None:
    push = push_of(Content(text=text, title=title, custom_payload=custom))
    assert len(sender.render_native(push, NOW_MS)[0]) <= sender.LIMIT_BYTES
    assert len(sender.render_universal(push, NOW_MS, "Demo", ADDRESSEE)[0]) <= sender.LIMIT_BYTES


@pytest.mark.parametrize(("field", "value"), [("project_id", ""), ("service_token", "two words")])
async def test_credentials_that_cannot_work_are_refused_by_field(field: str, value: str) -> None:
    application = ApplicationChanged(event_id="e-1", at=0, application_id="app", name="Demo", api_key_digests=())
    given_ = {"project_id": "p", "service_token": "s", field: value}
    with pytest.raises(BadCredentials, match=field):
        await sender.open_sender(Opening(Settings(), application, given_))
