"""Erasure of people: whom it reaches, the destruction of their keys, the redaction of documents, and the proof."""

from services.registry.erasure.linked import LinkedPersons
from services.registry.erasure.proof import ErasureProof
from services.registry.erasure.redact import DeviceRedaction
from services.registry.erasure.routes import erasure_routes
from services.registry.erasure.service import ErasureService

__all__ = ["DeviceRedaction", "ErasureProof", "ErasureService", "LinkedPersons", "erasure_routes"]
