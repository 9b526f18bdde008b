"""`make browser`: the sample page and its service worker in a real browser, against a stack of their own.

Needs a Chromium on the PATH (`apt-get install chromium`); no other target does. Writes a picture of the page to
`.local/browser.png`.
"""

import asyncio
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from deploy.browser.chromium import NoBrowserError, chromium
from deploy.browser.page import SamplePage
from deploy.local import Stack, StackError
from deploy.local.provision import API_KEY, LOGIN, PASSWORD, SERVICE_NUMBER, provision
from deploy.play.bank import Bank
from deploy.sandbox.control.client import Control
from deploy.sandbox.phone.sdk_api import DeviceApi
from deploy.waiting import eventually

PICTURE = Path(__file__).resolve().parents[2] / ".local" / "browser.png"
PHONE = "79000000777"
DELIVERED, READ = 2, 9
BUTTONS = [
    {"title": "Open", "action": "open-app"},
    {"title": "Pay", "action": "link", "options": "https://bank.example/"},
]


def main() -> int:
    try:
        with TemporaryDirectory(prefix="rpns-stack-") as folder, Stack(Path(folder)) as stack:
            provision(stack.describe())
            shot = asyncio.run(_check(stack))
        PICTURE.parent.mkdir(exist_ok=True)
        PICTURE.write_bytes(shot)
        print(f"7 passed, 0 failed\npicture: {PICTURE}")
    except NoBrowserError as error:
        print(f"error: no browser: {error}", file=sys.stderr)
        return 1
    except StackError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


async def _check(stack: Stack) -> bytes:
    control_url = stack.sandbox["control"]
    async with (
        chromium() as browser,
        Control(control_url) as control,
        Bank(stack.public_url, LOGIN, PASSWORD, SERVICE_NUMBER) as bank,
    ):
        page = SamplePage(browser, control, stack.public_url, await _server_key(stack.public_url))
        await _subscribed(page)
        await _shown_once(page, bank)
        await _whole(page, bank)
        await _secure(page, bank)
        await _foreign(page)
        return await browser.screenshot(page.session)


async def _server_key(gateway: str) -> str:
    async with DeviceApi(gateway, API_KEY) as api:
        return await api.web_push_key()


async def _subscribed(page: SamplePage) -> None:
    await page.open()
    assert "Subscribed" in await page.click("start")
    assert await page.click("login", phone=f"+{PHONE}") == "Logged in."
    print("ok  the page subscribes with the platform's key, and logs in")


async def _shown_once(page: SamplePage, bank: Bank) -> None:
    content = {"contentCategory": "IMAGE", "contentUrl": "https://bank.example/1.png", "actions": BUTTONS}
    await bank.send("Your payment has come", phone=PHONE, ref="web-1", title="Demo Bank", content=content)
    push = await page.received()
    await page.deliver(push)
    assert await page.reported("shown") == ["Demo Bank — Your payment has come"]
    (shown,) = await page.notifications()
    delivery = push["rpns"]["delivery"]
    assert (shown["title"], shown["body"], shown["tag"]) == ("Demo Bank", "Your payment has come", delivery)
    assert [action["title"] for action in shown["actions"]] == ["Open", "Pay"]
    await _reported(page.control, "web-1", DELIVERED)
    await page.deliver(push)
    await page.reported("repeated")
    assert len(await page.notifications()) == 1
    print("ok  a push is shown once, the delivery id as tag, and reported as delivered")
    await page.touch("notificationclick", delivery, "1")
    assert await page.reported("clicked") == ["Pay"]
    await _reported(page.control, "web-1", READ)
    assert await page.notifications() == []
    print("ok  its button is reported as clicked")


async def _whole(page: SamplePage, bank: Bank) -> None:
    text = "Все подробности операции. " * 35
    await bank.send(text, phone=PHONE, ref="web-2", title="Demo Bank", customPayload="x" * 6000)
    push = await page.received()
    assert push["rpns"]["more"]
    await page.deliver(push)
    await page.reported("whole")

    async def is_whole() -> bool:
        return [shown["body"].strip() for shown in await page.notifications()] == [text.strip()]

    await eventually(is_whole, "the whole text is shown")
    await page.touch("notificationclose", push["rpns"]["delivery"])
    await page.reported("dismissed")
    await _reported(page.control, "web-2", DELIVERED)
    print("ok  what did not fit is fetched, and a closed notification is reported")


async def _secure(page: SamplePage, bank: Bank) -> None:
    pushes = []
    for place, code in enumerate(("4711", "0815")):
        values = [{"param_name": "SECURE", "param_value": {"code": code}}]
        await bank.send("Code %code%", phone=PHONE, ref=f"web-3-{place}", title="Bank %code%", extraOptions=values)
        pushes.append(await page.received())
        assert code not in str(pushes[-1])
    first, second = pushes
    await page.deliver(first)
    await page.reported("shown", 3)
    assert await _texts(page, first) == [("Bank 4711", "Code 4711")]
    await _reported(page.control, "web-3-0", DELIVERED)
    print("ok  SECURE values that were sealed to the browser are opened by it")
    second["rpns"]["sealed"] = first["rpns"]["sealed"]  # sealed for another delivery
    await page.deliver(second)
    await page.reported("whole", 2)
    assert await _texts(page, second) == [("Bank 0815", "Code 0815")]
    print("ok  what it cannot open it fetches")


async def _texts(page: SamplePage, push: dict[str, Any]) -> list[tuple[str, str]]:
    """Title and body of what is shown of a push."""
    shown = [made for made in await page.notifications() if made["tag"] == push["rpns"]["delivery"]]
    return [(notification["title"], notification["body"]) for notification in shown]


async def _foreign(page: SamplePage) -> None:
    before = len(await page.notifications())
    own: dict[str, Any] = {"v": 1, "id": "0", "delivery": "0", "mark": "0123456789abcdef"}
    await page.deliver({"rpns": own, "notification": {"title": "T", "body": "B"}})
    await page.reported("foreign")
    assert len(await page.notifications()) == before
    print("ok  a push for somebody who has logged out is not shown")


async def _reported(control: Control, ref: str, status: int) -> None:
    async def has_come() -> bool:
        return any(entry["report"]["status"] == status for entry in await control.reports(ref))

    await eventually(has_come, f"{ref} reported {status}")


if __name__ == "__main__":
    sys.exit(main())
