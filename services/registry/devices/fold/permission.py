"""Since when the operating system forbids pushes, and who reported it. Pure; repeats and any order give the same.

SettingsChanged(push_os_enabled) ─▶ reports   the newest, by stamp
                                 └▶ changes   where one report differs from the one before it; allowed at first
"""

from services.registry.devices.fold.state import PermissionChange, PermissionReport

REMEMBERED = 32


def with_report(reports: tuple[PermissionReport, ...], report: PermissionReport) -> tuple[PermissionReport, ...]:
    """The reports with one more: the newest thirty-two, ascending."""
    by_stamp = {known.stamp: known for known in (*reports, report)}
    return tuple(by_stamp[stamp] for stamp in sorted(by_stamp)[-REMEMBERED:])


def changes_in(reports: tuple[PermissionReport, ...]) -> tuple[PermissionChange, ...]:
    """The times at which the permission changed. Before the oldest report that is kept, pushes count as allowed."""
    found: list[PermissionChange] = []
    allowed = True
    for report in reports:
        if report.allowed is not allowed:
            allowed = report.allowed
            found.append(PermissionChange(at=int(report.stamp[:15]), allowed=allowed, source=report.source))
    return tuple(found)
