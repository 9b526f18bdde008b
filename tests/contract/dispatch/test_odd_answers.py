"""What no documentation lists: a proxy's page, a broken body, an unknown word. Each is about its message alone."""

import asyncio

import orjson
import pytest

from deploy.sandbox.faults.orders import Fault
from schemas.providers import Provider
from services.dispatch.providers.http.client import LONGEST_RETRY_AFTER_S
from tests.contract.dispatch.test_trust import fault_token, has_served, install, is_stopped, token_again
from tests.support.dispatch_desk import desk_of, side_by_side
from tests.support.sandbox_http import Bench

PAGE = "<html><body><h1>Access denied by your company's proxy</h1></body></html>"
EVERYBODY = (Provider.APNS, Provider.FCM, Provider.HMS, Provider.RUSTORE, Provider.WEB)
OVER_HTTP1 = EVERYBODY[1:]
LONG_MS = 3_600_000  # FCM asks to wait a minute at least
REFUSED_ODDLY = {
    "a page with 400": Fault("status", 400, body=PAGE, content_type="text/html"),
    "a page with 418": Fault("status", 418, body=PAGE, content_type="text/html"),
    "a page with 451": Fault("status", 451, body=PAGE, content_type="text/html"),
    "an empty 422": Fault("status", 422, body=""),
    "half an object": Fault("status", 422, body='{"error": {"code": 4', content_type="application/json"),
    "a list": Fault("status", 409, body="[1, 2]"),
    "a number": Fault("status", 409, body="7"),
    "deep nesting": Fault("status", 409, body="[" * 3000),
    "a word of tomorrow": Fault("status", 409, body='{"reason": "Tomorrow", "code": "89999999", "status": "TOMORROW"}'),
    "other types": Fault("status", 409, body='{"reason": 7, "error": [], "code": {}, "status": null, "msg": 1}'),
    "no UTF-8": Fault("status", 409, body="\ufffd\u0000"),
    "more than fits": Fault("status", 409, body="x" * 900_000),
}
TRIED_AGAIN = {
    "a page with 503": Fault("status", 503, body=PAGE, content_type="text/html"),
    "an empty 500": Fault("status", 500, body=""),
    "a 599": Fault("status", 599, body="{}"),
    "a page with 429": Fault("status", 429, body=PAGE, content_type="text/html"),
    "a page with 408": Fault("status", 408, body=PAGE, content_type="text/html"),
}


def is_about_the_application(provider: Provider, what: str) -> bool:
    """Whether the answer says that the application sends too much: its other pushes may wait a moment as well."""
    return (provider is not Provider.APNS and "429" in what) or (provider is Provider.HMS and "503" in what)


async def beside_a_good_customer(bench: Bench, provider: Provider, fault: Fault, outcome: str) -> str:
    """The detail in the trace of a push that is answered so, beside one that is accepted at once."""
    async with desk_of(bench, provider) as desk:
        await has_served(bench, desk, "good")
        await install(bench, desk, "odd")
        own = fault_token(provider, await token_again(desk, "odd"))
        bench.sandbox.faults.order(
            provider.value, Fault(**{**{n: getattr(fault, n) for n in fault.__slots__}, "token": own})
        )
        for number in range(4):
            await install(bench, desk, f"new-{number}")
            odd, new, good = await side_by_side(desk, "odd", f"new-{number}", "good")
            assert (odd.outcome, new.outcome, good.outcome) == (outcome, "accepted", "accepted"), (odd, new, good)
            assert odd.dead_token is None
        assert not is_stopped(provider)
        assert len(odd.detail) < 200
        assert odd.detail.isprintable()
        return odd.detail


@pytest.mark.parametrize("what", REFUSED_ODDLY)
@pytest.mark.parametrize("provider", EVERYBODY)
async def test_a_refusal_that_nobody_has_listed_ends_its_message_and_nothing_else(
    bench: Bench, provider: Provider, what: str
) -> None:
    await beside_a_good_customer(bench, provider, REFUSED_ODDLY[what], "refused")


@pytest.mark.parametrize(
    ("provider", "what"),
    [
        (provider, what)
        for provider in EVERYBODY
        for what in TRIED_AGAIN
        if not is_about_the_application(provider, what)
    ],
)
async def test_trouble_that_passes_is_tried_again_and_holds_up_nobody(
    bench: Bench, provider: Provider, what: str
) -> None:
    await beside_a_good_customer(bench, provider, TRIED_AGAIN[what], "retry")


