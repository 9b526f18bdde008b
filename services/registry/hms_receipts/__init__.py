"""Huawei's receipts: their signature, what each status means, and the route that takes them."""

from services.registry.hms_receipts.routes import MAX_RECEIPTS_BYTES, RECEIPTS_PATH, hms_routes

__all__ = ["MAX_RECEIPTS_BYTES", "RECEIPTS_PATH", "hms_routes"]
