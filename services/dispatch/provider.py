"""The interface of a provider: a module with a `Sender`, and a table from its answers to these results. Pure.

    providers/<provider>/sender.py       async def open_sender(opening: Opening) -> Sender
    Sender.send(push)  ─▶ Accepted       the provider has it
                       ─▶ Retry          not now; after a while, for this token, application or provider
                       ─▶ TokenGone      this token is dead
                       ─▶ Rejected       this message will never be taken; with `alert`, perhaps none of the application
                       ─▶ Uncertain      it may have been taken

Answers are values, never exceptions; `services/dispatch/policy/conclusions.py` decides what follows from them. A
provider's folder below `providers/` is found by `delivery/senders.py`. Source: docs/design.md §5, `docs/providers.md`.
"""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, Protocol

from schemas.application_events import ApplicationChanged
from schemas.reasons import Reason
from schemas.values import ChannelMessage, Content, Lane

if TYPE_CHECKING:
    from services.runtime.settings import Settings

Scope = Literal["token", "application", "provider"]


class AttemptNote(Protocol):
    """The note of an attempt that cannot be absorbed when it is made twice."""

    @property
    def is_begun(self) -> bool:
        """Whether `begin` has returned True."""
        ...

    async def was_begun(self) -> bool:
        """Whether another process has begun it, so that it must not be made."""
        ...

    async def begin(self) -> bool:
        """Note it now. False: another process has begun it, so it must not be made. A second call answers the same."""
        ...


class Push(NamedTuple):
    """One push to make; made by keywords. Holds the token in the clear: never log it.

    (A tuple costs a fifth of a frozen dataclass.)
    """

    message_id: str
    delivery_id: str  # the apns-id; the key by which the SDK shows a push once
    installation_id: str
    application_id: str
    token: str
    token_environment: str | None  # APNs: production or sandbox
    bundle: str | None  # APNs topic
    variant: str | None  # RuStore: native or universal
    content: Content
    expires_at: int  # UTC ms
    recipient_mark: str
    attempt: int
    lane: Lane
    token_worked: bool  # the token was seen to work; APNs keeps the others on connections of their own
    public_key: str | None = None
    link: int = 0  # of the cascade; the SDK echoes it in receipts
    sealed: str | None = None  # SECURE values for this device only (`payload/secure_values_for_device.py`)
    slot: str = ""  # which of the installation's tokens; not empty for a Live Activity
    withdraw: bool = False  # not to be shown: the SDK takes what it shows under this delivery id off the screen
    channel: ChannelMessage | None = None  # for the channel platform, which needs no token
    platform: str = ""  # of the installation
    note: AttemptNote | None = None  # where a resend is not absorbed: asked just before the request is written


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider took it: no proof of delivery."""

    provider_id: str | None = None
    status: int = 200
    shortened: bool = False


@dataclass(frozen=True, slots=True)
class Retry:
    """Not taken. `after_s` is what the provider asked for (Retry-After); None leaves it to the back-off."""

    detail: str
    status: int = 0
    after_s: float | None = None
    scope: Scope = "token"  # what is in trouble: this token, the whole application, the whole provider
    at_least_s: float = 0  # the provider's documented least wait
    elsewhere: bool = field(default=False, compare=False)  # from another host than the one pushes go to


@dataclass(frozen=True, slots=True)
class TokenGone:
    """The token is dead. `dead_at` (UTC ms) is when the provider last saw it dead; a token registered later stays.

    `needs_proof`: settings of our own that are wrong look the same, for every token. So the token is retired only where
    others have worked (`policy/trust.py`).
    """

    detail: str
    status: int
    dead_at: int | None = None
    needs_proof: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Rejected:
    """Refused for good. `alert`: keys or settings are wrong, or this token is not theirs (`policy/trust.py` decides
    which).

    `certain`: no token had a part in it, so the application's sender stops. `reason`: for the partner, where the
    provider says more than that it refuses.
    """

    detail: str
    status: int
    alert: bool = False
    reason: Reason | None = None
    certain: bool = field(default=False, compare=False)
    unclear: bool = field(
        default=False, compare=False
    )  # token or message: `providers/http/malformed_tokens.py` finds out before it leaves the sender


@dataclass(frozen=True, slots=True)
class Uncertain:
    """Written, but no answer came. `scope`: what the silence is about."""

    detail: str
    scope: Scope = "provider"


BEGUN_BEFORE: Final = Uncertain("this attempt was begun before and its outcome is not known", scope="token")
"""No request was made, so it says nothing of provider or application."""

Result = Accepted | Retry | TokenGone | Rejected | Uncertain


def with_shortened(result: Result, *, shortened: bool) -> Result:
    """The result, which notes that the body was shortened, if it was taken."""
    return replace(result, shortened=True) if shortened and isinstance(result, Accepted) else result


def is_answer(result: Result) -> bool:
    """Whether the host that pushes go to has answered: not what was refused here, nor by an endpoint for tokens."""
    match result:
        case Uncertain():
            return False
        case Retry():
            return result.status != 0 and not result.elsewhere
        case Rejected():
            return result.status != 0 and not result.certain
        case _:
            return result.status != 0


class Sender(Protocol):
    """Sends the pushes of one application over one provider. Opened once, used by many tasks at a time."""

    def absorbs_resend(self, push: Push) -> bool:
        """True when the same push sent again replaces the first on the device, so Uncertain may be sent again."""
        ...

    async def send(self, push: Push) -> Result:
        """One attempt, bounded in time (10 s and more, as the provider advises). Raises nothing but CancelledError.

        With a `note` it is made only if `note.begin()` agrees, asked as late as possible; else the result is
        BEGUN_BEFORE.
        """
        ...

    async def close(self) -> None:
        """Close the connections; pushes under way get Uncertain or Retry."""
        ...


@dataclass(frozen=True)
class Opening:
    """What a sender is opened with. `credentials` is the provisioned JSON, decrypted."""

    settings: "Settings"
    application: ApplicationChanged
    credentials: dict[str, Any]


class BadCredentials(ValueError):
    """The provisioned credentials cannot be used; the message names the field and the rule, never a value."""
