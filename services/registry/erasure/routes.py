"""Forgetting people, `/v1/erasures`: asked for by the operator, and proved.

POST /v1/erasures/preview          whom that would reach, and who is left out; nothing is done
POST /v1/erasures                  forget a user, a phone or both; 202, and it goes on by itself
GET  /v1/erasures/{id}             how far it has come: keys, processes, what was cleaned where
GET  /v1/erasures/{id}/records     reads the whole log: how many of their records there are, and how many open
"""

from collections import Counter
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Response
from pydantic import Field, model_validator

from schemas.topics import DEAD_LETTER, all_topics
from services.registry.bodies import AnswerModel, RequestModel, phone_digits
from services.registry.erasure.service import MOST_LINKED, Forgetting, Linked, Persons
from services.registry.http import PROBLEMS, By, operator_router
from services.runtime.crypto import record_encryption
from services.runtime.crypto.recipient_keys import RECIPIENT_DIGITS, SCOPE_DIGITS
from services.runtime.http.server import Problem
from services.runtime.log import kafka
from services.runtime.mongo.erasures import Erasure
from services.runtime.settings import Settings
from services.runtime.text.storable import Text

_Id = Annotated[str, Path(max_length=64)]
_Given = Annotated[Text, Field(min_length=1, max_length=256)] | None


class ErasureBody(RequestModel):
    """Whom to forget; without partner and application everywhere."""

    phone: _Given = None
    external_user_id: _Given = None
    partner_id: _Given = None
    application_id: _Given = None
    only: bool = Field(False, description="not those whom proved logins show together with them")

    @model_validator(mode="after")
    def _somebody(self) -> "ErasureBody":
        if self.phone is None and self.external_user_id is None:
            raise ValueError("phone or externalUserId must be given")
        return self


class PersonView(AnswerModel):
    """A user or a phone."""

    kind: Literal["user", "phone"]
    value: str


class PreviewView(AnswerModel):
    """Whom an erasure would reach; and who is linked to them by unproved logins alone, and so left out."""

    persons: list[PersonView]
    left_out: list[PersonView]


class DestroyedKey(AnswerModel):
    """A key, or with no scope all keys of a recipient. `derivable`: from what the database holds now."""

    recipient: str
    scope: str
    generation: int
    derivable: bool


class ErasureView(AnswerModel):
    """How far it has come. Tells nobody who it was."""

    erasure_id: str
    at: int
    by: str
    state: str
    keys: list[DestroyedKey]
    dropped: dict[str, int] = Field(description="process: when it let go of the keys, UTC ms")
    cleaned: dict[str, dict[str, int]] = Field(description="service: what, and how many")


class TopicRecords(AnswerModel):
    """Of one topic: records sealed for the forgotten, and how many of them still open; and of everybody else's."""

    topic: str
    records: int
    opened: int
    of_others: int
    of_others_opened: int


class ErasureProof:
    """Looks at what is left."""

    def __init__(self, forgetting: Forgetting, settings: Settings) -> None:
        self._forgetting = forgetting
        self._settings = settings

    async def view(self, erasure: Erasure) -> ErasureView:
        """With the keys as whoever starts now would have them."""
        keys = await self._forgetting.store.load()
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
        )

    async def records(self, erasure: Erasure) -> list[TopicRecords]:
        """Reads every topic and every dead letter, as long as it takes."""
        keys = await self._forgetting.store.load()
        gone = [path.partition("/")[::2] for path in erasure.destroyed]
        counts: Counter[tuple[str, bool, bool]] = Counter()

        def look(topic: str, value: bytes) -> None:
            names = record_encryption.names_in(value)
            if not names:
                return
            sealed_by = [name.replace(".", "", 1).partition(".")[::2] for name in names]
            theirs = any(
                number == generation and path.startswith(digits)
                for path, number in sealed_by
                for generation, digits in gone
            )
            counts[topic, theirs, record_encryption.box_of(value, keys) is not None] += 1

        names = [topic.name for topic in all_topics()]
        names += [topic.name + DEAD_LETTER for topic in all_topics() if topic.dead_letters]
        await kafka.read_through(self._settings, names, look)
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


