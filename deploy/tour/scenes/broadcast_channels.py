"""A match that two phones follow: one message for both, and what the operator reads of it."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from deploy.local.provision import APPLICATION_ID
from deploy.sandbox.phone.device import Device
from deploy.tour.scene import Place, Row

ORDER = 71
TITLE = "Broadcast channels"
TYPE = "MatchAttributes"


async def play(place: Place) -> list[Row]:
    channel = f"/v1/applications/{APPLICATION_ID}/broadcast-channels/{place.ref()}"

    async def call(method: str, path: str, **body: Any) -> Any:
        return await asyncio.to_thread(place.admin.call, method, path, body)

    async def until(path: str, state: str) -> Any:
        async def has_come() -> bool:
            return bool((await call("GET", path))["state"] == state)

        await place.until(has_come, f"{path} is {state}")
        return await call("GET", path)

    await call("PUT", channel, keepLatest=True)
    opened = await until(channel, "open")
    viewers: list[Device] = [await place.fleet.enrol("ios", phone=place.phone()) for _ in range(2)]
    followed = [viewer.activities.follow(TYPE, {"goals": 0}, opened["channelId"]) for viewer in viewers]
    aps = {"event": "update", "timestamp": datetime.now(UTC).isoformat(), "content-state": {"goals": 1}}
    sent = await call("POST", f"{channel}/messages", aps=aps)
    await place.fleet.until(lambda: all(match.state == {"goals": 1} for match in followed))
    reported = await until(f"{channel}/messages/{sent['broadcastId']}", "accepted")
    await call("DELETE", channel)
    closed = await until(channel, "closed")
    return [
        Row(
            "one message on a channel",
            "; ".join(str(match.state) for match in followed),
            reported["state"],
            reported["attempt"] == 1,
        ),
        Row("the channel is deleted", "", closed["state"], True),
    ]
