"""The walk through the device API: an installation of the new application, and a proved one that has messages."""

import re
import uuid

from deploy.local.provision import APPLICATION_ID
from deploy.play.bank import Bank
from deploy.sandbox.hms.keys import HmsCredentials
from deploy.sandbox.hms.receipts import HEADER, signature
from deploy.sandbox.phone.sdk_push import Push, read_push
from services.runtime.clock import now_ms
from services.runtime.openapi.examples.bodies import BODIES
from tests.support.api_examples.provisioning import APPLICATION, PARTNER, PASSWORD, SENDER
from tests.support.api_examples.sending import PHONE
from tests.support.api_examples.walk import Walk, bearer
from tests.support.waiting import eventually

LINK = "https://acme.example/offers/of-the-spring?source=push&name=reader"
INSTALLATION, TOKEN = BODIES["InstallBody"]["installationId"], BODIES["TokenBody"]["token"]


async def an_installation(walk: Walk) -> None:
    """It is installed, gets a token, is logged in, says what it likes."""
    made = await walk.send("registry.install")
    walk.proofs["installation"] = bearer(made["credential"])
    own = {"installation_id": made["installation"]["installationId"]}
    for name in ("getInstallation", "putToken", "personalize", "getProfile", "putSettings", "startSession"):
        await walk.send(f"registry.{name}", at=own)
    await walk.send("registry.getSubscriptions", at=own)
    await walk.send("registry.getWebPush")


async def live_activities(walk: Walk) -> None:
    """Of an iPhone, which alone has them."""
    made = await walk.send("registry.install", {"installationId": str(uuid.uuid4()), "platform": "ios"})
    own = {"installation_id": made["installation"]["installationId"]}
    with walk.proving("installation", bearer(made["credential"])):
        await _live_activities(walk, own)


async def _live_activities(walk: Walk, own: dict[str, str]) -> None:
    await walk.send("registry.putActivityToken", at={**own, "activity_id": "match-1"})
    await walk.send("registry.putStartToken", at={**own, "attributes_type": "MatchAttributes"})
    await walk.send("registry.getActivities", at=own)
    await walk.send("registry.deleteActivity", at={**own, "activity_id": "match-1"})
    await walk.send("registry.deleteStartToken", at={**own, "attributes_type": "MatchAttributes"})


async def a_message_and_its_link(walk: Walk) -> None:
    """A link in a text is short on the phone, and leads on; the phone says that it was read."""
    async with Bank(walk.world.stack.public_url, PARTNER, PASSWORD, SENDER) as bank:
        answer = await bank.send(f"An offer: {LINK}", phone=PHONE, ref="offer-1")
        assert answer.http_status == 200, answer

    async def pushed() -> Push | None:
        received = [read_push("fcm", push["payload"]) for push in await walk.world.control.inbox("fcm", TOKEN)]
        return next((push for push in received if "/l/" in push.text), None)

    push = await eventually(pushed, "a push with a short link")
    (code,) = re.findall(r"/l/(\w+)", push.text)

    async def is_known() -> bool:
        url = f"{walk.world.stack.public_url}/l/{code}"
        async with walk.http.get(url, allow_redirects=False) as response:
            return response.status == 302

    await eventually(is_known, "the link of a push leads on")
    await walk.send("status.followShortLink", at={"code": code})
    changes = {"messageId": push.message_id, "deliveryId": push.delivery_id}
    await walk.send("registry.postReceipts", changes, at={"installation_id": INSTALLATION})


async def support(walk: Walk) -> None:
    """What operators and partners see of installations, and do to them."""
    await walk.send("registry.findInstallations", query={"phone": PHONE})
    await walk.send("registry.getAnyInstallation", by="operator", at={"installation_id": INSTALLATION})
    await walk.send("registry.importInstallations", query={"applicationId": APPLICATION})
    await walk.send("registry.revokeProofs", by="operator")
    await walk.send("registry.getSubscriptionAudience", at={"application_id": APPLICATION_ID})
    await walk.send("registry.getProhibitions", at={"application_id": APPLICATION_ID})


async def a_receipt_of_huawei(walk: Walk) -> None:
    """Signed as Huawei signs it, of a push to a phone that keeps silent."""
    world = walk.world
    phone = world.new_phone()
    device = await world.enrol("huawei", phone)
    device.go_offline()
    await world.send(phone)
    (push,) = await world.control.inbox("hms", device.token, count=1, timeout_s=60)
    tag = push["payload"]["message"]["android"]["bi_tag"]
    credentials = HmsCredentials.model_validate(world.stack.sandbox["credentials"]["hms"])
    walk.proofs["huawei"] = {HEADER: signature(credentials, "decoded", now_ms())}
    about = {"biTag": tag, "token": device.token, "timestamp": now_ms()}
    await walk.send("registry.postHmsReceipts", about, at={"application_id": APPLICATION_ID})


async def logging_out(walk: Walk) -> None:
    """The end of the installation's walk."""
    own = {"installation_id": INSTALLATION}
    await walk.send("registry.depersonalize", at=own)
    await walk.send("registry.deleteToken", at=own)
