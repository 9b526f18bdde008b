"""What libraries write into the log."""

import logging

from services.runtime.telemetry import _LibrariesWarn


def line(name: str, place: int, at: float) -> logging.LogRecord:
    about = {"name": name, "pathname": "client.py", "lineno": place, "msg": "no node", "created": at}
    return logging.makeLogRecord(about | {"levelno": logging.ERROR, "levelname": "ERROR"})


def test_kafkas_client_says_the_same_once_a_second_and_never_as_an_error() -> None:
    lines = _LibrariesWarn()
    written = [at for at in (0.0, 0.1, 0.9, 1.0, 1.5, 2.1) if lines.filter(line("aiokafka.conn", 7, 10 + at))]
    assert written == [0.0, 1.0, 2.1]
    other = line("aiokafka.conn", 8, 12.2)
    assert lines.filter(other)
    assert other.levelno == logging.WARNING


def test_the_search_for_a_leader_is_not_shown() -> None:
    searching = line("aiokafka.consumer.fetcher", 9, 1.0)
    searching.msg = "Failed fetch offsets from 1: [Error 6] NotLeaderForPartitionError: partition 0"
    assert not _LibrariesWarn().filter(searching)


def test_lines_of_our_own_are_never_left_out() -> None:
    lines = _LibrariesWarn()
    own = [line("rpns.fold", 7, 1.0) for _ in range(3)]
    assert all(lines.filter(record) for record in own)
    assert {record.levelno for record in own} == {logging.ERROR}
