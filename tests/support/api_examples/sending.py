"""The walk through the partner API: messages, packets, mailings, broadcast channels, test pushes."""

from deploy.local.provision import APPLICATION_ID
from tests.support.api_examples.walk import Walk

PHONE = "79000000001"
MESSAGE, WAITING = "first-1", "waiting-1"
_BROADCASTS = {"application_id": APPLICATION_ID, "name": "match-1"}


async def messages(walk: Walk) -> None:
    """One, one that waits for its cascade, a packet, a test push."""
    device = await walk.world.enrol("android", PHONE)
    walk.ids |= {"installation": device.installation_id, "credential": device.who.credential}
    await walk.send("ingest.send")
    phone = walk.world.new_phone()
    (await walk.world.enrol("android", phone)).go_offline()
    await walk.send("ingest.send", {"id": WAITING, "destAddr": phone})
    made = await walk.send("ingest.sendPacket")
    walk.ids["packet"] = str(made["result"][0]["packetId"])
    await walk.send("ingest.sendTestPush")


async def a_mailing(walk: Walk) -> None:
    """From its draft on, until it is called off."""
    made = await walk.send("ingest.createMailing", by="partner")
    own = {"any_id": made["mailingId"]}
    await walk.send("ingest.changeMailing", by="partner", at=own)
    await walk.send("ingest.uploadRecipients", by="partner", at=own)
    await walk.send("ingest.clearRecipients", by="partner", at=own)
    await walk.send("ingest.postRecipients", by="partner", at=own)
    for name in ("getMailing", "listProblems", "forecastMailing", "getDefinition", "followMailing"):
        await walk.send(f"ingest.{name}", at=own)
    await walk.send("ingest.startMailing", by="partner", query={"at": "2199-01-01T00:00:00Z"}, at=own)
    for name in ("pauseMailing", "resumeMailing", "cancelMailing"):
        await walk.send(f"ingest.{name}", by="partner", at=own)
    await walk.send("ingest.listMailings")


async def broadcasts(walk: Walk) -> None:
    """A channel is opened, sent to, and closed."""
    await walk.send("ingest.putBroadcastChannel", by="operator", at=_BROADCASTS)
    await walk.until("ingest.getBroadcastChannel", lambda found: found["state"] == "open", at=_BROADCASTS)
    await walk.send("ingest.listBroadcastChannels", at={"application_id": APPLICATION_ID})
    made = await walk.send("ingest.sendBroadcast", by="operator", at=_BROADCASTS)
    sent = {**_BROADCASTS, "broadcast_id": made["broadcastId"]}
    await walk.until("ingest.getBroadcast", lambda found: found["state"] == "accepted", at=sent)
    await walk.send("ingest.deleteBroadcastChannel", by="operator", at=_BROADCASTS)
