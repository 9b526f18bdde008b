"""The open senders of one provider: one for each application, reopened when its credentials change.

    directory: credentials changed ─▶ open a new sender ─▶ swap ─▶ close the old one (it finishes what it has under way)
               switched off        ─▶ close it: pushes of that application are refused, errorCode 26

Credentials that cannot be used make a sender that refuses everything with an alert; without credentials there is none.
"""

import asyncio
import importlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import ModuleType

import orjson

from schemas.application_events import ApplicationChanged, CredentialsChanged, StopChanged
from schemas.providers import FACTS, Provider
from services.dispatch.provider import BadCredentials, Opening, Push, Rejected, Result, Sender
from services.runtime import telemetry
from services.runtime.crypto.master_key import CannotOpen, Secrets
from services.runtime.directory import Directory
from services.runtime.settings import Settings

log = telemetry.logger("senders")
Open = Callable[[Opening], Awaitable[Sender]]


def module_of(provider: Provider) -> ModuleType:
    """The module that opens the provider's senders."""
    return importlib.import_module(f"services.dispatch.providers.{FACTS[provider].folder}.sender")


class UnusableSender:
    """A sender whose credentials cannot be used."""

    def __init__(self, why: str) -> None:
        self._why = why

    def absorbs_resend(self, push: Push) -> bool:
        return True

    async def send(self, push: Push) -> Result:
        return Rejected(self._why, 0, alert=True, certain=True)

    async def close(self) -> None:
        """There is nothing to close."""


@dataclass(frozen=True, slots=True)
class _OpenSender:
    sender: Sender
    application: ApplicationChanged
    credentials: CredentialsChanged


class Senders:
    """The senders of one provider."""

    def __init__(
        self, provider: Provider, directory: Directory, secrets: Secrets, settings: Settings, open_sender: Open
    ) -> None:
        self._provider, self._directory, self._secrets, self._settings = provider, directory, secrets, settings
        self._open_sender = open_sender
        self._opened: dict[str, _OpenSender] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._lock = asyncio.Lock()
        self._version = -1

    def of(self, application_id: str) -> Sender | None:
        """The open sender; None when the application has no way over this provider (call `refresh` before)."""
        opened = self._opened.get(application_id)
        return opened.sender if opened is not None else None

    def max_rate(self, application_id: str) -> int:
        """Pushes a second that the application may send over this provider."""
        return self._opened[application_id].application.max_pushes_per_s

    def application(self, application_id: str) -> ApplicationChanged | None:
        """The application as the directory has it."""
        return self._directory.applications.get(application_id)

    def fingerprint(self, application_id: str) -> str:
        """One word for the credentials of the open sender, and for what the application says where tokens do not."""
        opened = self._opened[application_id]
        added = FACTS[self._provider].application_field
        given = getattr(opened.application, added) if added is not None else None
        fingerprint = opened.credentials.fingerprint
        return fingerprint if given is None else f"{fingerprint}/{given}"

    def web_key(self, application_id: str) -> str | None:
        """The key that browsers subscribe with, as the open sender has it."""
        opened = self._opened.get(application_id)
        return opened.credentials.public_key if opened is not None else None

    def stop_of(
        self, application_id: str, partner_id: str, packet_id: int | None = None, mailing_id: str | None = None
    ) -> StopChanged | None:
        """What stops such pushes over this provider, if anything does. A cancellation goes before a pause."""
        found = self._directory.stop_of(partner_id, application_id, packet_id, mailing_id)
        if found is not None and found.state == "cancelled":
            return found
        return self._directory.stopped("provider", self._provider.value) or found

    async def refresh(self) -> list[str]:
        """Follow the directory; returns the applications whose credentials changed."""
        if self._version == self._directory.version:
            return []
        async with self._lock:
            version, changed = self._directory.version, []
            for application_id in {*self._opened, *self._wanted()}:
                if await self._follow(application_id):
                    changed.append(application_id)
            self._version = version
        return changed

    async def close(self) -> None:
        for application_id in list(self._opened):
            self._close_soon(application_id)
        await asyncio.gather(*self._closing)

    def _wanted(self) -> list[str]:
        return [
            application_id for application_id, provider in self._directory.credentials if provider is self._provider
        ]

    async def _follow(self, application_id: str) -> bool:
        application = self._directory.applications.get(application_id)
        credentials = self._directory.credentials.get((application_id, self._provider))
        opened = self._opened.get(application_id)
        if application is None or credentials is None or not (application.enabled and credentials.enabled):
            if opened is not None:
                self._close_soon(application_id)
            return opened is not None
        if opened is not None and opened.application == application and opened.credentials == credentials:
            return False
        sender = await self._open(application, credentials)
        if opened is not None:
            self._close_soon(application_id)
        self._opened[application_id] = _OpenSender(sender, application, credentials)
        return True

    async def _open(self, application: ApplicationChanged, credentials: CredentialsChanged) -> Sender:
        try:
            shown = orjson.loads(self._secrets.open(credentials.sealed, b"credentials"))
            if not isinstance(shown, dict):
                raise BadCredentials("credentials must be a JSON object")
            return await self._open_sender(Opening(self._settings, application, shown))
        except CannotOpen:
            return UnusableSender("credentials are sealed with a key that this process does not have")
        except orjson.JSONDecodeError:
            return UnusableSender("credentials are not JSON")
        except BadCredentials as error:
            return UnusableSender(f"bad credentials: {error}")

    def _close_soon(self, application_id: str) -> None:
        opened = self._opened.pop(application_id)
        task = asyncio.get_running_loop().create_task(_closed(opened.sender, application_id))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


async def _closed(sender: Sender, application_id: str) -> None:
    try:
        await sender.close()
    except Exception:
        log.exception("a sender did not close", application=application_id)
