"""The audit trail, read from the log and told: who changed what, from where, and when."""

from services.registry.audit_trail.store import AuditTrail
from services.registry.audit_trail.wiring import GROUP, open_audit_trail

__all__ = ["GROUP", "AuditTrail", "open_audit_trail"]
