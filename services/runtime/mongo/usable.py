"""Whether services may work on a database: not while it is being repaired, nor once another has taken its place.

    {_id: "state", state: rebuilding | restoring | ready | replaced, by, at}       collection `repair`

A database that was never repaired has no such document. `rpns rebuild` and `rpns restore` write it.
"""

from typing import Literal

from services.runtime.clock import now_ms
from services.runtime.mongo import Database, durable
from services.runtime.settings import BadSettings

State = Literal["rebuilding", "restoring", "ready", "replaced"]
_ID = "state"


async def require_usable(database: Database) -> None:
    """Raises BadSettings for one that must not be used, mongo.TRANSIENT_ERRORS."""
    state, other = await state_of(database)
    if state == "replaced":
        raise BadSettings(f"MONGO_DATABASE: {database.name} was replaced by {other}: use that one")
    if state in ("rebuilding", "restoring"):
        what = "rpns rebuild --switch" if state == "rebuilding" else "rpns restore"
        raise BadSettings(f"MONGO_DATABASE: {database.name} is not whole yet: `{what}` has to end first")


async def state_of(database: Database) -> tuple[State | None, str]:
    """The state, and the name of the other database that it is about. Raises mongo.TRANSIENT_ERRORS."""
    found = await durable(database["repair"]).find_one({"_id": _ID})
    return (None, "") if found is None else (found["state"], found.get("other", ""))


async def set_state(database: Database, state: State, other: str = "") -> None:
    """Raises mongo.TRANSIENT_ERRORS."""
    about = {"state": state, "other": other, "at": now_ms()}
    await durable(database["repair"]).replace_one({"_id": _ID}, {"_id": _ID, **about}, upsert=True)
