"""What is counted of an application's installations, in camel case."""

from datetime import date
from typing import Literal

from pydantic import Field

from services.registry.bodies import AnswerModel


class SubscriptionAudience(AnswerModel):
    """An entry of the catalogue, or a subscription that devices have reported besides it, with its audience."""

    id: str
    type: Literal["setting", "permission"] | None = Field(description="null: not in the catalogue")
    name: str
    title: str
    description: str
    default: bool
    on: int = Field(description="devices that have it on")
    off: int = Field(description="devices that have it off")
    unsaid: int = Field(description="devices that have reported nothing: the default counts")
    reachable: int = Field(description="on by word or default, with a live token and pushes allowed")


class PlatformProhibition(AnswerModel):
    """The prohibitions on one platform, now."""

    platform: str
    forbidden: int
    installations: int


class ProhibitionDay(AnswerModel):
    """What changed on one day (UTC), and how many were forbidden at its end."""

    day: date
    forbidden_by_sdk: int = Field(description="became forbidden, as the app reports")
    forbidden_by_provider: int = Field(description="became forbidden, as a provider's receipt reports")
    allowed: int = Field(description="became allowed again")
    forbidden: int = Field(description="forbidden at the end of the day")


class Prohibitions(AnswerModel):
    """On how many devices the operating system forbids pushes."""

    application_id: str
    now: list[PlatformProhibition]
    days: list[ProhibitionDay]
