"""Delivery reports to partners: what is owed, when it is tried again, and the signed POST."""

from services.status.reports.http import Wire
from services.status.reports.pace import Pace
from services.status.reports.packet_callback import State, state_of
from services.status.reports.service import Reporting
from services.status.reports.store import Reports

__all__ = ["Pace", "Reporting", "Reports", "State", "Wire", "state_of"]
