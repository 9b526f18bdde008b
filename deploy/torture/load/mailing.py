"""One mailing among the load: a draft, its list, its start, each asked for until it is done."""

import math
from collections.abc import Sequence
from typing import Any

import orjson

from deploy.torture.load.book import Book
from deploy.torture.load.customers import SENDER
from deploy.torture.load.plan import Planned
from deploy.torture.load.sending import Partner, Refused

_NDJSON = {"Content-Type": "application/x-ndjson"}
_REPEATED = 409
_HASTE = 1.5  # so that it has been planned when the others are sent
Json = dict[str, Any]


async def send_mailing(partner: Partner, book: Book, lines: Sequence[Planned], per_s: float) -> None:
    """Send them as one mailing, somewhat faster than at this rate; returns when it has started. Raises Refused."""
    if not lines:
        return
    ref = f"of-{lines[0].ref}"
    data = {"serviceNumber": SENDER, "text": "{{text}}", "ttl": 1, "ttlUnit": "HOURS"}
    draft: Json = {"id": ref, "name": "torture", "message": {"type": "PUSH", "data": data}}
    draft |= {"onRepeated": "send", "ratePerS": 1 + math.ceil(_HASTE * per_s)}
    await _ask(partner, ref, "POST", "", json=draft)
    for message in lines:
        book.expect(message)
    body = b"".join(orjson.dumps({"to": line.phone, "id": line.ref, "text": line.ref}) + b"\n" for line in lines)
    listed = await _ask(partner, ref, "PUT", f"/{ref}/recipients", data=body, headers=_NDJSON)
    if listed["list"]["accepted"] != len(lines):  # all that have come, where an upload was cut off and begun again
        raise Refused(f"the list of {ref}: {listed}")
    await _ask(partner, ref, "POST", f"/{ref}/start")
    for message in lines:
        book.taken(message.ref, "mailing: started")


async def _ask(partner: Partner, ref: str, method: str, path: str, headers: Json | None = None, **about: Any) -> Json:
    """What was asked for before, and not answered, is answered 409 when it is asked for again."""
    headers = {**partner.auth, **(headers or {})}
    status, answer = await partner.until_answered(ref, method, f"/v1/mailings{path}", headers=headers, **about)
    if status >= 300 and status != _REPEATED:
        raise Refused(f"{method} of the mailing {ref}: {status} {answer}")
    return answer