@pytest.mark.parametrize(
    ("provider", "what"),
    [(provider, what) for provider in EVERYBODY for what in TRIED_AGAIN if is_about_the_application(provider, what)],
)
async def test_an_application_that_sends_too_much_waits_and_loses_nothing(
    bench: Bench, provider: Provider, what: str
) -> None:
    async with desk_of(bench, provider) as desk:
        await has_served(bench, desk, "good")
        await install(bench, desk, "odd")
        own = fault_token(provider, await token_again(desk, "odd"))
        fault = TRIED_AGAIN[what]
        bench.sandbox.faults.order(provider.value, Fault("status", fault.status, body=fault.body, token=own))
        for _ in range(4):
            odd, good = await asyncio.gather(*(desk.push(name, ttl_ms=LONG_MS) for name in ("odd", "good")))
            assert odd.outcome == "retry"
            assert good.outcome == "accepted" or (good.outcome, good.detail) == ("retry", "throttled")
        assert not is_stopped(provider)


@pytest.mark.parametrize("provider", [Provider.APNS, Provider.FCM, Provider.HMS, Provider.RUSTORE])
async def test_a_redirect_is_no_provider_s_answer_and_loses_no_message(bench: Bench, provider: Provider) -> None:
    elsewhere = Fault("status", 302, body=PAGE, headers=(("Location", "https://elsewhere.example/"),))
    await beside_a_good_customer(bench, provider, elsewhere, "retry")


@pytest.mark.parametrize("body", ['{"error": {"code": 404, "status": "NOT_FOUND"}}', PAGE, "", '{"name": 7}', "{"])
async def test_a_200_of_fcm_without_a_name_is_no_acceptance(bench: Bench, body: str) -> None:
    async with desk_of(bench, Provider.FCM) as desk:
        await install(bench, desk, "c")
        bench.sandbox.faults.order("fcm", Fault("status", 200, body=body))
        assert (await desk.push("c")).outcome in ("refused", "retry")


async def test_a_200_of_rustore_that_holds_an_error_is_that_error(bench: Bench) -> None:
    body = orjson.dumps({"error": {"code": 404, "status": "UNREGISTERED", "message": "gone"}}).decode()
    async with desk_of(bench, Provider.RUSTORE) as desk:
        await install(bench, desk, "c")
        bench.sandbox.faults.order("rustore", Fault("status", 200, body=body))
        done = await desk.push("c")
    assert (done.outcome, done.status, done.dead_token) == ("refused", 404, "digest-c")


@pytest.mark.parametrize(
    ("provider", "outcome"),
    [
        (Provider.FCM, "retry"),  # sent again under its tag
        (Provider.HMS, "uncertain"),
        (Provider.RUSTORE, "accepted"),  # its success may have no body
        (Provider.WEB, "accepted"),
    ],
)
async def test_an_acceptance_whose_body_breaks_off_is_never_a_refusal(
    bench: Bench, provider: Provider, outcome: str
) -> None:
    async with desk_of(bench, provider) as desk:
        await install(bench, desk, "c")
        bench.sandbox.faults.order(provider.value, Fault("truncated", times=1))
        done = await desk.push("c")
    assert done.outcome in (outcome, "retry")
    assert done.dead_token is None


@pytest.mark.parametrize("retry_after", ["-5", "1e9", "soon", "9" * 300, "Fri, 31 Dec 9999 23:59:59 GMT", ""])
@pytest.mark.parametrize("provider", OVER_HTTP1)
async def test_an_absurd_retry_after_keeps_nobody_out_for_ever(
    bench: Bench, provider: Provider, retry_after: str
) -> None:
    async with desk_of(bench, provider) as desk:
        await install(bench, desk, "c")
        fault = Fault("status", 503, retry_after=retry_after or None, times=1)
        bench.sandbox.faults.order(provider.value, fault)
        done = await desk.push("c", ttl_ms=86_400_000)
    assert done.outcome == "retry"
    assert done.retry_at is not None
    assert done.retry_at - done.at <= LONGEST_RETRY_AFTER_S * 1000 + 10_000


@pytest.mark.parametrize("body", ["", PAGE, '{"reason": ""}', '{"reason": "two words"}', '{"reason": "NewWord"}', "{"])
@pytest.mark.parametrize("status", [400, 403, 404, 405, 410, 413])
async def test_an_apns_answer_without_a_known_reason_stops_nobody(bench: Bench, status: int, body: str) -> None:
    detail = await beside_a_good_customer(bench, Provider.APNS, Fault("status", status, body=body), "refused")
    assert detail in (f"status {status}", "NewWord")
