"""What a timer waits for besides its time: a tag names it, and by the tag the timer is made due sooner. Pure.

held/<scope>/<id>          a stop that is to be lifted
plan/<scope>/<id>          the cancelling of the packet or mailing that the timer belongs to
<provider>/<application>   a sender that has to work again
"""

from typing import Literal, NamedTuple

from schemas.application_events import OwnedId
from schemas.events import MessageRequested, TargetResolved
from schemas.providers import Provider
from schemas.values import StopScope


class StopTag(NamedTuple):
    """The tag of timers that a stop (`StopChanged`) makes due: by its end, or by cancelling."""

    kind: Literal["held", "plan"]
    scope: StopScope
    stop_id: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.scope}/{self.stop_id}"


class SenderTag(NamedTuple):
    """The tag of timers of what is parked while an application's sender is stopped."""

    provider: Provider
    application_id: str

    def __str__(self) -> str:
        return f"{self.provider.value}/{self.application_id}"


Tag = StopTag | SenderTag


def cancel_tags(event: MessageRequested | TargetResolved) -> tuple[StopTag, ...]:
    """The tags of the mailing and the packet with which the message may be cancelled, whatever it waits for."""
    parts: tuple[tuple[StopScope, str | int | None], ...] = (("mailing", event.mailing_id), ("packet", event.packet_id))
    return tuple(
        [StopTag("plan", scope, str(OwnedId(event.partner_id, str(part)))) for scope, part in parts if part is not None]
    )
