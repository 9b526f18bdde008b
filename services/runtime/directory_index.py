"""Names that lead to an entity: who holds a login, an API key's digest, a batch key's. Pure.

    put(key, names)   the entity `key` has these names from now on, and no others
    holder(name)      the entity that took the name last among those that still have it

Each call costs as much as the names that it changes, however many entities there are.
"""

from collections.abc import Iterable


class Names:
    """The names of one kind."""

    def __init__(self) -> None:
        self._names: dict[str, tuple[str, ...]] = {}
        self._holders: dict[str, dict[str, None]] = {}  # in the order in which they took it

    def put(self, key: str, names: Iterable[str]) -> None:
        """None at all takes the entity out."""
        for name in self._names.pop(key, ()):
            holders = self._holders[name]
            del holders[key]
            if not holders:
                del self._holders[name]
        kept = tuple(dict.fromkeys(names))
        if kept:
            self._names[key] = kept
        for name in kept:
            self._holders.setdefault(name, {})[key] = None

    def holder(self, name: str) -> str:
        """The entity's key; "" when nobody holds the name."""
        holders = self._holders.get(name)
        return next(reversed(holders)) if holders else ""
