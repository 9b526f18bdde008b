"""What the API of erasures takes and gives, in camel case."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from services.registry.bodies import AnswerModel, RequestModel
from services.runtime.text.storable import Text

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


class FailingStep(AnswerModel):
    """A step of an erasure that fails, and is tried again by itself."""

    tries: int
    at: int = Field(description="when it failed last, UTC ms")
    error: str = Field(description="the error and its place in the source; it names nobody")


class ErasureView(AnswerModel):
    """How far an erasure has come. Tells nobody who it was."""

    erasure_id: str
    at: int
    by: str
    state: str
    keys: list[DestroyedKey]
    dropped: dict[str, int] = Field(description="process: when it let go of the keys, UTC ms")
    cleaned: dict[str, dict[str, int]] = Field(description="service: what, and how many")
    failing: dict[str, FailingStep] = Field(description="what is set aside: `keys`, or the cleaning of a service")


class TopicRecords(AnswerModel):
    """The records of one topic: those sealed for the forgotten, how many of them still open, and everybody else's."""

    topic: str
    records: int
    opened: int
    of_others: int
    of_others_opened: int
