"""The device API, `/sdk/api/v1`: what the mobile SDK calls. Source: `docs/device-api.md`.

Install with `X-Api-Key`; everything else with `Authorization: Bearer <credential>`. Every change answers the
installation as it is afterwards, read from what was written.
"""

from typing import Any

from fastapi import APIRouter, Depends, Request, Response

from schemas.application_events import ApplicationChanged
from schemas.providers import Provider
from services.registry.device_api.auth import RegistryAuth
from services.registry.device_api.bodies import (
    InstallAnswer,
    InstallationView,
    InstallBody,
    PersonalizeBody,
    ProfileView,
    SessionBody,
    SettingsBody,
    SubscriptionState,
    TokenBody,
    WebPushView,
)
from services.registry.device_api.commands import DeviceCommands, InstallationTaken
from services.registry.device_api.login import LoginCommands
from services.registry.device_api.token_commands import TokenCommands
from services.registry.devices import Device, as_said
from services.registry.http import PROBLEMS
from services.runtime.http.server import Problem, ProblemBody


def device_routes(commands: DeviceCommands, logins: LoginCommands, auth: RegistryAuth) -> APIRouter:
    """All routes of the device API."""
    router = APIRouter(prefix="/sdk/api/v1/installations", tags=["device"], responses=PROBLEMS)
    _add_life(router, commands, Depends(auth.installing))
    own = Depends(auth.installation)
    _add_reading(router, own)
    _add_subscriptions(router, commands, own)
    _add_logins(router, logins, own)
    _add_changes(router, commands, own)
    return router


def web_routes(auth: RegistryAuth) -> APIRouter:
    """What a page asks before it has an installation."""
    router = APIRouter(prefix="/sdk/api/v1/web-push", tags=["device"], responses=PROBLEMS)
    caller = Depends(auth.application)

    @router.get("", responses={404: {"model": ProblemBody}})
    async def get_web_push(application: ApplicationChanged = caller) -> WebPushView:
        """The key that a browser subscribes with. A subscription holds for this key only."""
        credentials = auth.directory.credentials.get((application.application_id, Provider.WEB))
        if credentials is None or credentials.public_key is None or not credentials.enabled:
            raise Problem(404, "No Web Push credentials", "the application has no credentials of `web`")
        return WebPushView(application_server_key=credentials.public_key)

    return router


def _add_life(router: APIRouter, commands: DeviceCommands, caller: Any) -> None:
    @router.post("", status_code=201, responses={200: {"model": InstallAnswer}, 409: {"model": ProblemBody}})
    async def install(body: InstallBody, response: Response, application: ApplicationChanged = caller) -> InstallAnswer:
        """Create an installation, or say again what the device is. A known id needs the proof it was installed with."""
        try:
            device, credential, is_new = await commands.install(application.application_id, body)
        except InstallationTaken:
            raise Problem(
                409, "Installation id is taken", "it was installed with another proof; draw a new id"
            ) from None
        response.status_code = 201 if is_new else 200
        return InstallAnswer(credential=credential, installation=InstallationView.of(device))


def _add_reading(router: APIRouter, own: Any) -> None:
    @router.get("/{installation_id}")
    async def get_installation(device: Device = own) -> InstallationView:
        """The installation as it is now."""
        return InstallationView.of(device)

    @router.get("/{installation_id}/profile")
    async def get_profile(device: Device = own) -> ProfileView:
        """Whom the installation belongs to; nulls when nobody is logged in."""
        return ProfileView.of(device)


def _add_subscriptions(router: APIRouter, commands: DeviceCommands, own: Any) -> None:
    @router.get("/{installation_id}/subscriptions")
    async def get_subscriptions(device: Device = own) -> list[SubscriptionState]:
        """The application's catalogue as it counts for this installation, and what the device reported besides it."""
        kinds, device = commands.directory.applications[device.application_id].subscriptions, as_said(device)
        values = {subscription.id: subscription.value for subscription in device.subscriptions}
        known = {kind.id for kind in kinds}
        found = [
            SubscriptionState.shown(kind, value=values.get(kind.id, kind.default), reported=kind.id in values)
            for kind in kinds
        ]
        return found + [
            SubscriptionState.shown(subscription, reported=True)
            for subscription in device.subscriptions
            if subscription.id not in known
        ]


def _add_logins(router: APIRouter, logins: LoginCommands, own: Any) -> None:
    @router.post("/{installation_id}/personalize")
    async def personalize(body: PersonalizeBody, request: Request, device: Device = own) -> InstallationView:
        """Link to a user, a phone, or both; replaces the link before. `recipientMark` is the SDK's to keep."""
        return InstallationView.of(await logins.personalize(device, body, request.scope))

    @router.post("/{installation_id}/depersonalize")
    async def depersonalize(device: Device = own) -> InstallationView:
        """Log out: nothing addressed to the user is sent to this device from now on."""
        return InstallationView.of(await logins.depersonalize(device))


def _add_changes(router: APIRouter, commands: DeviceCommands, own: Any) -> None:
    @router.put("/{installation_id}/token")
    async def put_token(body: TokenBody, device: Device = own) -> InstallationView:
        """Register the push token; the latest wins, and a token that another installation had is now this one's."""
        return InstallationView.of(await TokenCommands(commands).register(device, body))

    @router.delete("/{installation_id}/token")
    async def delete_token(device: Device = own) -> InstallationView:
        """Take the push token back."""
        return InstallationView.of(await TokenCommands(commands).remove(device))

    @router.put("/{installation_id}/settings")
    async def put_settings(body: SettingsBody, device: Device = own) -> InstallationView:
        """Change settings. `primary` true claims the user's primary mark, without a user at the next login."""
        return InstallationView.of(await commands.settings(device, body))

    @router.post("/{installation_id}/sessions")
    async def start_session(body: SessionBody, device: Device = own) -> InstallationView:
        """The app was started."""
        return InstallationView.of(await commands.session(device, body))
