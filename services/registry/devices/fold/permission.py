"""Since when the operating system forbids pushes, and who said so. Pure; repeats and any order give the same.

SettingsChanged(push_os_enabled) ─▶ said      the newest words, by stamp
                                 └▶ changes   where one word differs from the one before it; allowed at first
"""

from services.registry.devices.fold.state import PermissionChange, PermissionReport

REMEMBERED = 32


def said(words: tuple[PermissionReport, ...], word: PermissionReport) -> tuple[PermissionReport, ...]:
    """With one more word, the newest thirty-two kept, ascending."""
    kept = {one.stamp: one for one in (*words, word)}
    return tuple(kept[stamp] for stamp in sorted(kept)[-REMEMBERED:])


def changes(words: tuple[PermissionReport, ...]) -> tuple[PermissionChange, ...]:
    """The times at which the permission changed. What was before the oldest word that is kept counts as allowed."""
    found: list[PermissionChange] = []
    allowed = True
    for one in words:
        if one.allowed is not allowed:
            allowed = one.allowed
            found.append(PermissionChange(at=int(one.stamp[:15]), allowed=allowed, source=one.source))
    return tuple(found)
