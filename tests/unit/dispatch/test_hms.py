"""Huawei's table holds every code of the specification, survives any body, and a push is rendered as it must be."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import ids
from schemas.application_events import ApplicationChanged
from schemas.values import Content
from services.dispatch.provider import Accepted, BadCredentials, Opening, Rejected, Result, Retry, TokenGone, Uncertain
from services.dispatch.providers.hms import sender, table
from services.dispatch.providers.http.oauth import RefreshAuth
from services.runtime.settings import Settings
from tests.support import provider_rows
from tests.support.pushes import push_of

NOW_MS = 1_000_000_000_000


def _answer(code: str, msg: str = "") -> bytes:
    return orjson.dumps({"code": code, "msg": msg, "requestId": "r"})


def _outcome(status: int, code: str, msg: str = "") -> Result | RefreshAuth:
    return table.outcome(status, _answer(code, msg), None, "our-token")


def test_the_table_is_complete() -> None:
    facts = provider_rows.known("hms")
    unknown = {"81000003"}  # found in no source: stands for every unknown 81xxxxxx
    assert {code: named[0] for code, named in facts["code"].items() if code not in unknown} == table.CODES
    assert {int(status): named[0] for status, named in facts["status"].items() if named} == table.STATUSES


def test_too_many_requests_is_no_fault_of_the_payload() -> None:
    result = table.outcome(429, b"", 3.0, "our-token")
    assert isinstance(result, Retry)
    assert (result.after_s, result.scope) == (3.0, "application")


@pytest.mark.parametrize("status", [200, 400, 401, 500])
def test_the_code_wins_over_the_status(status: int) -> None:
    assert _outcome(status, "80000000") == Accepted("r", status)
    assert _outcome(status, "80300007") == TokenGone("80300007", status)
    assert _outcome(status, "80100001") == Rejected("80100001", status)
    assert _outcome(status, "80200003") == RefreshAuth("80200003", status)
    assert _outcome(status, "80300002") == Rejected("80300002", status, alert=True)
    assert isinstance(_outcome(status, "81999999"), Retry)


def test_only_a_listed_token_is_dead() -> None:
    others = '{"success":1,"failure":1,"illegal_tokens":["another"]}'
    ours = '{"success":0,"failure":1,"illegal_tokens":["our-token"]}'
    assert _outcome(200, "80100000", others) == Accepted("r", 200)
    assert _outcome(200, "80100000", ours) == TokenGone("80100000", 200)
    assert isinstance(_outcome(200, "80100000", "Some tokens are illegal"), Uncertain)


def test_a_sensitive_text_does_not_stop_the_application() -> None:
    assert _outcome(400, "80100016") == Rejected("80100016", 400, alert=False)


@given(st.integers(100, 599), st.binary(max_size=40))
def test_no_code_never_kills_a_token_nor_counts_as_accepted(status: int, body: bytes) -> None:
    assert not isinstance(table.outcome(status, body, None, "t"), TokenGone | Accepted)


def _android(content: Content, **changes: Any) -> Any:
    body, _ = sender.render(push_of(content, **changes), NOW_MS, "Demo")
    return orjson.loads(body)["message"]["android"]


def test_what_is_mandatory_is_always_there() -> None:
    notification = _android(Content(text="B"))["notification"]
    assert (notification["title"], notification["body"]) == ("Demo", "B")
    assert notification["click_action"] == {"type": 3}
    assert _android(Content(text="", title="T"))["notification"]["body"] == " "


def test_huawei_takes_pictures_over_https_only() -> None:
    for url, shown in (("http://example.org/a.png", None), ("https://example.org/a.png", "https://example.org/a.png")):
        content = Content(text="B", content_category="IMAGE", content_url=url)
        assert _android(content)["notification"].get("image") == shown


@pytest.mark.parametrize(("left_ms", "ttl"), [(500, "1s"), (10_900, "10s"), (10**13, "1296000s")])
def test_the_lifetime_is_what_is_left_within_huaweis_bounds(left_ms: int, ttl: str) -> None:
    assert _android(Content(text="B"), expires_at=NOW_MS + left_ms)["ttl"] == ttl


@given(st.text(max_size=1000), st.none() | st.text(max_size=80), st.none() | st.text(max_size=3000))
def test_no_body_is_ever_over_the_limit(text: str, title: str | None, custom: str | None) -> None:
    push = push_of(Content(text=text, title=title, custom_payload=custom), token="t" * 4000)
    document = orjson.loads(sender.render(push, NOW_MS, "Demo")[0])
    del document["message"]["token"]
    assert len(orjson.dumps(document)) <= sender.LIMIT_BYTES


@pytest.mark.parametrize(("field", "value"), [("app_id", "1/2"), ("client_secret", ""), ("project_id", "a b")])
async def test_credentials_that_cannot_work_are_refused_by_field(field: str, value: str) -> None:
    application = ApplicationChanged(event_id="e-1", at=0, application_id="app", name="Demo", api_key_digests=())
    given_ = {"app_id": "1", "client_secret": "s", field: value}
    with pytest.raises(BadCredentials, match=field):
        await sender.open_sender(Opening(Settings(), application, given_))


def test_a_withdrawal_has_no_tag_so_that_no_receipt_of_it_confirms_the_push() -> None:
    def android(**changes: Any) -> dict[str, Any]:
        sent = push_of(message_id=ids.uuid7(), installation_id=ids.uuid7(), **changes)
        found: dict[str, Any] = orjson.loads(sender.render(sent, NOW_MS, "Demo")[0])["message"]["android"]
        return found

    assert "bi_tag" in android()
    assert "bi_tag" not in android(withdraw=True)