def erasure_routes(forgetting: Forgetting, proof: ErasureProof) -> APIRouter:
    """For the operator alone."""
    router = operator_router("/v1/erasures", "erasures")

    async def known(erasure_id: str) -> Erasure:
        found = await forgetting.erasures.find(erasure_id)
        if found is None:
            raise Problem(404, "No such erasure", "there is none of this id")
        return found

    @router.post("/preview", responses={404: PROBLEMS[400]})
    async def preview_erasure(body: ErasureBody, response: Response) -> PreviewView:
        """Whom an erasure with this body would reach, to be looked at before it is asked for."""
        _, applications = _scopes(forgetting, body)
        linked = await _reached(forgetting, body, applications)
        response.headers["Cache-Control"] = "no-store"
        return PreviewView(persons=_views(linked.reached), left_out=_views(linked.left_out))

    @router.post("", status_code=202, responses={404: PROBLEMS[400], 409: PROBLEMS[400]})
    async def post_erasure(body: ErasureBody, by: By) -> ErasureView:
        """Forget them. Asked again, it does again what is left to do."""
        scopes, applications = _scopes(forgetting, body)
        persons = (await _reached(forgetting, body, applications)).reached
        if persons.count > MOST_LINKED:
            rule = f"is logged in together with more than {MOST_LINKED} others: ask for each, with only"
            raise Problem(409, "Too many at once", errors=[{"field": "only", "rule": rule}])
        return await proof.view(await forgetting.ask(persons, scopes, applications, by))

    @router.get("/{erasure_id}", responses={404: PROBLEMS[400]})
    async def get_erasure(erasure_id: _Id) -> ErasureView:
        """How far it has come."""
        return await proof.view(await known(erasure_id))

    @router.get("/{erasure_id}/records", responses={404: PROBLEMS[400]})
    async def get_records(erasure_id: _Id) -> list[TopicRecords]:
        """What the log holds of them, read from its beginning to its end."""
        return await proof.records(await known(erasure_id))

    return router


async def _reached(forgetting: Forgetting, body: ErasureBody, applications: list[str]) -> Linked:
    """Those who are named, and whoever is linked to them. Raises BadField."""
    phone = phone_digits(body.phone)
    named = Persons(
        frozenset() if body.external_user_id is None else frozenset([body.external_user_id]),
        frozenset() if phone is None else frozenset([phone]),
    )
    linked = await forgetting.linked(named, applications)
    if not body.only:
        return linked
    others = Persons(linked.reached.users | linked.left_out.users, linked.reached.phones | linked.left_out.phones)
    return Linked(named, others.without(named))


def _views(persons: Persons) -> list[PersonView]:
    users = [PersonView(kind="user", value=one) for one in sorted(persons.users)]
    return users + [PersonView(kind="phone", value=one) for one in sorted(persons.phones)]


def _scopes(forgetting: Forgetting, body: ErasureBody) -> tuple[list[str], list[str]]:
    """Scopes and applications; no scopes means everywhere. A partner brings the applications of its senders."""
    directory = forgetting.directory
    if body.partner_id is None and body.application_id is None:
        return [], sorted(directory.applications)
    scopes, applications = [], set[str]()
    if body.partner_id is not None:
        if body.partner_id not in directory.partners:
            raise Problem(404, "No such partner", "there is none of this id")
        scopes.append(f"partner/{body.partner_id}")
        senders = directory.senders_of(body.partner_id)
        applications |= {one.application_id for one in senders if one.application_id is not None}
    if body.application_id is not None:
        if body.application_id not in directory.applications:
            raise Problem(404, "No such application", "there is none of this id")
        applications.add(body.application_id)
    return [*scopes, *(f"application/{one}" for one in sorted(applications))], sorted(applications)
