"""Erasure of people: whom it reaches, the destruction of their keys, the redaction of documents, and the proof."""

from services.registry.erasure.routes import erasure_routes
from services.registry.erasure.wiring import open_erasure

__all__ = ["erasure_routes", "open_erasure"]
