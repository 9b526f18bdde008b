"""The bodies of receipts, in camel case. Pure. Times are UTC milliseconds since the epoch."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StrictBool, StrictInt, WithJsonSchema

from schemas.live import activity_slot, start_slot
from schemas.values import LONGEST_CHAIN
from services.registry.bodies import AnswerModel, FieldError, RequestModel, TimeMs
from services.runtime.text.storable import Text

MAX_RECEIPTS = 500

OWN_RECEIPTS = "/sdk/api/v1/installations/*/receipts"
MAX_OWN_RECEIPTS_BYTES = 512 * 1024
"""500 receipts, the longest ones; 500 usual ones are some 100 KB."""


class ReceiptBody(RequestModel):
    """What happened to one push; ids and link are those in its payload."""

    message_id: UUID = Field(description="as the push carries it")
    delivery_id: UUID = Field(description="proves that the push was sent to this installation")
    link: Annotated[StrictInt, Field(ge=0, lt=LONGEST_CHAIN)] = Field(0, description="as the push carries it")
    bulk: StrictBool = Field(False, description="as in the payload")
    kind: Literal["delivered", "read", "dismissed", "clicked"] = Field(description="what happened to the push")
    happened_at: TimeMs = Field(description="when, by the device's clock, UTC ms")
    action: Annotated[Text, Field(min_length=1, max_length=64)] | None = Field(None, description="of the button")
    activity_id: Annotated[Text, Field(min_length=1, max_length=128)] | None = Field(
        None, description="the Live Activity that was updated or ended"
    )
    attributes_type: Annotated[Text, Field(min_length=1, max_length=128)] | None = Field(
        None, description="of the Live Activity that was started"
    )

    @property
    def slot(self) -> str:
        """Which of the installation's tokens the push came by."""
        if self.activity_id is not None:
            return activity_slot(self.activity_id)
        return start_slot(self.attributes_type) if self.attributes_type is not None else ""


_Entry = Annotated[object, WithJsonSchema(ReceiptBody.model_json_schema())]
"""Described as the receipt that it should be; whether it is one is looked at entry by entry."""


class ReceiptsBody(RequestModel):
    """Each entry of `receipts` is judged alone; one bad entry never refuses its neighbours."""

    sent_at: TimeMs | None = Field(
        None, description="the device's clock when it sends this, UTC ms: corrects a wrong one"
    )
    receipts: Annotated[list[_Entry], Field(min_length=1, max_length=MAX_RECEIPTS)]


class ReceiptResult(AnswerModel):
    """The answer to one receipt. `happenedAt`: the time that was kept."""

    accepted: bool
    happened_at: int | None = None
    errors: list[FieldError] = []


class ReceiptsAnswer(AnswerModel):
    """One result for each receipt, in their order."""

    results: list[ReceiptResult]
