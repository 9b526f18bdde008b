"""The proof of an erasure: which keys can still be derived, and which records of the log still open."""

from collections import Counter

from schemas.topics import DEAD_LETTER, all_topics
from services.registry.erasure.bodies import DestroyedKey, ErasureView, FailingStep, TopicRecords
from services.runtime.crypto import record_encryption
from services.runtime.crypto.recipient_keys import RECIPIENT_DIGITS, SCOPE_DIGITS
from services.runtime.log import kafka
from services.runtime.mongo.erasures import Erasure
from services.runtime.mongo.recipient_keys import RecipientKeysStore
from services.runtime.settings import Settings


class ErasureProof:
    """Looks at what is left, with the keys as a process that starts now would have them."""

    def __init__(self, store: RecipientKeysStore, settings: Settings) -> None:
        self._store, self._settings = store, settings

    async def view(self, erasure: Erasure) -> ErasureView:
        """How far the erasure has come."""
        keys = await self._store.load()
        found = []
        for path in erasure.destroyed:
            generation, _, digits = path.partition("/")
            leaf = digits.ljust(RECIPIENT_DIGITS + SCOPE_DIGITS, "0")
            found.append(
                DestroyedKey(
                    recipient=digits[:RECIPIENT_DIGITS],
                    scope=digits[RECIPIENT_DIGITS:],
                    generation=int(generation),
                    derivable=keys.key_of(int(generation), leaf) is not None,
                )
            )
        return ErasureView(
            erasure_id=erasure.erasure_id,
            at=erasure.at,
            by=erasure.by,
            state="done" if erasure.is_done else "under way",
            keys=found,
            dropped=dict(erasure.dropped),
            cleaned={name: dict(counts) for name, counts in erasure.cleaned.items()},
            failing={
                step: FailingStep(tries=failed.tries, at=failed.at, error=failed.error)
                for step, failed in erasure.failing.items()
            },
        )

    async def records(self, erasure: Erasure) -> list[TopicRecords]:
        """Reads every topic and every dead letter, as long as it takes."""
        keys = await self._store.load()
        destroyed = [path.partition("/")[::2] for path in erasure.destroyed]
        counts: Counter[tuple[str, bool, bool]] = Counter()

        def count(topic: str, value: bytes) -> None:
            names = record_encryption.names_in(value)
            if not names:
                return
            sealed_by = [name.replace(".", "", 1).partition(".")[::2] for name in names]
            is_theirs = any(
                number == generation and path.startswith(digits)
                for path, number in sealed_by
                for generation, digits in destroyed
            )
            counts[topic, is_theirs, record_encryption.box_of(value, keys) is not None] += 1

        names = [topic.name for topic in all_topics()]
        names += [topic.name + DEAD_LETTER for topic in all_topics() if topic.dead_letters]
        await kafka.read_through(self._settings, names, count)
        return [
            TopicRecords(
                topic=topic,
                records=counts[topic, True, False] + counts[topic, True, True],
                opened=counts[topic, True, True],
                of_others=counts[topic, False, False] + counts[topic, False, True],
                of_others_opened=counts[topic, False, True],
            )
            for topic in sorted({topic for topic, _, _ in counts})
        ]
