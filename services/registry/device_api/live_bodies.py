"""Live Activities in the device API: the bodies of `live_routes.py`. Source: `docs/providers.md` §1.10."""

from typing import Annotated, Literal

from fastapi import Path
from pydantic import Field

from schemas.live import ACTIVITY
from services.registry.bodies import BUNDLE, AnswerModel, RequestModel
from services.registry.devices import Device
from services.runtime.http.field_rules import AGREED_NAME
from services.runtime.text.storable import Text

ActivityId = Annotated[
    str, Path(pattern=AGREED_NAME, description="the activity's, or a name that the app and the partner agreed on")
]
TypeName = Annotated[str, Path(pattern=AGREED_NAME, description="Swift name of the ActivityAttributes")]


class StartTokenBody(RequestModel):
    """A token of ActivityKit in hexadecimal digits."""

    token: Annotated[Text, Field(min_length=1, max_length=400)]
    environment: Literal["production", "sandbox"] = "production"
    bundle: Annotated[Text, Field(pattern=BUNDLE)] | None = Field(
        None, description="of the app, without a suffix; default: the application's"
    )


class ActivityTokenBody(StartTokenBody):
    """An update token, and the type of the activity that it is for."""

    attributes_type: Annotated[Text, Field(pattern=AGREED_NAME)]


class ActivityView(AnswerModel):
    """An activity that can be updated, without its token."""

    activity_id: str
    attributes_type: str
    registered_at: int
    expires_at: int | None = Field(description="UTC ms; the platform sends nothing to it after this")


class StartTypeView(AnswerModel):
    """A type whose activities a server may start."""

    attributes_type: str
    registered_at: int


class LiveView(AnswerModel):
    """What the platform can reach on this installation besides its push token."""

    activities: list[ActivityView]
    start_tokens: list[StartTypeView]

    @classmethod
    def of(cls, device: Device, now: int) -> "LiveView":
        live = [(entry.slot, entry.token) for entry in device.live if entry.token is not None]
        return cls(
            activities=[
                ActivityView(
                    activity_id=slot.removeprefix(ACTIVITY),
                    attributes_type=token.attributes_type,
                    registered_at=token.registered_at,
                    expires_at=token.expires_at,
                )
                for slot, token in live
                if slot.startswith(ACTIVITY) and (token.expires_at is None or token.expires_at > now)
            ],
            start_tokens=[
                StartTypeView(attributes_type=token.attributes_type, registered_at=token.registered_at)
                for slot, token in live
                if not slot.startswith(ACTIVITY)
            ],
        )
