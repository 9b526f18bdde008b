"""What an error of the database means, decided by code and label, never by class.

    Unavailable    the same operation may succeed later: a failover, a failed write concern, a full disk, a refused user
    OutOfTime      of these: a question with a bound took longer
    ContentFault   this document can never be stored: too large, invalid
    Duplicate      there is a document with this key already
    the error      not known: the caller waits, alarms and tries again (`faults.py`)

pymongo reports a write concern that failed in five ways: as WTimeoutError, as WriteConcernError, inside BulkWriteError,
hidden behind the duplicate key of a single write, and as the code of a command. All of them mean the same: what was
written may be rolled back, so it does not count.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from bson.errors import InvalidBSON, InvalidDocument, InvalidStringData
from pymongo.errors import (
    BulkWriteError,
    ConnectionFailure,
    CursorNotFound,
    DocumentTooLarge,
    ExecutionTimeout,
    OperationFailure,
    PyMongoError,
    WriteConcernError,
)


class Unavailable(Exception):
    """The database is away, or cannot keep what it is given: the same operation may succeed later."""


class OutOfTime(Unavailable):
    """The database has given up what it may be kept busy with: a question, that had a bound."""


class ContentFault(ValueError):
    """A document that can never be stored. `indexes`: its places among the operations of one call, as far as known."""

    def __init__(self, reason: str, indexes: Sequence[int] = ()) -> None:
        super().__init__(reason)
        self.indexes = tuple(indexes)


class TooLarge(ContentFault):
    """A document over the limit of 16 MB."""


class Invalid(ContentFault):
    """A document that holds what the database cannot keep, or that its validation refuses."""


class Duplicate(Exception):
    """There is a document with this key already, and a majority holds it."""


TRANSIENT_ERRORS: tuple[type[Exception], ...] = (Unavailable,)
REFUSALS: tuple[type[Exception], ...] = (PyMongoError,)
"""Errors of the database whose meaning is not known."""

DUPLICATE_CODES = frozenset({11000, 11001, 12582})
TOO_LARGE_CODES = frozenset({10334, 17419, 17420})
INVALID_CODES = frozenset(
    {
        22,  # InvalidBSON
        121,  # DocumentValidationFailure
        17280,  # KeyTooLong
    }
)
UNAVAILABLE_CODES = frozenset(
    {
        # no primary, or another one
        91,  # ShutdownInProgress
        94,  # NotYetInitialized
        189,  # PrimarySteppedDown
        216,  # ElectionInProgress
        10058,  # LegacyNotPrimary
        10107,  # NotWritablePrimary
        11600,  # InterruptedAtShutdown
        11602,  # InterruptedDueToReplStateChange
        13435,  # NotPrimaryNoSecondaryOk
        13436,  # NotPrimaryOrSecondary
        133,  # FailedToSatisfyReadPreference
        # a write or read concern that is not met
        64,  # WriteConcernTimeout
        79,  # UnknownReplWriteConcern
        100,  # UnsatisfiableWriteConcern
        134,  # ReadConcernMajorityNotAvailableYet
        # the network between its parts
        6,  # HostUnreachable
        7,  # HostNotFound
        83,  # RemoteResultsUnavailable
        89,  # NetworkTimeout
        202,  # NetworkInterfaceExceededTimeLimit
        279,  # ClientDisconnect
        9001,  # SocketException
        # interrupted, locked, out of time
        24,  # LockTimeout
        46,  # LockBusy
        50,  # MaxTimeMSExpired
        112,  # WriteConflict
        117,  # ConflictingOperationInProgress
        262,  # ExceededTimeLimit
        11601,  # Interrupted
        # a cursor that went with its server
        43,  # CursorNotFound
        136,  # CappedPositionLost
        175,  # QueryPlanKilled
        237,  # CursorKilled
        # shards that move
        63,  # StaleShardVersion
        70,  # ShardNotFound
        150,  # StaleEpoch
        249,  # StaleDbVersion
        13388,  # StaleConfig
        # users and rights, which an operator changes
        11,  # UserNotFound
        13,  # Unauthorized
        18,  # AuthenticationFailed
        31,  # RoleNotFound
        391,  # ReauthenticationRequired
        8000,  # AtlasError, which says the same
        # no room
        146,  # ExceededMemoryLimit
        365,  # TemporarilyUnavailable
        462,  # IngressRequestRateLimitExceeded
        14031,  # OutOfDiskSpace
    }
)
_LABELS = ("RetryableWriteError", "TransientTransactionError", "RetryableError", "SystemOverloadedError")
_UNENCODABLE = (InvalidDocument, InvalidStringData, OverflowError, UnicodeEncodeError)
"""What the client itself raises before it sends anything."""


def meaning_of(error: Exception) -> Exception:
    """The error as this module's own; itself where its meaning is not known."""
    match error:
        case DocumentTooLarge():
            return TooLarge(str(error))
        case InvalidBSON():
            return error  # of a document that was read: nothing of what we write
        case _ if isinstance(error, _UNENCODABLE):
            return Invalid(f"{type(error).__name__}: {error}"[:500])
        case BulkWriteError():
            return meaning_of_bulk(error)
        case ExecutionTimeout():
            return OutOfTime(repr(error)[:500])
        case ConnectionFailure() | WriteConcernError() | CursorNotFound():
            return Unavailable(repr(error)[:500])
        case OperationFailure():
            return _meaning_of_code(error, error.code, error.details or {})
        case PyMongoError() if any(error.has_error_label(label) for label in _LABELS):
            return Unavailable(repr(error)[:500])
        case _:
            return error


