"""Requests of partners that ingest has not accepted: counted, so that whoever never saw the answer learns why."""

from services.ingest.refused.counts import Cause, RefusedRequests
from services.ingest.refused.native import NotesRefused

__all__ = ["Cause", "NotesRefused", "RefusedRequests"]
