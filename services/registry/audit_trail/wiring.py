"""Opens the audit trail: what reads it from the log and completes it, and the routes."""

from functools import partial

from fastapi import APIRouter

from schemas.topics import AUDIT_EVENTS
from services.registry.audit_trail.completion_store import EVERY_S, TrailCompletion
from services.registry.audit_trail.reading import TrailReading
from services.registry.audit_trail.refusals import refusal_routes
from services.registry.audit_trail.routes import audit_routes
from services.registry.audit_trail.store import AuditTrail
from services.registry.foundation import Foundation
from services.runtime.access.operator_tokens import AUDIT_PURPOSE
from services.runtime.log.upkeep import GroupOffsets
from services.runtime.loops import keep_on

GROUP = "registry-audit"
_MAX_RECORDS = 2_000
"""In one batch, which waits twice for a majority's disks: that is most of the time when the topic's year is read."""


async def open_audit_trail(foundation: Foundation) -> list[APIRouter]:
    process, trail = foundation.process, AuditTrail(foundation.database)
    await trail.prepare()
    foundation.consume(AUDIT_EVENTS, GROUP, trail.step, max_records=_MAX_RECORDS)
    completion = TrailCompletion(foundation.database)
    process.spawn(keep_on("audit-completion", completion.turn, process.stop, EVERY_S), "audit-completion", drains=True)
    offsets = await process.stack.enter_async_context(GroupOffsets(process.settings, AUDIT_EVENTS, GROUP))
    fingerprints = partial(foundation.secrets.digests, purpose=AUDIT_PURPOSE)
    audit = audit_routes(trail, TrailReading(trail, offsets), fingerprints)
    return [audit, refusal_routes(trail, foundation.partner_caller)]
