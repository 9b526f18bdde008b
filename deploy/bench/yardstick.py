"""How fast the machine is now: the same small work, in processor time, before and after each row.

Processor time does not count what other programs take, but it counts what they slow down: caches, memory, the other
half of a core. So two figures can be compared where the machine was as fast, or by the ratio of both. The work is of
the kind that services do, on more than caches hold: JSON is read, changed and written, here and there in memory. (A
bare loop ran at full speed on a machine where services took twice their time.)
"""

import random
import time

import orjson

DOCUMENTS = 50_000
_ROUNDS = 3


class Yardstick:
    """Documents in memory, some 40 MB, and the same order in which they are always visited."""

    def __init__(self) -> None:
        drawn = random.Random(0)
        self._documents = [
            orjson.dumps({"at": number, "parts": [drawn.random() for _ in range(8)], "text": "x" * 500})
            for number in range(DOCUMENTS)
        ]
        self._order = drawn.sample(range(DOCUMENTS), DOCUMENTS)

    def speed(self) -> float:
        """Thousands of documents for each second of processor time."""
        began = time.process_time()
        for _ in range(_ROUNDS):
            self._visit()
        return _ROUNDS * DOCUMENTS / (time.process_time() - began) / 1000

    def _visit(self) -> None:
        documents = self._documents
        for number in self._order:
            document = orjson.loads(documents[number])
            document["at"] += 1
            documents[number] = orjson.dumps(document)
