"""Receipts of pushes: what devices report to have happened to them."""

from services.registry.receipts.bodies import MAX_OWN_RECEIPTS_BYTES, OWN_RECEIPTS
from services.registry.receipts.fast_path import ReceiptFastPath
from services.registry.receipts.routes import receipt_routes
from services.registry.receipts.rules import kept_time
from services.registry.receipts.service import ReceiptService
from services.registry.receipts.wiring import open_receipts

__all__ = [
    "MAX_OWN_RECEIPTS_BYTES",
    "OWN_RECEIPTS",
    "ReceiptFastPath",
    "ReceiptService",
    "kept_time",
    "open_receipts",
    "receipt_routes",
]
