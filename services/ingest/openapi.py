"""The OpenAPI description of the hot paths, made from the models that check `/v6/send` and the table of errors."""

from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from services.ingest.rules import ChannelData, Code, LiveActivity, PushData, Rich, SendRequest, Wire
from services.runtime.http.security_schemes import BATCH_KEY

_PACKET_FAULTS = {"400": "Not a packet", "401": "Unknown key", "403": "Address not allowed", "429": "Too many"}
_REF = "#/components/schemas/{model}"


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


def describe(app: FastAPI) -> None:
    """Add the hot paths, which FastAPI does not know, to the application's document."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        document = plain()
        if "/v6/send" not in document["paths"]:
            models = (SendRequest, PushData, ChannelData, Rich, LiveActivity, SendAnswer, ErrorAnswer)
            _, schemas = models_json_schema([(model, "validation") for model in models], ref_template=_REF)
            document.setdefault("components", {}).setdefault("schemas", {}).update(schemas["$defs"])
            data = schemas["$defs"]["MessageBody"]["properties"]["data"]
            data["anyOf"] = [{"$ref": _REF.format(model=name)} for name in ("PushData", "ChannelData")]
            document["paths"] |= {"/v6/send": {"post": _operation()}, "/v3/batch": {"post": _packet()}}
            shown = BATCH_KEY.model.model_dump(by_alias=True, exclude_none=True, mode="json")
            document["components"].setdefault("securitySchemes", {})[BATCH_KEY.scheme_name] = shown
        return document

    app.openapi = openapi  # type: ignore[method-assign]


def _operation() -> dict[str, Any]:
    return {
        "operationId": "send",
        "summary": "Send a message, with a cascade if wanted",
        "description": "Answered when the message is stored. Repeating an `id` never sends twice.",
        "requestBody": {"required": True, "content": _json("SendRequest")},
        "responses": {
            "200": {"description": "Stored", "content": _json("SendAnswer")},
            **{
                str(status): {"description": _errors(status), "content": _json("ErrorAnswer")}
                for status in sorted({code.http_status for code in Code})
            },
        },
    }


def _packet() -> dict[str, Any]:
    """Described as far as the document of a packet's states needs it; its messages: `docs/partner-api.md` §6."""
    return {
        "operationId": "batch",
        "summary": "Send a packet of up to 3000 messages",
        "description": "Each message is answered by itself, in the order in which they were sent.",
        "security": [{BATCH_KEY.scheme_name: []}],
        "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}},
        "responses": {
            "200": {"description": "One entry for each message", "content": {"application/json": {"schema": {}}}},
            **{
                status: {"description": fault, "content": _json("ErrorAnswer")}
                for status, fault in _PACKET_FAULTS.items()
            },
        },
    }


def _json(model: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": _REF.format(model=model)}}}


def _errors(status: int) -> str:
    return "; ".join(f"{code.value} {code.description}" for code in Code if code.http_status == status)
