"""One token never speaks for its application: every provider's refusals, over the wire, beside a good customer."""

import itertools
from collections.abc import AsyncIterator
from typing import NamedTuple

import orjson
import pytest

from deploy.sandbox.faults.orders import Fault
from deploy.sandbox.web_push.browser import Keys, encoded
from schemas.events import ProviderDispatched
from schemas.providers import Platform, Provider
from services.dispatch.policy import trust
from services.dispatch.providers.http import malformed_tokens
from services.dispatch.providers.web_push.vapid import Vapid
from services.runtime import telemetry
from services.runtime.crypto.private_keys import p256_of
from tests.support.dispatch_desk import APPLICATION, Desk, credentials_of, desk_of, side_by_side
from tests.support.sandbox_http import Bench


class Case(NamedTuple):
    """How a provider says that the application or this token is not to be served."""

    provider: Provider
    status: int = 0
    reason: str = ""


CASES = [
    Case(Provider.APNS, reason="InvalidProviderToken"),
    Case(Provider.APNS, reason="Forbidden"),
    Case(Provider.APNS, reason="BadEnvironmentKeyIdInToken"),
    Case(Provider.APNS, reason="UnrelatedKeyIdInToken"),
    Case(Provider.APNS, reason="TopicDisallowed"),
    Case(Provider.APNS, reason="BadPath"),
    Case(Provider.FCM, reason="THIRD_PARTY_AUTH_ERROR"),
    Case(Provider.FCM, reason="UNAUTHENTICATED"),
    Case(Provider.FCM, reason="PERMISSION_DENIED"),
    Case(Provider.FCM, reason="PERMISSION_DENIED_BARE"),
    Case(Provider.FCM, reason="SERVICE_DISABLED"),
    Case(Provider.FCM, reason="NOT_FOUND"),
    Case(Provider.HMS, reason="80300002"),
    Case(Provider.HMS, reason="80200001"),
    Case(Provider.HMS, reason="80300011"),
    Case(Provider.HMS, reason="80300030"),
    Case(Provider.RUSTORE, reason="PERMISSION_DENIED"),
    Case(Provider.RUSTORE, reason="UNAUTHENTICATED"),
    Case(Provider.WEB, reason="FORBIDDEN"),
    Case(Provider.WEB, reason="UNAUTHORIZED"),
]
ANY_OF = [next(case for case in CASES if case.provider is provider) for provider in dict.fromkeys(c[0] for c in CASES)]


@pytest.fixture(params=CASES, ids=lambda case: f"{case.provider.value}-{case.reason}")
async def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    return found


@pytest.fixture
async def desk(bench: Bench, case: Case) -> AsyncIterator[Desk]:
    async with desk_of(bench, case.provider) as opened:
        yield opened


async def token_of(bench: Bench, provider: Provider, name: str, server_key: str | None = None) -> str:
    """A token that the sandbox takes."""
    if provider is Provider.APNS:
        return encoded(name.encode()).encode().hex().ljust(64, "0")[:64]
    if provider is not Provider.WEB:
        return f"token-of-{name}-{'x' * 20}"
    ours = Vapid("", p256_of(bench.urls["credentials"]["web"]["private_key"])).public_key
    body = {"applicationServerKey": server_key or ours}
    _, made, _ = await bench.post(f"{bench.urls['control']}/web/subscriptions", body)
    return orjson.dumps({"endpoint": made["endpoint"], "keys": Keys().described()}).decode()


def fault_token(provider: Provider, token: str) -> str:
    return orjson.loads(token)["endpoint"].rpartition("/")[2] if provider is Provider.WEB else token


async def install(bench: Bench, desk: Desk, *names: str, case: Case | None = None) -> None:
    """Installations; with a case all pushes to them are refused so."""
    for name in names:
        token = await token_of(bench, desk.provider, name)
        desk.install(name, token)
        if case is not None:
            refuse(bench, case, token)


def refuse(bench: Bench, case: Case, token: str | None = None) -> None:
    own = None if token is None else fault_token(case.provider, token)
    bench.sandbox.faults.order(case.provider.value, Fault("status", case.status, case.reason, token=own))


async def has_served(bench: Bench, desk: Desk, *names: str) -> None:
    """Customers who got a push before."""
    await install(bench, desk, *names)
    for name in names:
        assert (await desk.push(name)).outcome == "accepted"