def meaning_of_bulk(error: BulkWriteError) -> Exception:
    """The meaning of a bulk write's error: trouble before faults, since it is done again; Duplicate if it is all."""
    details = error.details or {}
    faults: Sequence[Mapping[str, Any]] = details.get("writeErrors", ())
    if details.get("writeConcernErrors") or any(error.has_error_label(label) for label in _LABELS):
        return Unavailable(_summary(details))
    found = [(fault["index"], _meaning_of_code(error, fault.get("code"), fault)) for fault in faults]
    if any(isinstance(meaning, Unavailable) for _, meaning in found):
        return Unavailable(_summary(details))
    if any(meaning is error for _, meaning in found) or not found:
        return error
    for kind in (TooLarge, Invalid):
        indexes = [index for index, meaning in found if isinstance(meaning, kind)]
        if indexes:
            return kind(_summary(details), indexes)
    return Duplicate(_summary(details))


def _meaning_of_code(error: PyMongoError, code: object, details: Mapping[str, Any]) -> Exception:
    labels = details.get("errorLabels", ())
    if code in UNAVAILABLE_CODES or any(label in labels or error.has_error_label(label) for label in _LABELS):
        return Unavailable(f"code {code}: {details.get('errmsg', error)}"[:500])
    if details.get("writeConcernError"):
        return Unavailable(f"write concern: {details['writeConcernError']}"[:500])
    if code in TOO_LARGE_CODES:
        return TooLarge(f"code {code}: {details.get('errmsg', '')}"[:500])
    if code in INVALID_CODES:
        return Invalid(f"code {code}: {details.get('errmsg', '')}"[:500])
    if code in DUPLICATE_CODES:
        return Duplicate("there is a document with this key")  # its own text tells the key, which may be a number
    return error


def _summary(details: Mapping[str, Any]) -> str:
    """Codes and messages; no document, which may be somebody's."""
    parts = [
        f"code {fault.get('code')}" for kind in ("writeConcernErrors", "writeErrors") for fault in details.get(kind, ())
    ]
    return f"bulk write: {', '.join(sorted(set(parts)))}"


@contextmanager
def translated() -> Iterator[None]:
    """Raise every error inside as what it means."""
    try:
        yield
    except Exception as error:
        meaning = meaning_of(error)
        if meaning is error:
            raise
        raise meaning from error
