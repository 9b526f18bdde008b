"""The walk through what operators set up: the partner `acme`, its application `acme-app`, and its own settings."""

from deploy.local.provision import admin_of
from tests.support.api_examples.walk import Walk, basic

PARTNER, APPLICATION, SENDER = "acme", "acme-app", "Acme"
PASSWORD = "three words and 4711"


async def a_partner(walk: Walk) -> None:
    """Made, changed, and its secrets drawn anew."""
    await walk.send("registry.createPartner")
    await walk.send("registry.listPartners")
    own = {"partner_id": PARTNER}
    await walk.send("registry.getPartner", at=own)
    await walk.send("registry.changePartner", at=own)
    await walk.send("registry.rotatePassword", at=own)
    for name in ("rotateReportKey", "dropOldReportKey", "rotateBatchKey", "rotatePartnerApiKey", "withdrawApiKeys"):
        await walk.send(f"registry.{name}", at=own)


async def an_application(walk: Walk) -> None:
    """Made, changed, with keys, credentials and a sender."""
    made = await walk.send("registry.createApplication")
    walk.proofs["application"] = {"X-Api-Key": made["apiKey"]}
    await walk.send("registry.listApplications")
    own = {"application_id": APPLICATION}
    await walk.send("registry.getApplication", at=own)
    await walk.send("registry.changeApplication", at=own)
    made = await walk.send("registry.rotateApiKey", at=own)
    walk.proofs["application"] = {"X-Api-Key": made["apiKey"]}
    await walk.send("registry.dropOldApiKeys", at=own)
    await walk.send("registry.addIdentityKeys", at=own)
    await walk.send("registry.endIdentityKey", query={"kid": "2026-11"}, at=own)
    await walk.send("registry.putCredentials", at={**own, "provider": "rustore"})
    await walk.send("registry.switchCredentials", at={**own, "provider": "rustore"})
    await walk.send("registry.listCredentials", at=own)
    await walk.send("registry.putSender", at={"partner_id": PARTNER, "service_number": SENDER})
    await walk.send("registry.listSenders", at={"partner_id": PARTNER})
    await _made_to_work(walk)


async def own_settings(walk: Walk) -> None:
    """What a partner sees to itself."""
    with walk.proving("partner", basic(PARTNER, PASSWORD)):
        await walk.send("registry.getMe")
        await walk.send("registry.getOwnSettings")
        await walk.send("registry.changeOwnSettings")
        for name in ("rotateOwnApiKey", "withdrawOwnApiKeys", "rotateOwnReportKey", "dropOwnOldReportKey"):
            await walk.send(f"registry.{name}")
        await walk.send("registry.rotateOwnBatchKey")


async def stops(walk: Walk) -> None:
    """The new partner is paused, and goes on."""
    await walk.send("registry.putStop", by="operator", at={"scope": "partner", "stop_id": PARTNER})
    await walk.until("registry.getStops", lambda found: any(stop["id"] == PARTNER for stop in found), by="operator")
    await walk.send("registry.getStops")
    await walk.send(
        "registry.putStop", {"state": "running"}, by="operator", at={"scope": "partner", "stop_id": PARTNER}
    )


async def _made_to_work(walk: Walk) -> None:
    """With credentials of the sandbox, and links that are made short."""
    stack = walk.world.stack.describe()
    admin = admin_of(stack)
    changed = [admin.put_credentials(APPLICATION, "fcm", stack["sandbox"]["credentials"]["fcm"])]
    changed.append(admin.put_credentials(APPLICATION, "web", stack["sandbox"]["credentials"]["web"]))
    about = {"linkShortener": True, "reportUrl": f"{stack['sandbox']['partner']}/reports"}
    changed.append(admin.call("PATCH", f"/v1/partners/{PARTNER}", about))
    await walk.is_read(max(answer["changedAt"] for answer in changed))