def is_stopped(provider: Provider) -> bool:
    return bool(telemetry.SENDER_STOPPED.labels(APPLICATION, provider.value)._value.get())


def outcomes(events: list[ProviderDispatched]) -> list[str]:
    return [event.outcome for event in events]


async def test_a_bad_token_s_push_costs_a_new_customer_nothing(bench: Bench, desk: Desk, case: Case) -> None:
    await install(bench, desk, "bad", case=case)
    for number in range(3):
        await install(bench, desk, f"new-{number}")
        bad, good = await side_by_side(desk, "bad", f"new-{number}")
        assert (bad.outcome, good.outcome) == ("refused", "accepted")


async def test_many_tokens_of_one_who_was_never_served_cost_those_who_were_nothing(
    bench: Bench, desk: Desk, case: Case
) -> None:
    names = [f"bad-{number}" for number in range(30)]
    await has_served(bench, desk, "good")
    await install(bench, desk, *names, case=case)
    for name in names:
        bad, good = await side_by_side(desk, name, "good")
        assert (bad.outcome, good.outcome) == ("refused", "accepted")
    assert not is_stopped(desk.provider)


async def test_refused_credentials_stop_the_sender_and_few_messages_are_lost(
    bench: Bench, desk: Desk, case: Case
) -> None:
    names = [f"c-{number}" for number in range(20)]
    await has_served(bench, desk, *names)
    refuse(bench, case)
    done = outcomes([await desk.push(name) for name in names])
    assert done == ["refused"] + ["retry"] * 19
    assert is_stopped(desk.provider)
    bench.sandbox.faults.clear()
    desk.provision({**credentials_of(bench, desk.provider), "note": "renewed"})
    assert [(await desk.push(name)).outcome for name in names] == ["accepted"] * 20
    assert not is_stopped(desk.provider)


async def test_after_a_restart_those_who_were_served_still_speak_and_others_still_do_not(
    bench: Bench, desk: Desk, case: Case
) -> None:
    await has_served(bench, desk, "a", "b", "c")
    await install(bench, desk, *(f"bad-{number}" for number in range(6)), case=case)
    async with desk_of(bench, desk.provider, desk.known) as again:
        for number in range(6):
            await again.push(f"bad-{number}")
        assert (await again.push("a")).outcome == "accepted"
    async with desk_of(bench, desk.provider, desk.known) as again:
        refuse(bench, case)
        assert [(await again.push(name)).outcome for name in "abc"] == ["refused", "retry", "retry"]


async def test_fresh_credentials_that_are_wrong_raise_an_alert_and_keep_tokens_and_messages(
    bench: Bench, desk: Desk, case: Case
) -> None:
    names = [f"c-{number}" for number in range(40)]
    await install(bench, desk, *names)
    refuse(bench, case)
    done = [await desk.push(name) for name in names]
    assert outcomes(done).count("refused") == trust.DOUBTED_AFTER - 1
    assert set(outcomes(done)) == {"refused", "retry"}
    assert all(event.dead_token is None for event in done)
    assert is_stopped(desk.provider)
    bench.sandbox.faults.clear()
    await install(bench, desk, "new")
    desk.work.watch._healths.clear()
    assert (await desk.push("new")).outcome == "accepted"


@pytest.mark.parametrize("case", ANY_OF, ids=lambda case: case.provider.value, indirect=False)
async def test_tokens_that_worked_under_an_older_key_do_not_speak_for_the_new_one(bench: Bench, case: Case) -> None:
    async with desk_of(bench, case.provider) as desk:
        await has_served(bench, desk, "a", "b", "c")
        older = desk.known.by_id.copy()
        desk.provision({**credentials_of(bench, case.provider), "note": "rotated"})
        await has_served(bench, desk, "good")
        desk.known.by_id |= older
        for name in "abc":
            assert desk.known.by_id[name].token is not None
            refuse(bench, case, await token_again(desk, name))
        for _ in range(3):
            done = await side_by_side(desk, "a", "b", "c", "good")
            assert done[-1].outcome == "accepted"
        assert not is_stopped(case.provider)


async def token_again(desk: Desk, name: str) -> str:
    token = desk.known.by_id[name].token
    assert token is not None
    return desk.secrets.open(token.sealed, b"token").decode()


