"""The OpenAPI description of the hot paths, made from the models that check `/v6/send` and the table of errors.

FastAPI does not know them. What a packet's own rules check without a model is described here by models of its own.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import models_json_schema

from services.ingest.mailing import ChangeBody, MailingBody
from services.ingest.rules import (
    ChannelData,
    Code,
    LinkBody,
    LiveActivity,
    PushData,
    Rich,
    ScheduleBody,
    SendRequest,
    Wire,
)
from services.runtime.http.beside import HEADER
from services.runtime.http.security_schemes import BATCH_KEY

_PACKET_FAULTS = {
    "401": "Unknown key",
    "403": "Address not allowed",
    "429": "Too many",
    "503": "Service is unavailable",
}
_REF = "#/components/schemas/{model}"
_WARNINGS = {
    HEADER.decode(): {"description": "What nobody reads, and what else is worth knowing", "schema": {"type": "string"}}
}


class SendAnswer(Wire):
    """The request is stored. `mtNum` identifies the whole chain; `id` comes back when it was given."""

    mt_num: str
    id: str | None = None


class ErrorDetail(BaseModel):
    """`code` as in the protocol."""

    code: int
    description: str


class ErrorAnswer(Wire):
    """Why the request is not accepted; `extendedDescription` names the field and the rule."""

    error: ErrorDetail
    extended_description: str = ""


class PacketMessage(Wire):
    """One of a packet's messages."""

    type: str | None = None
    sender: str = Field(alias="from")
    to: str | None = None
    text: str | None = None
    id: str | None = Field(None, max_length=50)
    validity: int | None = None
    priority: Literal[0, 1, 2, 3] | None = None
    callback_url: str | None = None
    extra_param: str | None = None
    data: dict[str, Any] | None = None
    cascade_chain_link: LinkBody | None = None


class Packet(Wire):
    """The body of `POST /v3/batch`."""

    messages: list[PacketMessage] = Field(min_length=1, max_length=3000)
    shorten_url: bool | None = None
    schedule_info: ScheduleBody | None = None
    use_time_diff: bool | None = None


class RejectReason(BaseModel):
    """One thing that is wrong with a message."""

    key: str
    ref: str


class PacketOutcome(Wire):
    """What became of one message of a packet."""

    code: Literal["OK", "REJECTED"]
    message_id: str | None
    id: str | None = None
    packet_id: int | None = None
    reasons: list[RejectReason] | None = None
    description: str | None = None


class PacketAnswer(BaseModel):
    """The messages of a packet, each answered by itself."""

    model_config = ConfigDict(extra="allow")

    result: list[PacketOutcome]


_MODELS = (
    SendRequest,
    PushData,
    ChannelData,
    Rich,
    LiveActivity,
    SendAnswer,
    ErrorAnswer,
    Packet,
    PacketAnswer,
    MailingBody,
    ChangeBody,
)
_BODIES = {("/v1/mailings", "post"): "MailingBody", ("/v1/mailings/{any_id}", "patch"): "ChangeBody"}
"""Of routes that read their body themselves, without loss."""
_LISTS = ("application/x-ndjson", "text/csv")


def add_hot_paths(document: dict[str, Any]) -> None:
    """Add the hot paths, and the bodies that routes read themselves."""
    _, schemas = models_json_schema([(model, "validation") for model in _MODELS], ref_template=_REF)
    document.setdefault("components", {}).setdefault("schemas", {}).update(schemas["$defs"])
    data = schemas["$defs"]["MessageBody"]["properties"]
    data["data"] = {"anyOf": [{"$ref": _REF.format(model=name)} for name in ("PushData", "ChannelData")]}
    hot = {"/v6/send": {"post": _operation()}, "/v3/batch": {"post": _packet()}}
    document["paths"] = hot | document["paths"]  # what most come for stands first
    for (path, method), model in _BODIES.items():
        if path in document["paths"]:
            document["paths"][path][method]["requestBody"] = {"required": True, "content": _json(model)}
    for model in (*_BODIES.values(), "SegmentBody"):
        schemas["$defs"][model]["additionalProperties"] = False  # what `service.py` of mailings refuses
    for method, operation in document["paths"].get("/v1/mailings/{any_id}/recipients", {}).items():
        if method in ("put", "post"):
            content = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in _LISTS}
            operation["requestBody"] = {"required": True, "content": content}
    shown = BATCH_KEY.model.model_dump(by_alias=True, exclude_none=True, mode="json")
    document["components"].setdefault("securitySchemes", {})[BATCH_KEY.scheme_name] = shown


def _operation() -> dict[str, Any]:
    return {
        "operationId": "send",
        "tags": ["messages"],
        "summary": "Send a message, with a cascade if wanted",
        "description": "Answered when the message is stored. Repeating an `id` never sends twice. "
        "Login and password are in the body.",
        "security": [],
        "requestBody": {"required": True, "content": _json("SendRequest")},
        "responses": {
            "200": {"description": "Stored", "headers": _WARNINGS, "content": _json("SendAnswer")},
            **{
                str(status): {"description": _errors(status), "content": _json("ErrorAnswer")}
                for status in sorted({code.http_status for code in Code})
            },
        },
    }


def _packet() -> dict[str, Any]:
    return {
        "operationId": "sendPacket",
        "tags": ["packets"],
        "summary": "Send a packet of up to 3000 messages",
        "description": "Each message is answered by itself, in the order in which they were sent.",
        "security": [{BATCH_KEY.scheme_name: []}],
        "requestBody": {"required": True, "content": _json("Packet")},
        "responses": {
            "200": {
                "description": "One entry for each message",
                "headers": _WARNINGS,
                "content": _json("PacketAnswer"),
            },
            "400": {"description": "Not a packet", "content": _either("PacketAnswer", "ErrorAnswer")},
            **{
                status: {"description": fault, "content": _json("ErrorAnswer")}
                for status, fault in _PACKET_FAULTS.items()
            },
        },
    }


def _json(model: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": _REF.format(model=model)}}}


def _either(*models: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"anyOf": [{"$ref": _REF.format(model=model)} for model in models]}}}


def _errors(status: int) -> str:
    return "; ".join(f"{code.value} {code.description}" for code in Code if code.http_status == status)
