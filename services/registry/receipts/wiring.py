"""Opens the taking of receipts, and starts what notes that tokens work."""

from services.registry.device_api import DeviceCommands
from services.registry.foundation import Foundation
from services.registry.receipts.service import ReceiptService
from services.registry.receipts.worked_tokens import WorkedTokens


def open_receipts(foundation: Foundation, commands: DeviceCommands) -> ReceiptService:
    process, worked = foundation.process, WorkedTokens(commands)
    process.spawn(worked.run(process.stop), "worked-tokens", drains=True)
    return ReceiptService(foundation.log, foundation.secrets.delivery_ids, worked)
