"""Who is calling the registry: devices as `services/device_door.py` says, an operator by the admin token."""

from fastapi import Request

from services.device_door import DeviceDoor
from services.device_pace import DevicePace
from services.directory import Directory
from services.registry.devices_state import Device
from services.registry.store import Devices
from services.secrets import Secrets
from services.web import Problem, is_admin


class Doors(DeviceDoor[Device]):
    """The checks; their methods are FastAPI dependencies."""

    def __init__(
        self, devices: Devices, directory: Directory, secrets: Secrets, admin_token: str, pace: DevicePace
    ) -> None:
        async def find(installation_id: str) -> Device | None:
            return (await devices.load([installation_id])).get(installation_id)

        super().__init__(find, directory, secrets, pace)
        self._admin_token = admin_token

    def admin(self, request: Request) -> None:
        """The admin token."""
        if not is_admin(request, self._admin_token):
            raise Problem(401, "Admin token needed", "Authorization must be: Bearer <admin token>")