@pytest.mark.parametrize("case", ANY_OF, ids=lambda case: case.provider.value, indirect=False)
async def test_a_token_that_is_never_taken_while_others_are_is_retired(
    bench: Bench, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trust, "APART_S", 0.0)
    async with desk_of(bench, case.provider) as desk:
        await has_served(bench, desk, "good")
        await install(bench, desk, "bad", case=case)
        done = []
        for _ in range(trust.VOID_AFTER):
            done.append(await desk.push("bad"))
            assert (await desk.push("good")).outcome == "accepted"
    assert [event.dead_token for event in done] == [None] * (trust.VOID_AFTER - 1) + ["digest-bad"]
    assert done[-1].detail.endswith("never taken while others are")


async def test_iphones_over_fcm_whose_key_is_refused_hold_up_no_android(bench: Bench) -> None:
    case = Case(Provider.FCM, reason="THIRD_PARTY_AUTH_ERROR")
    async with desk_of(bench, Provider.FCM) as desk:
        for name in ("i-1", "i-2", "i-3"):
            token = await token_of(bench, Provider.FCM, name)
            desk.install(name, token, Platform.IOS)
            assert (await desk.push(name)).outcome == "accepted"
            refuse(bench, case, token)
        await install(bench, desk, "android")
        assert outcomes(await side_by_side(desk, "i-1", "i-2", "i-3", "android"))[-1] == "accepted"
        assert outcomes([await desk.push("i-1"), await desk.push("android")]) == ["retry", "accepted"]


async def test_subscriptions_of_a_foreign_key_hold_up_nobody_and_are_retired(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trust, "APART_S", 0.0)
    async with desk_of(bench, Provider.WEB) as desk:
        for name in ("f-1", "f-2", "f-3"):
            desk.install(name, await token_of(bench, Provider.WEB, name, encoded(Keys().public)))
        await install(bench, desk, "good")
        first = [await desk.push(name) for name in ("f-1", "f-2", "f-3", "good")]
        assert outcomes(first) == ["refused"] * 3 + ["accepted"]
        later = [await desk.push("f-1") for _ in range(2)]
    assert [event.dead_token for event in later] == [None, "digest-f-1"]


# -- settings of our own that look like dead tokens


NOT_OURS = [
    Case(Provider.APNS, reason="DeviceTokenNotForTopic"),
    Case(Provider.APNS, reason="BadDeviceToken"),
    Case(Provider.FCM, reason="SENDER_ID_MISMATCH"),
    Case(Provider.HMS, reason="80300007"),
    Case(Provider.RUSTORE, reason="NOT_FOUND"),
]


@pytest.mark.parametrize("case", NOT_OURS, ids=lambda case: f"{case.provider.value}-{case.reason}", indirect=False)
async def test_where_no_token_has_worked_one_is_not_retired_for_what_our_own_mistake_would_look_like(
    bench: Bench, case: Case
) -> None:
    async with desk_of(bench, case.provider) as desk:
        await install(bench, desk, "dead", case=case)
        before = await desk.push("dead")
        await has_served(bench, desk, "good")
        after = await desk.push("dead")
    assert (before.outcome, before.dead_token) == ("refused", None)
    assert (after.outcome, after.dead_token) == ("refused", "digest-dead")


@pytest.mark.parametrize("case", NOT_OURS, ids=lambda case: f"{case.provider.value}-{case.reason}", indirect=False)
async def test_after_a_restart_a_token_that_has_worked_is_retired_without_waiting_for_another(
    bench: Bench, case: Case
) -> None:
    async with desk_of(bench, case.provider) as desk:
        await has_served(bench, desk, "only")
        refuse(bench, case, await token_again(desk, "only"))
        async with desk_of(bench, case.provider, desk.known) as again:
            assert (await again.push("only")).dead_token == "digest-only"


async def test_a_topic_that_is_mistyped_retires_nobody_who_was_served(bench: Bench) -> None:
    """All are told to be of another topic: those who were served under the right one as well."""
    async with desk_of(bench, Provider.APNS) as desk:
        names = [f"c-{number}" for number in range(10)]
        await has_served(bench, desk, *names)
        desk.provision({**credentials_of(bench, Provider.APNS), "team": "mistyped"})
        bench.sandbox.faults.order("apns", Fault("status", reason="DeviceTokenNotForTopic"))
        done = [await desk.push(name) for name in names]
    assert {(event.outcome, event.dead_token) for event in done} == {("refused", None)}


