"""A gateway and nothing more, beside dispatch: the same pushes to the same server, over the same HTTP/2 engine.

A loop takes a token and a content from memory, renders it, posts it and looks at the status. It stores nothing, retries
nothing, looks up no owner, hears no receipt: what is missing up to here is what dispatch costs.
"""

import asyncio
import time
from typing import Any

import orjson
import uvloop

from deploy.bench.parts.fcm import push
from services.dispatch.http2 import Pool, Response
from services.dispatch.providers.apns import render
from services.dispatch.providers.apns.token import provider_token
from services.runtime.http_client.tls import tls_context

IN_FLIGHT = 512
CONNECTIONS = 4
TIMEOUT_S = 30.0


async def _pushed(described: dict[str, Any], key: dict[str, Any], pushes: int, content: Any) -> float:
    pool = Pool(described["apns"], tls_context(described["ca_file"], "h2"), size=CONNECTIONS)
    bearer = provider_token(key["team_id"], key["key_id"], key["private_key"]).bearer(time.time())
    template = push()._replace(content=content)
    topic, numbers, now_ms = key["topics"][0].encode(), iter(range(pushes)), int(time.time() * 1000)

    async def worker() -> None:
        for number in numbers:
            made = template._replace(token=f"{number:064x}", delivery_id=f"0193c5f0-0000-5000-8000-{number:012x}")
            body, _ = render.render(made)
            headers = render.headers_of(made, bearer, topic, now_ms)
            result = await pool.request(b"POST", render.path_of(made), headers, body, TIMEOUT_S)
            if not isinstance(result, Response) or result.status != 200:
                raise RuntimeError(f"a push was not accepted: {result}")

    await pool.request(b"POST", b"/3/device/0", (), orjson.dumps({}), TIMEOUT_S)  # connects
    began = time.process_time()
    await asyncio.gather(*(worker() for _ in range(IN_FLIGHT)))
    spent = time.process_time() - began
    await pool.close_all("done")
    return pushes / spent


def pushed(described: dict[str, Any], key: dict[str, Any], pushes: int, content: Any) -> float:
    """Pushes for each second of this process's processor time, to the sandbox that is `described`."""
    return uvloop.run(_pushed(described, key, pushes, content))
