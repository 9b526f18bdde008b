"""What an error of the database means: by its code and its labels, never by its class."""

import pytest
from bson.errors import InvalidDocument
from pymongo.errors import (
    AutoReconnect,
    CursorNotFound,
    DocumentTooLarge,
    DuplicateKeyError,
    ExecutionTimeout,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
    WaitQueueTimeoutError,
    WriteError,
)

from services.runtime.mongo.errors import (
    TOO_LARGE_CODES,
    UNAVAILABLE_CODES,
    Duplicate,
    Invalid,
    TooLarge,
    Unavailable,
    meaning_of,
    translated,
)
from tests.support.broken_database import CONCERN, DUPLICATE, TROUBLE, bulk, command

FAILOVER = {11600, 11602, 10107, 13435, 189, 91, 64, 43, 262}
OPERATIONS = {11601, 112, 24, 133, 13, 18, 391, 14031, 50}


@pytest.mark.parametrize("what", TROUBLE)
def test_trouble_is_unavailable(what: str) -> None:
    assert isinstance(meaning_of(TROUBLE[what]), Unavailable)


def test_the_codes_of_a_failover_and_of_operations_are_known() -> None:
    assert FAILOVER | OPERATIONS <= UNAVAILABLE_CODES


@pytest.mark.parametrize("code", sorted(UNAVAILABLE_CODES))
def test_a_code_means_the_same_wherever_it_stands(code: int) -> None:
    fault = {"index": 0, "code": code, "errmsg": "x", "op": {}}
    concern = {"code": code, "errmsg": "x"}
    shapes = [command(code), bulk(faults=[fault]), bulk(concerns=[concern]), WriteError("x", code, {"code": code})]
    assert {type(meaning_of(shape)) for shape in shapes} == {Unavailable}


@pytest.mark.parametrize(
    "error",
    [
        AutoReconnect("x"),
        ServerSelectionTimeoutError("x"),
        WaitQueueTimeoutError("x"),
        ExecutionTimeout("x", 50),
        CursorNotFound("x", 43),
        PyMongoError("x", error_labels=["RetryableWriteError"]),
        PyMongoError("x", error_labels=["SystemOverloadedError"]),
    ],
)
def test_a_client_that_cannot_reach_its_server_is_unavailable(error: Exception) -> None:
    assert isinstance(meaning_of(error), Unavailable)


def test_trouble_goes_before_faults_of_documents() -> None:
    large = {"index": 1, "code": 10334, "errmsg": "x", "op": {}}
    assert isinstance(meaning_of(bulk(faults=[large], concerns=[CONCERN])), Unavailable)
    assert isinstance(meaning_of(bulk(faults=[large, {**large, "code": 189}])), Unavailable)


@pytest.mark.parametrize("code", sorted(TOO_LARGE_CODES))
def test_a_document_that_is_too_large_is_named_by_its_place(code: int) -> None:
    meaning = meaning_of(bulk(faults=[DUPLICATE, {"index": 7, "code": code, "errmsg": "x", "op": {}}]))
    assert isinstance(meaning, TooLarge)
    assert meaning.indexes == (7,)


def test_a_document_that_cannot_be_encoded_or_is_refused_is_invalid() -> None:
    errors = [InvalidDocument("x"), OverflowError("8-byte ints"), command(121), UnicodeEncodeError("u", "x", 0, 1, "y")]
    assert {type(meaning_of(error)) for error in errors} == {Invalid}
    assert isinstance(meaning_of(DocumentTooLarge("x")), TooLarge)


def test_a_key_that_is_taken_is_a_duplicate_and_its_text_is_not_repeated() -> None:
    error = DuplicateKeyError("dup key: { phone: '+79001234567' }", 11000, {"code": 11000})
    for shape in (error, bulk(faults=[DUPLICATE])):
        meaning = meaning_of(shape)
        assert isinstance(meaning, Duplicate)
        assert "+7900" not in str(meaning)


def test_what_is_not_known_stays_what_it_is() -> None:
    errors: list[Exception] = [
        command(2),
        OperationFailure("x"),
        bulk(faults=[{"index": 0, "code": 2, "op": {}}]),
        KeyError("x"),
    ]
    assert [meaning_of(error) for error in errors] == errors


def test_a_duplicate_of_one_command_counts_only_when_a_majority_holds_it() -> None:
    assert isinstance(meaning_of(DuplicateKeyError("taken", 11000, {"code": 11000})), Duplicate)
    unsure = DuplicateKeyError("taken", 11000, {"code": 11000, "writeConcernError": CONCERN})
    assert isinstance(meaning_of(unsure), Unavailable)


def test_the_boundary_raises_the_meaning_and_keeps_the_cause() -> None:
    cause = command(91)
    with pytest.raises(Unavailable) as raised, translated():
        raise cause
    assert raised.value.__cause__ is cause
