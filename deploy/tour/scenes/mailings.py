"""A mailing: a broken line of its list is reported, the others are sent, and each phone shows its own text."""

from typing import Any

import aiohttp
import orjson

from deploy.local.provision import SERVICE_NUMBER
from deploy.play.sides import READS
from deploy.tour.scene import Place, Row

ORDER = 100
TITLE = "A mailing, with a broken line"
NAMES = ("reader 1", "reader 2", "reader 3")


async def play(place: Place) -> list[Row]:
    phones = [place.phone() for _ in NAMES]
    devices = [await place.fleet.enrol("android", phone=phone, habits=READS, name=phone) for phone in phones]
    lines = [{"to": phone, "who": name} for phone, name in zip(phones, NAMES, strict=True)]
    lines.insert(1, {"to": "12", "who": "Nobody"})
    ref = place.ref()
    data = {"serviceNumber": SERVICE_NUMBER, "text": "Dear {{who}}, we are open", "ttl": 5, "ttlUnit": "MINUTES"}
    draft = {"id": ref, "name": "tour", "message": {"type": "PUSH", "data": data}, "onBadLines": "skip"}
    async with aiohttp.ClientSession(place.gateway, headers=place.bank.auth) as session:
        await _ask(session, "POST", "", json=draft)
        body = b"".join(orjson.dumps(line) + b"\n" for line in lines)
        headers = {"Content-Type": "application/x-ndjson"}
        taken = await _ask(session, "PUT", f"/{ref}/recipients", data=body, headers=headers)
        problems = (await _ask(session, "GET", f"/{ref}/problems"))["problems"]
        expected = await _ask(session, "GET", f"/{ref}/forecast")
        await _ask(session, "POST", f"/{ref}/start")
        progress: dict[str, Any] = {}

        async def all_have_read() -> bool:
            progress.update((await _ask(session, "GET", f"/{ref}"))["progress"])
            return bool(progress["read"] == len(NAMES))

        await place.until(all_have_read, lambda: f"all have read; so far {progress}")
    shown = [device.shown[0].text for device in devices]
    broken = ", ".join(f"line {problem['line']}: {problem['field']} {problem['rule']}" for problem in problems)
    as_expected = shown == [f"Dear {name}, we are open" for name in NAMES]
    return [
        Row(f"a list of {len(lines)} lines", "", f"{taken['accepted']} taken; {broken}", taken["refused"] == 1),
        Row(
            "dry run", "", f"{expected['addressed']} of {expected['recipients']} reachable", expected["addressed"] == 3
        ),
        Row("Dear {{who}} …", "; ".join(shown), f"read {progress['read']} of {progress['planned']}", as_expected),
    ]


async def _ask(session: aiohttp.ClientSession, method: str, path: str, **about: Any) -> dict[str, Any]:
    async with session.request(method, f"/v1/mailings{path}", raise_for_status=True, **about) as response:
        answer: dict[str, Any] = orjson.loads(await response.read())
        return answer
