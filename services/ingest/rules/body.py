"""The body of a send request as it comes over the wire, field by field. Pure.

Source: `docs/partner-api.md` §1, §4, §5.

Types are strict and lengths are Unicode code points; unknown fields change nothing; null counts as absent.
`message.data` stays a dict here, because its rules depend on `message.type`: it becomes `PushData` or `ChannelData`
later.
"""

from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema
from pydantic.alias_generators import to_camel

from services.ingest.rules.errors import MOST_OTHERS, Code, Fault, Kind, Refused
from services.runtime.http.field_names import field_of
from services.runtime.http.field_rules import words_of


class Wire(BaseModel):
    """Base of what partners send: camelCase names, and no others."""

    model_config = ConfigDict(strict=True, extra="ignore", alias_generator=to_camel)


class Hyphened(BaseModel):
    """Base of RICH and LIVE_ACTIVITY: names with hyphens."""

    model_config = ConfigDict(strict=True, extra="ignore", alias_generator=lambda name: name.replace("_", "-"))


def _no_bool(value: object) -> object:
    if isinstance(value, bool):  # which equals 0 or 1
        raise ValueError("must be 0, 1 or 2")
    return value


RegisteredDelivery = Annotated[
    Literal[0, 1, 2, "0", "1", "2"],
    BeforeValidator(_no_bool),
    WithJsonSchema({"type": "integer", "enum": [0, 1, 2]}),  # the strings are taken from old clients, and told nobody
]


class Tolerant(Wire):
    """Base of what holds a message: fields that nobody reads are accepted, and warned of (`unknown_fields.py`)."""

    model_config = ConfigDict(extra="allow")


class MessageBody(Tolerant):
    """`message`, at the root or in a link."""

    type: str | None = None
    data: dict[str, Any]
    shorten_links: bool | None = None


class LinkBody(Tolerant):
    """`cascadeChainLink` and `nextLink`; `state` is what must happen to the link before this one to stop the chain."""

    state: str
    message: MessageBody
    next_link: "LinkBody | None" = None


class ScheduleBody(Tolerant):
    """`scheduleInfo`."""

    time_begin: str | None = None
    time_end: str | None = None
    weekdays_schedule: str | int | None = None
    deadline: str | None = None
    use_time_diff: Annotated[Any, WithJsonSchema({"type": "boolean"})] = None
    """Belongs beside `scheduleInfo`; here is where many look for it. The protocol does not know it here, so what is not
    true or false is what nobody reads."""

    @property
    def is_known(self) -> bool:
        """Whether all of it is read."""
        return not self.model_extra and (self.use_time_diff is None or isinstance(self.use_time_diff, bool))


class Request(Tolerant):
    """One message and its cascade, without credentials: what `/v6/send` and a packet have in common."""

    id: str | None = None
    dest_addr: str | None = None
    message: MessageBody
    extra_param: str | None = None
    use_time_diff: bool | None = None
    schedule_info: ScheduleBody | None = None
    shorten_links: bool | None = None
    registered_delivery: RegisteredDelivery | None = None
    notify_url: str | None = None
    cascade_chain_link: LinkBody | None = None


class SendRequest(Request):
    """The body of `POST /v6/send`."""

    login: str
    password: str


class ButtonBody(Wire):
    """One of `content.actions`."""

    title: Annotated[str, Field(min_length=1, max_length=64)]
    action: Annotated[str, Field(min_length=1, max_length=64)]
    options: Annotated[str, Field(max_length=300)] | None = None


Buttons = Annotated[list[ButtonBody], Field(max_length=3)]
ContentUrl = Annotated[str, Field(max_length=512)]


class ContentBody(Wire):
    """`message.data.content`."""

    content_category: str | None = None
    content_url: ContentUrl | None = None
    actions: Buttons | None = None


class OptionBody(Wire):
    """One of `extraOptions`; what the value must be depends on the name."""

    param_name: Annotated[str, Field(alias="param_name")]
    param_value: Annotated[Any, Field(alias="param_value")] = None


Options = Annotated[list[OptionBody], Field(fail_fast=True)]
"""Judged up to its first fault, as every list without a limit: a packet has room for millions of them."""


class CommonData(Wire):
    """What `message.data` holds for every type."""

    external_user_id: str | None = None
    service_number: str | None = None
    ttl: int | None = None
    ttl_unit: str | None = None
    callback_data: str | None = None
    shorten_links: bool | None = None
    registered_delivery: RegisteredDelivery | None = None
    notify_url: str | None = None


class PushData(CommonData):
    """`message.data` for PUSH."""

    text: Annotated[str, Field(min_length=1, max_length=1000)]
    title: Annotated[str, Field(max_length=80)] | None = None
    primary_on: bool | None = None
    content: ContentBody | None = None
    device_subscriptions: Annotated[list[str], Field(fail_fast=True)] | None = None
    custom_payload: Any = None
    extra_options: Options | None = None
    options: Annotated[Options | None, Field(alias="Options")] = None


class InstantContent(Wire):
    """`instantContent` of VIBER and WHATSAPP."""

    type: str
    data: dict[str, Any]


class ChannelData(CommonData):
    """`message.data` for the types that go to the channel platform."""

    text: str | None = None
    instant_content: InstantContent | None = None


class Rich(Hyphened):
    """RICH: what replaces the push after it was received."""

    title: Annotated[str, Field(max_length=80)] | None = None
    message: Annotated[str, Field(max_length=1000)] | None = None
    content_category: str | None = None
    content_url: ContentUrl | None = None
    custom_payload: Any = None
    actions: Buttons | None = None


Model = TypeVar("Model", bound=BaseModel)


def parsed(model: type[Model], value: object, field: str) -> Model:
    """`value` as a `model`. Raises Refused that names the field under `field` and the rule."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise violation(error, field) from None


def violation(error: ValidationError, field: str = "") -> Refused:
    """Error 4 for what is wrong, all of it at once."""
    broken = dict[str, Fault]()
    for found in error.errors(include_url=False):
        path = field_of(found["loc"], field)
        broken.setdefault(path, Fault(path, words_of(found), _KINDS_OF.get(found["type"], "invalid")))
    first, *others = broken.values()
    return Refused(Code.INVALID, *first, others=tuple(others[:MOST_OTHERS]))


_KINDS_OF: dict[str, Kind] = {"missing": "missing", "string_too_long": "too_long"}
