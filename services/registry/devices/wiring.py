"""Opens the store of devices, and starts what repairs and publishes it."""

from schemas.topics import DEVICE_EVENTS, PROVIDER_DISPATCHED
from services.registry.devices.consumers import DeviceConsumers, speaks_of_token
from services.registry.devices.publish import InstallationPublisher
from services.registry.devices.store import DeviceStore
from services.registry.foundation import Foundation
from services.runtime.log.batch_consumer import group_of


async def open_devices(foundation: Foundation) -> DeviceStore:
    process, devices = foundation.process, DeviceStore(foundation.database)
    await devices.prepare()
    consumers = DeviceConsumers(devices)
    foundation.consume(DEVICE_EVENTS, "registry", consumers.device_events)
    for lane in process.settings.lanes:
        group = group_of("registry-dispatched", lane)
        foundation.consume(PROVIDER_DISPATCHED[lane], group, consumers.dispatched, speaks_of_token)
    process.spawn(InstallationPublisher(devices, foundation.log).run(process.stop), "publish", drains=True)
    return devices
