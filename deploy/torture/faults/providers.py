"""Faults of the world outside: providers, the channel platform, credentials, the partner's receiver."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from random import Random
from typing import Any

from deploy.local.provision import Admin, admin_of
from deploy.torture.faults.plan import Strike
from deploy.torture.faults.scene import Scene, note
from deploy.torture.load.customers import SECOND, SECOND_PROVIDERS

PROVIDERS = ("apns", "fcm", "hms", "rustore", "web", "channels")
_THROTTLED: Mapping[str, Mapping[str, Any]] = {
    "apns": {"reason": "TooManyRequests"},
    "fcm": {"reason": "QUOTA_EXCEEDED", "retry_after": "1"},
    "hms": {"reason": "FLOW_CONTROL"},
    "rustore": {"reason": "TOO_MANY_REQUESTS"},
    "web": {"reason": "TOO_MANY_REQUESTS", "retry_after": "1"},
    "channels": {"reason": "3", "retry_after": "1"},
}
_BREATH_S = 0.02
"""One request in a hundred gets through: so long nothing is ordered, every two seconds."""
_STORM_S = 0.3
_LOST = 20  # answers
_REVOKED: Mapping[str, Mapping[str, str]] = {
    "fcm": {"private_key_id": "0" * 40},
    "hms": {"client_secret": "0" * 64},
    "rustore": {"service_token": "0" * 64},
}


async def outage(scene: Scene, strike: Strike, draw: Random) -> None:
    """It refuses connections, answers errors, or nothing."""
    how = draw.choice(({"kind": "reset"}, {"kind": "hang"}, {"kind": "status", "status": 503}))
    note(scene, strike, "outage", **how)
    await scene.control.order(strike.victim, **how)
    await asyncio.sleep(strike.lasts_s)
    await scene.control.clear_faults(strike.victim)


async def lose_answers(scene: Scene, strike: Strike, draw: Random) -> None:
    """It accepts, and the connection is lost before it answers."""
    await scene.control.order(strike.victim, "drop-after-write", times=_LOST)
    await asyncio.sleep(strike.lasts_s)
    await scene.control.clear_faults(strike.victim)


async def throttle(scene: Scene, strike: Strike, draw: Random) -> None:
    """All but one in a hundred requests are too many."""
    loop = asyncio.get_running_loop()
    until_s = loop.time() + strike.lasts_s
    while loop.time() < until_s:
        await scene.control.order(strike.victim, "status", **_THROTTLED[strike.victim])
        await asyncio.sleep(min(2.0, max(0.0, until_s - loop.time())))
        await scene.control.clear_faults(strike.victim)
        await asyncio.sleep(_BREATH_S)


async def go_away(scene: Scene, strike: Strike, draw: Random) -> None:
    """Every connection to APNs ends with GOAWAY, again and again."""
    loop = asyncio.get_running_loop()
    until_s = loop.time() + strike.lasts_s
    while loop.time() < until_s:
        await scene.control.go_away("Shutdown")
        await asyncio.sleep(_STORM_S)


async def revoke_key(scene: Scene, strike: Strike, draw: Random) -> None:
    """One application's credentials are refused; the other's go on. Then they are right again."""
    provider = draw.choice(SECOND_PROVIDERS)
    note(scene, strike, "revoked", provider=provider)
    description = scene.stack.describe()
    right = description["sandbox"]["credentials"][provider]
    wrong = {**right, **{key: value for key, value in _REVOKED[provider].items() if key in right}}
    admin = admin_of(description)
    await _put_until_taken(admin, provider, wrong)
    await asyncio.sleep(strike.lasts_s)
    await _put_until_taken(admin, provider, right)


async def receiver_down(scene: Scene, strike: Strike, draw: Random) -> None:
    """It refuses, hangs, or takes reports and loses the connection before it answers."""
    how = draw.choice((("reset", 0), ("status", 503), ("hang", 0), ("drop-after-write", 0)))
    note(scene, strike, "outage", kind=how[0])
    scene.receiver.order(*how)
    await asyncio.sleep(strike.lasts_s)
    scene.receiver.clear()


async def _put_until_taken(admin: Admin, provider: str, credentials: Mapping[str, Any]) -> None:
    """The registry may be away as well."""
    while True:
        with suppress(Exception):
            await asyncio.to_thread(admin.put_credentials, SECOND, provider, dict(credentials))
            return
        await asyncio.sleep(1)
