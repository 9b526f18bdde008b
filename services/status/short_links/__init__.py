"""Short links and their clicks."""

from services.status.short_links.routes import short_link_routes
from services.status.short_links.store import ShortLinkStore

__all__ = ["ShortLinkStore", "short_link_routes"]
