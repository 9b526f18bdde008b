"""Delivery reports to partners: what is owed, when it is tried again, and the signed POST."""

from services.status.reports.http import ReportSender
from services.status.reports.pace import Pace
from services.status.reports.packet_callback import State, state_of
from services.status.reports.service import ReportService
from services.status.reports.store import ReportStore

__all__ = ["Pace", "ReportSender", "ReportService", "ReportStore", "State", "state_of"]
