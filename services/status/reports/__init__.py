"""Delivery reports to partners: what is owed, when it is tried again, and the signed POST."""

from services.status.reports.packet_callback import State, state_of
from services.status.reports.store import ReportStore
from services.status.reports.wiring import open_reports

__all__ = ["ReportStore", "State", "open_reports", "state_of"]
