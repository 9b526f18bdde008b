"""Live Activities in the device API: which activities a phone shows, and by which tokens. Source: `docs/device-api.md`.

A phone reports an activity as soon as ActivityKit gives its update token, whenever that token changes, and when it has
ended. A push-to-start token lives as long as the installation. A repeated report changes nothing.
"""

from fastapi import APIRouter, Depends

from services.registry.device_api.auth import RegistryAuth
from services.registry.device_api.live_bodies import ActivityId, ActivityTokenBody, LiveView, StartTokenBody, TypeName
from services.registry.device_api.live_commands import LiveCommands
from services.registry.devices import Device
from services.registry.http import PROBLEMS
from services.runtime.clock import now_ms


def live_routes(live: LiveCommands, auth: RegistryAuth) -> APIRouter:
    """The routes below an installation."""
    router = APIRouter(prefix="/sdk/api/v1/installations", tags=["device"], responses=PROBLEMS)
    own = Depends(auth.installation)

    @router.get("/{installation_id}/activities")
    async def get_activities(device: Device = own) -> LiveView:
        """The activities that can be updated, and the types that can be started."""
        return _view(device)

    @router.put("/{installation_id}/activities/{activity_id}/token")
    async def put_activity_token(activity_id: ActivityId, body: ActivityTokenBody, device: Device = own) -> LiveView:
        """The update token of an activity; the latest wins. For 12 hours it can be updated."""
        return _view(await live.register(device, body, activity_id=activity_id, attributes_type=body.attributes_type))

    @router.delete("/{installation_id}/activities/{activity_id}")
    async def delete_activity(activity_id: ActivityId, device: Device = own) -> LiveView:
        """The activity has ended or was dismissed."""
        return _view(await live.ended(device, activity_id))

    @router.put("/{installation_id}/activity-types/{attributes_type}/start-token")
    async def put_start_token(attributes_type: TypeName, body: StartTokenBody, device: Device = own) -> LiveView:
        """The push-to-start token of a type (iOS 17.2 and newer); the latest wins."""
        return _view(await live.register(device, body, activity_id=None, attributes_type=attributes_type))

    @router.delete("/{installation_id}/activity-types/{attributes_type}/start-token")
    async def delete_start_token(attributes_type: TypeName, device: Device = own) -> LiveView:
        """No server is to start activities of this type any more."""
        return _view(await live.start_removed(device, attributes_type))

    return router


def _view(device: Device) -> LiveView:
    return LiveView.of(device, now_ms())
