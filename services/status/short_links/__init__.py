"""Short links: where their codes lead, and their clicks."""

from services.status.short_links.store import ShortLinkStore
from services.status.short_links.wiring import open_short_links

__all__ = ["ShortLinkStore", "open_short_links"]
