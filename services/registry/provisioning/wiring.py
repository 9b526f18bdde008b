"""Opens provisioning, and starts what ends old stops."""

from services.registry.foundation import Foundation
from services.registry.provisioning.service import Provisioning
from services.registry.provisioning.stop_expiry import StopExpiry
from services.registry.provisioning.store import ProvisioningLock
from services.runtime.mongo.stop_targets import StopTargets


def open_provisioning(foundation: Foundation) -> Provisioning:
    process, lock = foundation.process, ProvisioningLock(foundation.database)
    provisioning = Provisioning(foundation.directory, foundation.log, lock)
    expiry = StopExpiry(provisioning, StopTargets(foundation.database))
    process.spawn(expiry.run(process.stop), "stops-ending", drains=True)
    return provisioning
