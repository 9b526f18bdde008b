"""A browser among the phones: subscribed through the platform's own key, pushed to, and heard of."""

from deploy.sandbox.phone.device import Habits
from tests.support.waiting import eventually
from tests.support.world import DELIVERED, READ, World


async def test_a_browser_gets_the_push_and_its_receipts_are_reported(world: World) -> None:
    phone = world.new_phone()
    browser = await world.enrol("web", phone, Habits("clicked", after_s=0.05, action="open"))
    content = {"actions": [{"title": "Open", "action": "open"}]}
    ref = await world.send(phone, title="Statement", content=content)
    await world.reported(ref, READ)
    (push,) = browser.shown
    assert (push.title, [action.action for action in push.actions]) == ("Statement", ["open"])
    (attempt,) = await world.attempts(ref)
    assert (attempt["provider"], attempt["status"]) == ("web", 201)


async def test_a_push_whose_answer_was_lost_is_sent_again_and_shown_once(world: World) -> None:
    phone = world.new_phone()
    browser = await world.enrol("web", phone, Habits(None))
    await world.control.order("web", "drop-after-write", token=browser.token, times=1)
    ref = await world.send(phone)
    await world.reported(ref, DELIVERED)

    async def is_repeated() -> bool:
        return len(await world.control.inbox("web", browser.token)) == 2

    await eventually(is_repeated, "the push comes again")
    assert len(browser.shown) == 1


async def test_a_subscription_that_is_gone_is_retired_until_the_page_subscribes_again(world: World) -> None:
    phone = world.new_phone()
    browser = await world.enrol("web", phone)
    await world.control.order("web", "status", reason="GONE", token=browser.token, times=1)
    assert await world.refused(await world.send(phone)) == 28

    async def has_no_token() -> bool:
        await browser.refresh()
        return browser.view["token"] is None

    await eventually(has_no_token, "the subscription is retired")
    assert await world.refused(await world.send(phone)) == 22
    await world.new_token(browser)
    await world.reported(await world.send(phone), READ)
