"""Indexes that a release before has made, and this one does without. Pure. `unused_indexes.py` drops them."""

from typing import NamedTuple


class Unused(NamedTuple):
    """`service`: whose instances of a release before may use it."""

    service: str
    collection: str
    name: str


UNUSED: tuple[Unused, ...] = (
    Unused("status", "messages", "owed_at_1"),
    Unused("registry", "installations", "application_id_1_push_os_enabled_1_platform_1"),
)
"""Only ever added to, at the end: instances tell how many of them they do without."""
