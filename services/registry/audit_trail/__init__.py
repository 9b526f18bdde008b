"""The audit trail, read: who changed what, from where, and when."""

from services.registry.audit_trail.routes import audit_routes

__all__ = ["audit_routes"]
