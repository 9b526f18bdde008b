"""Bodies of the device routes of this process, in camel case as in all of the device API."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from schemas.values import LONGEST_CHAIN, Content
from services.runtime.http.field_names import RequestBody


class WireModel(BaseModel):
    """The base of answers: names in camel case."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore")


class DeviceBody(RequestBody):
    """The base of bodies that devices send."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class ActionView(WireModel):
    """A button."""

    title: str
    action: str
    options: str | None = None


class PictureView(WireModel):
    """A picture or a page."""

    category: str | None
    url: str


class SecureView(WireModel):
    """SECURE values by name; `values` null: expired, or not for this installation. Then the SDK shows `•••`."""

    names: list[str]
    values: dict[str, str] | None


class ShownView(WireModel):
    """The content that the SDK shows, with RICH applied; title and text have SECURE placeholders as `%name%`."""

    title: str | None
    text: str
    content: PictureView | None
    actions: list[ActionView]
    custom_payload: Annotated[str | None, Field(description="JSON in a string, as the partner sent it")]
    live_activity: Annotated[str | None, Field(description="JSON in a string")]
    secure: SecureView | None

    @classmethod
    def fields_of(cls, content: Content, values: dict[str, str] | None) -> dict[str, object]:
        """The fields of `content`, which is enriched already."""
        url, secure = content.content_url, content.secure
        return {
            "title": content.title,
            "text": content.text,
            "content": PictureView(category=content.content_category, url=url) if url else None,
            "actions": [
                ActionView(title=button.title, action=button.action, options=button.options)
                for button in content.actions
            ],
            "custom_payload": content.custom_payload,
            "live_activity": content.live_activity,
            "secure": SecureView(names=list(secure.names), values=values) if secure is not None else None,
        }


class ContentAnswer(ShownView):
    """The whole of one message."""

    message_id: str
    link: int
    expires_at: int


class HistoryEntry(ShownView):
    """One entry of the in-app history. Times are UTC ms."""

    message_id: str
    link: int
    delivery_id: Annotated[str | None, Field(description="of the push to this installation; null: there was none")]
    sent_at: int
    expires_at: int
    status: Literal["New", "Seen"]
    delivered_at: int | None
    read_at: int | None


class HistoryPage(WireModel):
    """The newest first; `cursor` asks for what comes after, null when nothing does."""

    entries: list[HistoryEntry]
    cursor: str | None


class RefBody(DeviceBody):
    """The entry of a link."""

    message_id: UUID
    link: Annotated[int, Field(ge=0, lt=LONGEST_CHAIN)] = 0


Refs = Annotated[list[RefBody], Field(min_length=1, max_length=100)]


class DeleteBody(DeviceBody):
    """Entries to delete."""

    entries: Refs


class StatusBody(DeviceBody):
    """Entries that are new or seen from now on."""

    entries: Refs
    status: Literal["New", "Seen"]


class RefResult(WireModel):
    """`found` false: the user who is logged in has no such entry."""

    message_id: UUID
    link: int
    found: bool


class ChangeAnswer(WireModel):
    """One result for each, in order."""

    results: list[RefResult]
