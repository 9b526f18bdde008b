"""Opens erasures, and starts what carries them out and redacts the registry's own documents."""

from fastapi import APIRouter

from services.registry.device_api import DeviceCommands
from services.registry.erasure.linked import LinkedPersons
from services.registry.erasure.proof import ErasureProof
from services.registry.erasure.redact import DeviceRedaction
from services.registry.erasure.routes import erasure_routes
from services.registry.erasure.service import ErasureService
from services.registry.foundation import Foundation
from services.runtime.erasure import clean_after, erasures_of
from services.runtime.mongo.recipient_keys import RecipientKeysStore


def open_erasure(foundation: Foundation, commands: DeviceCommands) -> APIRouter:
    process, database, directory = foundation.process, foundation.database, foundation.directory
    clean_after(process, database, directory, DeviceRedaction(commands, directory).redact)
    store = RecipientKeysStore(database, foundation.secrets)
    service = ErasureService(
        erasures=erasures_of(process, database),
        store=store,
        keys=foundation.keys,
        linked=LinkedPersons(commands.devices, directory),
        directory=directory,
        sink=foundation.log,
    )
    process.spawn(service.run(process.stop), "erasures", drains=True)
    return erasure_routes(service, ErasureProof(store, process.settings))
