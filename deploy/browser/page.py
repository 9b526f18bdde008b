"""The sample page in a browser, with the sandbox in the place of the browser's push service.

A local browser cannot subscribe at a push service that it does not know, so `PushManager.subscribe` answers a
subscription of the sandbox; what comes there is decrypted with its keys, and given to the service worker as the browser
would give it (`ServiceWorker.deliverPushMessage`). Everything else is the page's own.
"""

from dataclasses import dataclass, field
from typing import Any

import orjson

from deploy.browser.chromium import Browser
from deploy.sandbox.control.client import Control
from deploy.sandbox.web_push.browser import Keys, opened
from deploy.waiting import WAIT_S, eventually

SUBSCRIBES = """
const made = %s;
PushManager.prototype.getSubscription = async () => null;
PushManager.prototype.subscribe = async (options) => {
  if (!options.userVisibleOnly || options.applicationServerKey !== %s) throw new Error("not what was asked for");
  return { toJSON: () => made };
};
"""


@dataclass
class SamplePage:
    """One tab on the page."""

    browser: Browser
    control: Control
    gateway: str
    server_key: str
    site: str = ""  # the address of the page, where it is not the platform's
    keys: Keys = field(default_factory=Keys)
    subscription: str = ""
    session: str = ""
    taken: int = 0

    @property
    def origin(self) -> str:
        return self.site or self.gateway

    async def open(self) -> None:
        """Load it, in a browser that allows notifications."""
        call = self.browser.call
        await call("Browser.grantPermissions", origin=self.origin, permissions=["notifications"])
        target = (await call("Target.createTarget", url="about:blank"))["targetId"]
        self.session = await self.browser.attach(target)
        made = await self.control.web_subscription(self.server_key)
        self.subscription = made["subscription"]
        subscription = {"endpoint": made["endpoint"], "expirationTime": None, "keys": self.keys.described()}
        script = SUBSCRIBES % (orjson.dumps(subscription).decode(), orjson.dumps(self.server_key).decode())
        await call("Page.enable", self.session)
        await call("Page.addScriptToEvaluateOnNewDocument", self.session, source=script)
        await call("ServiceWorker.enable", self.session)
        await call("Page.navigate", self.session, url=f"{self.origin}/web/")
        await eventually(self._ready, "the page is loaded")

    async def click(self, button: str, **fields: str) -> str:
        """Fill in fields, press a button; what the page says."""
        for name, value in fields.items():
            await self.run(f"document.getElementById({name!r}).value = {value!r}")
        await self.run("document.getElementById('said').textContent = ''")
        await self.run(f"document.getElementById({button!r}).click()")
        return str(
            await eventually(lambda: self.run("document.getElementById('said').textContent"), f"{button} is done")
        )

    async def received(self) -> dict[str, Any]:
        """The next push that the sandbox has for this browser, decrypted."""
        self.taken += 1
        found = await self.control.inbox("web", self.subscription, self.taken, WAIT_S)
        return opened(self.keys, found[self.taken - 1]["payload"])

    async def deliver(self, push: dict[str, Any]) -> None:
        """Give it to the service worker, as the browser does when its push service has something."""
        about = {
            "origin": self.origin,
            "registrationId": await self._registration(),
            "data": orjson.dumps(push).decode(),
        }
        await self.browser.call("ServiceWorker.deliverPushMessage", self.session, **about)

    async def reported(self, what: str, count: int = 1) -> list[str]:
        """The lines of the page's list that begin with this word; waits until there are `count`."""
        script = f"[...document.querySelectorAll('#log li')].filter(one => one.children[1].textContent === {what!r})"
        script += ".map(one => one.children[2].textContent)"

        async def enough() -> list[str] | None:
            found: list[str] = await self.run(script)
            return found if len(found) >= count else None

        found: list[str] = await eventually(enough, f"{count} times {what}")
        return found

    async def notifications(self) -> list[dict[str, Any]]:
        """What the browser shows."""
        script = "navigator.serviceWorker.ready.then((one) => one.getNotifications()).then((all) => all.map((one) => "
        script += "({title: one.title, body: one.body, tag: one.tag, image: one.image, actions: one.actions})))"
        found: list[dict[str, Any]] = await self.run(script)
        return found

    async def touch(self, event: str, tag: str, action: str = "") -> None:
        """What a person does to a notification: notificationclick (a button, or none) or notificationclose."""
        targets = (await self.browser.call("Target.getTargets"))["targetInfos"]
        worker = await self.browser.attach(
            next(target["targetId"] for target in targets if target["type"] == "service_worker")
        )
        await self.browser.run(
            worker,
            f"self.registration.getNotifications({{tag: {tag!r}}}).then(([notification]) => self.dispatchEvent("
            f"new NotificationEvent({event!r}, {{notification, action: {action!r}}})))",
        )

    async def run(self, script: str) -> Any:
        return await self.browser.run(self.session, script)

    async def _ready(self) -> bool:
        return bool(await self.run("location.pathname === '/web/' && document.readyState === 'complete'"))

    async def _registration(self) -> str:
        async def known() -> str | None:
            updates = [
                event
                for event in self.browser.events
                if event.get("method") == "ServiceWorker.workerRegistrationUpdated"
            ]
            found = [page for update in updates for page in update["params"]["registrations"]]
            return next((page["registrationId"] for page in found if page["scopeURL"] == f"{self.origin}/web/"), None)

        return str(await eventually(known, "the service worker is registered"))
