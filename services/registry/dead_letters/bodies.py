"""What the API of dead letters takes and gives, in camel case."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from services.registry.bodies import AnswerModel, RequestModel
from services.registry.dead_letters.store import State
from services.runtime.text.storable import Text


class LetterView(AnswerModel):
    """A record that was put aside, without its content."""

    letter_id: str = Field(description="its topic, and its place among the dead letters")
    topic: str = Field(description="where it comes from, and where it goes when it is sent again")
    place: str = Field(description="partition/offset of the record there")
    at: int = Field(description="when it was put aside, UTC ms")
    reason: str
    key: str
    type: str | None = Field(description="of the event, where it can be read")
    size: int = Field(description="bytes; of one that was too large, those of the original")
    is_cut: bool = Field(description="only its beginning is kept: it cannot be sent again")
    failure: str | None = Field(description="the event that ends its message, while that is held back")
    state: State
    by: str
    done_at: int | None


class ContentView(AnswerModel):
    """A record as it lies in the log. What is personal is sealed in our own records; in others' it may be readable."""

    SHOWN: ClassVar = ("letter_id",)
    letter_id: str
    value: str | None = Field(description="text; what is not UTF-8 is replaced")


class RedriveBody(RequestModel):
    """What to send."""

    value: Annotated[Text, Field(max_length=1_000_000)] | None = Field(
        None, description="the mended record, JSON; null: as it was"
    )


class DoneView(AnswerModel):
    """What became of it."""

    letter_id: str
    state: Literal["redriven", "discarded"]
    by: str
    failure_withdrawn: bool = Field(description="whether the end of its message was held back still, and is taken back")
