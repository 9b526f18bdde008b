"""What support and the import of tokens take and give, in camel case."""

from pydantic import Field

from services.registry.bodies import Body, InstallationView
from services.registry.devices_state import Device


class SupportInstallation(InstallationView):
    """An installation for support: `tokenDigest` begins like the digest in traces, and tells no token."""

    token_digest: str | None = None
    token_worked: bool = False

    @classmethod
    def of(cls, device: Device) -> "SupportInstallation":
        plain = InstallationView.of(device).model_dump()
        token = device.token
        return cls(**plain, token_digest=token.digest[:8] if token else None, token_worked=bool(token and token.worked))


class CardView(Body):
    """The client card: what was ever linked to a user or a phone."""

    application_id: str
    external_user_id: str | None
    phone: str | None
    first_seen_at: int
    last_seen_at: int
    phones: list[str] = Field(description="of a user, the newest link first")
    installations: list[str] = Field(description="the newest link first; some may belong to somebody else now")
    launches: int = Field(description="of the installations it has now")
    installed_at: int | None = Field(description="first install of those")
    last_used_at: int | None


class SupportAnswer(Body):
    """Who was found: the cards, and the installations that belong to them now."""

    cards: list[CardView]
    installations: list[SupportInstallation]


class BadLine(Body):
    """A line that was not imported."""

    line: int
    field: str
    rule: str


class ImportAnswer(Body):
    """What became of the lines: imported now, known before, and bad ones."""

    lines: int
    imported: int
    known: int
    bad: list[BadLine]
