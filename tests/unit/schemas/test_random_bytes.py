"""Random bytes are given once, whoever asks; ids made of them are UUIDs of version 7 in the order of time."""

import os
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

from schemas import ids
from schemas.random_bytes import SIZE, random_16_bytes


def test_nobody_gets_what_another_thread_got() -> None:
    with ThreadPoolExecutor(8) as threads:
        parts = list(threads.map(lambda _: [random_16_bytes() for _ in range(2000)], range(8)))
    drawn = [drawn_bytes for part in parts for drawn_bytes in part]
    assert len(set(drawn)) == len(drawn) == 16_000
    assert {len(drawn_bytes) for drawn_bytes in drawn} == {SIZE}


def test_a_process_that_is_forked_off_draws_its_own() -> None:
    random_16_bytes()  # so that there are some in store
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, b"".join(random_16_bytes() for _ in range(100)))
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        theirs = pipe.read()
    ours = {random_16_bytes() for _ in range(1000)}
    assert len(theirs) == 100 * SIZE
    assert not ours & {theirs[place : place + SIZE] for place in range(0, len(theirs), SIZE)}


def test_an_id_is_a_uuid_of_version_7_that_holds_its_time() -> None:
    before = time.time_ns() // 1_000_000
    made = uuid.UUID(ids.uuid7())
    after = time.time_ns() // 1_000_000
    assert (made.version, made.variant, len({ids.uuid7() for _ in range(1000)})) == (7, uuid.RFC_4122, 1000)
    assert before <= made.int >> 80 <= after
