"""A database whose writes fail in a way that a test chooses, and that knows nothing."""

from typing import Any

from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    NotPrimaryError,
    OperationFailure,
    WriteConcernError,
    WTimeoutError,
)

CONCERN = {"code": 64, "errmsg": "waiting for replication timed out", "errInfo": {"wtimeout": True}}
DUPLICATE = {"index": 0, "code": 11000, "errmsg": "E11000 duplicate key error", "keyPattern": {"_id": 1}, "op": {}}


def bulk(*, faults: list[dict[str, Any]] | None = None, concerns: list[dict[str, Any]] | None = None) -> BulkWriteError:
    """What pymongo makes of a bulk write that went wrong."""
    counts = {"nInserted": 0, "nUpserted": 0, "nMatched": 0, "nModified": 0, "nRemoved": 0, "upserted": []}
    return BulkWriteError({"writeErrors": faults or [], "writeConcernErrors": concerns or [], **counts})


def command(code: int, **details: Any) -> OperationFailure:
    """What pymongo makes of a command that was refused."""
    return OperationFailure("refused", code, {"ok": 0, "code": code, "errmsg": "refused", **details})


TROUBLE: dict[str, Exception] = {
    "a connection that broke": AutoReconnect("connection closed"),
    "a primary that stepped down": NotPrimaryError("not primary", {"code": 10107}),
    "a write concern that timed out": WTimeoutError("timed out", 64, CONCERN),
    "a write concern that failed": WriteConcernError("stepped down", 11602, {"code": 11602}),
    "a bulk write whose concern failed": bulk(concerns=[CONCERN]),
    "a bulk write interrupted by a step-down": bulk(concerns=[{"code": 11602, "errmsg": "interrupted"}]),
    "duplicates of which none may last": bulk(faults=[DUPLICATE], concerns=[CONCERN]),
    "a bulk write interrupted half way": bulk(faults=[DUPLICATE, {"index": 1, "code": 11602, "errmsg": "x", "op": {}}]),
    "a full disk": command(14031),
    "a user that was rotated": command(13),
    "a label that says so": command(999_999, errorLabels=["RetryableWriteError"]),
    "a concern beside a refusal": command(999_999, writeConcernError=CONCERN),
}


class BrokenCollection:
    """Every write raises `error`; every read finds `found`."""

    def __init__(self, error: Exception, found: list[dict[str, Any]]) -> None:
        self._error, self._found = error, found
        self.name = "broken"
        self.database: Any = None

    def with_options(self, **_: Any) -> "BrokenCollection":
        return self

    def find(self, *_: Any, **__: Any) -> "BrokenCursor":
        return BrokenCursor(self._found)

    async def find_one(self, *_: Any, **__: Any) -> dict[str, Any] | None:
        return self._found[0] if self._found else None

    def __getattr__(self, name: str) -> Any:
        async def refused(*_: Any, **__: Any) -> None:
            raise self._error

        return refused


class BrokenCursor:
    def __init__(self, found: list[dict[str, Any]]) -> None:
        self._left = list(found)

    def __getattr__(self, name: str) -> Any:
        return lambda *_, **__: self

    async def to_list(self, _: int | None) -> list[dict[str, Any]]:
        return self._left

    def __aiter__(self) -> "BrokenCursor":
        return self

    async def __anext__(self) -> dict[str, Any]:
        if not self._left:
            raise StopAsyncIteration
        return self._left.pop(0)


class BrokenDatabase:
    """Stands for `mongo.Database`."""

    def __init__(self, error: Exception, *found: dict[str, Any]) -> None:
        self._error, self._found = error, list(found)

    def __getitem__(self, name: str) -> BrokenCollection:
        made = BrokenCollection(self._error, self._found)
        made.database = self
        return made
