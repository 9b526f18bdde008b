"""What support and the import of tokens take and give, in camel case."""

from datetime import date, timedelta
from typing import ClassVar

from pydantic import Field

from schemas.advice import ADVICE
from schemas.language import Language
from schemas.reasons import Reason
from schemas.refusals import Conclusion
from services.registry.bodies import AnswerModel
from services.registry.device_api import InstallationView, SubscriptionView
from services.registry.devices import Device, Forbidden, Launches

_EPOCH = date(1970, 1, 1)


class Usage(AnswerModel):
    """How much the app is used on a device. Days are UTC dates, weeks begin on Monday; those without a start miss."""

    SHOWN: ClassVar = ("launches", "launches_by_day", "launches_by_week", "session_s", "average_session_s")
    launches: int
    launches_by_day: dict[date, int] = Field(description="the newest thirty days with any")
    launches_by_week: dict[date, int] = Field(description="of those days, by the Monday")
    session_s: int = Field(description="length of all sessions together, seconds")
    average_session_s: int | None = Field(description="seconds; null while no session has ended")

    @classmethod
    def of(cls, launches: Launches) -> "Usage":
        by_day = {_EPOCH + timedelta(days=int(day)): count for day, count in sorted(launches.days.items())}
        by_week: dict[date, int] = {}
        for day, count in by_day.items():
            monday = day - timedelta(days=day.weekday())
            by_week[monday] = by_week.get(monday, 0) + count
        return cls(
            launches=launches.total,
            launches_by_day=by_day,
            launches_by_week=by_week,
            session_s=launches.session_s,
            average_session_s=launches.session_s // launches.sessions if launches.sessions else None,
        )


class PermissionView(AnswerModel):
    """The operating system has begun to forbid pushes, or to allow them again; who reported it."""

    SHOWN: ClassVar = ("at", "allowed", "source")
    at: int
    allowed: bool
    source: str


class NoPushes(AnswerModel):
    """Why no push goes to an installation, and what the customer can do: words of `schemas/advice.py`."""

    SHOWN: ClassVar = ("name", "meaning", "remedy", "at")
    name: str = Field(description="the reason that a message would get; `app-gone`: a provider ended the token")
    meaning: str = Field(description="what support can tell the customer")
    remedy: str | None = Field(description="what the customer can do; null: nothing")
    at: int | None = Field(description="since when, UTC ms; null: not known")

    @classmethod
    def of(cls, device: Device, language: Language) -> "NoPushes | None":
        """The first of what stands in the way, as the router looks; None: nothing that the device itself has."""
        at = None
        if device.replaced_by:
            name, advice = Reason.REPLACED.value, ADVICE[Reason.REPLACED]
        elif device.token is None:
            at = device.token_retired_at
            known = Reason.NO_ACTIVE_INSTALLATION
            name, advice = (known.value, ADVICE[known]) if at is None else ("app-gone", Conclusion.APP_GONE.advice)
        elif not device.push_enabled:
            name, advice = Reason.PUSH_DISABLED.value, ADVICE[Reason.PUSH_DISABLED]
        elif not device.push_os_enabled:
            at = next((change.at for change in reversed(device.os_changes) if not change.allowed), None)
            name, advice = Reason.PUSH_OS_DISABLED.value, ADVICE[Reason.PUSH_OS_DISABLED]
        else:
            return None
        remedy = advice.remedy.said_in(language) if advice.remedy is not None else None
        return cls(name=name, meaning=advice.meaning.said_in(language), remedy=remedy, at=at)


class SupportInstallation(InstallationView):
    """An installation for support: `tokenDigest` begins like the digest in traces, and does not reveal the token."""

    SHOWN: ClassVar = (
        *("primary", "proved", "installation_id", "application_id", "platform", "app_version", "os_version", "model"),
        *("locale", "time_zone", "token", "push_enabled", "push_os_enabled", "subscriptions", "launches"),
        *("installed_at", "last_used_at", "updated_at", "token_worked", "proved_by", "replaced_by", "usage"),
        *("imported", "forbidden_by_import", "os_permission", "no_pushes"),
    )
    token_digest: str | None = None
    token_worked: bool = False
    proved_by: str | None = Field(None, description="kid of the key that its owner's login was proved with")
    replaced_by: str | None = Field(None, description="the newer installation of the same device that it gave way to")
    imported: bool = Field(False, description="brought in by an import: no app speaks for it")
    forbidden_by_import: list[str] = Field(
        [],
        description="what is off here by an import's word alone: pushEnabled, pushOsEnabled, ids of subscriptions; "
        "the app is shown none of it, and what it says itself counts instead",
    )
    usage: Usage
    os_permission: list[PermissionView] = Field([], description="the newest changes, oldest first")
    no_pushes: NoPushes | None = Field(None, description="why it gets no push messages; null: nothing is known of")

    @classmethod
    def of(cls, device: Device, language: Language = Language.ENGLISH) -> "SupportInstallation":
        token = device.token
        return cls.shown(
            InstallationView.of(device),
            token_digest=token.digest[:8] if token else None,
            token_worked=bool(token and token.worked),
            proved_by=device.proof.kid if device.proof is not None else None,
            replaced_by=device.replaced_by or None,
            push_enabled=device.push_enabled,
            push_os_enabled=device.push_os_enabled,
            subscriptions=[SubscriptionView.shown(subscription) for subscription in device.subscriptions],
            imported=device.is_imported,
            forbidden_by_import=Forbidden.of(device).names,
            usage=Usage.of(device.launches),
            os_permission=[PermissionView.shown(change) for change in device.os_changes],
            no_pushes=NoPushes.of(device, language),
        )


class CardView(AnswerModel):
    """The client card: what was ever linked to a user or a phone."""

    SHOWN: ClassVar = (
        *("application_id", "first_seen_at", "last_seen_at", "installations", "launches", "installed_at"),
        "last_used_at",
    )
    application_id: str
    external_user_id: str | None
    phone: str | None
    first_seen_at: int
    last_seen_at: int
    phones: list[str] = Field(description="of a user, the newest link first")
    installations: list[str] = Field(description="the newest link first; some may belong to somebody else now")
    launches: int = Field(description="of the installations it has now")
    installed_at: int | None = Field(description="first install of those, UTC ms")
    last_used_at: int | None


class SupportAnswer(AnswerModel):
    """Who was found: the cards, and the installations that belong to them now."""

    SHOWN: ClassVar = ("cards", "installations", "gave_way", "unread", "damaged")
    cards: list[CardView]
    installations: list[SupportInstallation]
    gave_way: list[SupportInstallation] = Field(
        description="of the cards' installations those that gave way to another one of the same device (`replacedBy`)"
    )
    unread: list[str] = Field(description="ids of installations that a newer release has stored, which alone can tell")
    damaged: list[str] = Field(description="ids of installations that something has damaged: no release can tell")


class BadLine(AnswerModel):
    """A line that was not imported."""

    line: int
    field: str
    rule: str


class ImportAnswer(AnswerModel):
    """What became of the lines: imported now, known before, and bad ones."""

    lines: int
    imported: int
    known: int
    bad: list[BadLine]
