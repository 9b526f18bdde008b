"""The walk through what has become of messages: searches, streams, statistics, packets, history, resent reports."""

from collections.abc import Callable
from typing import Any

from deploy.local.provision import LOGIN
from tests.support.api_examples.sending import MESSAGE, WAITING
from tests.support.api_examples.walk import Walk, bearer
from tests.support.waiting import eventually


async def messages(walk: Walk) -> None:
    """One that was read, found in every way; one that is called off."""
    found = await walk.until("status.getMessage", _is("READ"), by="partner", at={"any_id": MESSAGE})
    await walk.send("status.getMessage", at={"any_id": found["messageId"]})
    await walk.send("status.followMessage", by="partner", at={"any_id": MESSAGE})
    await walk.send("status.listMessages", query={"limit": "3"})
    await walk.send("status.countFailureReasons")
    for form in ("ndjson", "csv"):
        await walk.send("status.exportMessages", query={"format": form})
    await walk.send("status.streamEvents", by="partner", query={"after": "0"})
    await walk.send("status.streamEvents", by="operator", query={"after": "0", "partner": LOGIN})
    await walk.until("status.getMessage", _is("SENT"), by="partner", at={"any_id": WAITING})
    await walk.send("status.cancelMessage", by="partner", at={"any_id": WAITING})


async def counts(walk: Walk) -> None:
    """Statistics, and what cascades have saved."""
    await walk.send("status.getStatistics")
    await walk.send("status.getSavings")


async def a_packet(walk: Walk) -> None:
    """Its states, asked for by its id and by those of its messages."""
    at = {"packet_id": walk.ids["packet"]}
    page = await walk.until("status.getPacket", lambda found: "READ" in found.get("counts", {}), at=at)
    read = [state["messageId"] for state in page["messages"] if state["status"] == "READ"]
    await walk.send("status.getStates", {"messageIds": read})


async def a_channel_report(walk: Walk) -> None:
    """The channel platform reports on the SMS of a cascade."""
    phone = walk.world.new_phone()  # without a device
    await walk.send("ingest.send", {"id": "sms-1", "destAddr": phone})

    async def reported() -> dict[str, Any] | None:
        found = await walk.world.control.channel_messages(phone)
        return next((posted for posted in found if 200 in posted["answered"]), None)

    posted = await eventually(reported, "the platform's own report is taken", 60)
    callback = posted["notify_url"].rpartition("/")[2]
    await walk.send("status.postChannelReport", {"id": posted["id"]}, at={"callback": callback})


async def a_history(walk: Walk) -> None:
    """What a proved owner has been sent, marked and deleted."""
    with walk.proving("installation", bearer(walk.ids["credential"])):
        await _looked_through(walk, {"installation_id": walk.ids["installation"]})


async def _looked_through(walk: Walk, own: dict[str, str]) -> None:
    page = await walk.until("status.listHistoryEntries", lambda found: len(found.get("entries", ())) > 1, at=own)
    newest, other = ({"message_id": entry["messageId"]} for entry in page["entries"][:2])
    await walk.send("status.getContent", at={**own, **newest})
    await walk.send("status.getHistoryEntry", at={**own, **newest})
    about = {"messageId": newest["message_id"]}
    await walk.send("status.changeHistoryStatus", about, at=own)
    await walk.send("status.deleteHistoryEntries", about, at=own)
    await walk.send("status.deleteHistoryEntry", at={**own, **other})


async def resent_reports(walk: Walk) -> None:
    """Counted first, then begun, and called off."""
    await walk.send("status.resendReports", by="partner")
    made = await walk.send("status.resendReports", {"dryRun": False}, by="partner")
    await walk.send("status.listReportResends")
    await walk.send("status.getReportResend", at={"resend_id": made["resendId"]})
    await walk.send("status.cancelReportResend", by="partner", at={"resend_id": made["resendId"]})


def _is(state: str) -> Callable[[Any], bool]:
    return lambda found: bool(found.get("state") == state)