async def test_a_bundle_of_the_application_that_is_mistyped_proves_nothing_by_tokens_that_worked_before(
    bench: Bench,
) -> None:
    """The credentials stay as they were and name no topic, so DeviceTokenNotForTopic would be the answer for all."""
    async with desk_of(bench, Provider.APNS) as desk:
        given = credentials_of(bench, Provider.APNS)
        topic = given.pop("topic")
        desk.provision(given, bundle=topic)
        await has_served(bench, desk, "a", "b")
        token = desk.known.by_id["a"].token
        assert token is not None
        for bundle, is_proven in (("org.bank.mistyped", False), (topic, True)):
            desk.provision(given, bundle=bundle)
            await desk.push("b")
            to = desk.work.watch.health_of(APPLICATION).addressee(token.digest, "sandbox/", token.worked_under)
            assert to.way.is_proven is is_proven


async def test_a_variant_of_the_application_that_is_wrong_retires_nobody_who_was_served(bench: Bench) -> None:
    async with desk_of(bench, Provider.RUSTORE) as desk:
        given = credentials_of(bench, Provider.RUSTORE)
        desk.provision(given, rustore_variant="universal")
        names = [f"c-{number}" for number in range(10)]
        await has_served(bench, desk, *names)
        desk.provision(given, rustore_variant="native")
        bench.sandbox.faults.order("rustore", Fault("status", reason="NOT_FOUND"))
        done = [await desk.push(name) for name in names]
    assert {(event.outcome, event.dead_token) for event in done} == {("refused", None)}


# -- answers that do not say whether token or message is at fault

UNCLEAR = [
    Case(Provider.FCM, reason="INVALID_ARGUMENT_ALONE"),
    Case(Provider.FCM, reason="INVALID_ARGUMENT_BARE"),
    Case(Provider.RUSTORE, reason="INVALID_ARGUMENT"),
    Case(Provider.RUSTORE, reason="INVALID_TOKEN"),
]


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(malformed_tokens, "EVERY_S", 0.0)


@pytest.mark.usefixtures("unhurried")
@pytest.mark.parametrize("case", UNCLEAR, ids=lambda case: f"{case.provider.value}-{case.reason}", indirect=False)
async def test_a_malformed_token_is_retired_once_another_is_taken(bench: Bench, case: Case) -> None:
    async with desk_of(bench, case.provider) as desk:
        await install(bench, desk, "bad", case=case)
        assert (await desk.push("bad")).dead_token is None
        await has_served(bench, desk, "good")
        received = len(bench.sandbox.inbox.all())
        found = await desk.push("bad")
        assert (found.outcome, found.dead_token) == ("refused", "digest-bad")
        assert len(bench.sandbox.inbox.all()) == received  # questions reach nobody


@pytest.mark.usefixtures("unhurried")
@pytest.mark.parametrize("case", UNCLEAR, ids=lambda case: f"{case.provider.value}-{case.reason}", indirect=False)
async def test_a_bad_message_never_retires_a_token(bench: Bench, case: Case) -> None:
    async with desk_of(bench, case.provider) as desk:
        await has_served(bench, desk, "good")
        await install(bench, desk, *(f"new-{number}" for number in range(3)))
        order = Fault("status", reason=case.reason, holding="bad text")
        bench.sandbox.faults.order(case.provider.value, order)
        for name, number in itertools.product(("good", "new-0", "new-1", "new-2"), range(4)):
            event = await desk.push(name, f"a bad text {number}")
            assert (event.outcome, event.dead_token) == ("refused", None)
        assert [(await desk.push(f"new-{number}")).outcome for number in range(3)] == ["accepted"] * 3


@pytest.mark.usefixtures("unhurried")
@pytest.mark.parametrize("case", UNCLEAR, ids=lambda case: f"{case.provider.value}-{case.reason}", indirect=False)
async def test_a_provider_that_takes_nothing_any_more_retires_no_token(bench: Bench, case: Case) -> None:
    async with desk_of(bench, case.provider) as desk:
        await has_served(bench, desk, "good")
        await install(bench, desk, *(f"new-{number}" for number in range(5)))
        refuse(bench, case)
        events = [await desk.push(name) for name in ("good", *(f"new-{number}" for number in range(5)))]
    assert {(event.outcome, event.dead_token) for event in events} == {("refused", None)}


@pytest.fixture(autouse=True)
def nothing_is_stopped(bench: Bench) -> None:
    for provider in Provider:
        telemetry.SENDER_STOPPED.labels(APPLICATION, provider.value).set(0)
