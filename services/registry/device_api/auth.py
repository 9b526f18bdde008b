"""Who is calling the registry: devices as `services/runtime/access/device_auth.py` says, an operator by the
operators' listener."""

from services.registry.devices import Device, DeviceStore
from services.runtime.access.device_auth import DeviceAuth
from services.runtime.access.device_pace import DevicePace
from services.runtime.crypto.master_key import Secrets
from services.runtime.directory import Directory


class RegistryAuth(DeviceAuth[Device]):
    """The checks of devices; their methods are FastAPI dependencies."""

    def __init__(self, devices: DeviceStore, directory: Directory, secrets: Secrets, pace: DevicePace) -> None:
        async def find(installation_id: str) -> Device | None:
            return (await devices.load([installation_id])).get(installation_id)

        super().__init__(find, directory, secrets, pace)
