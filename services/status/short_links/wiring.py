"""Short links: stored as messages are saved, and followed by everybody who has the message."""

from functools import partial

from services.status.foundation import Feature, Foundation
from services.status.short_links.routes import short_link_routes
from services.status.short_links.search import ShortLinkSearch
from services.status.short_links.store import ShortLinkStore


async def open_short_links(foundation: Foundation) -> Feature:
    """The projection and the route."""
    store = ShortLinkStore(foundation.database, foundation.short_links)
    await store.prepare()
    digest = partial(foundation.secrets.digest, purpose="click")
    routes = short_link_routes(ShortLinkSearch(store.find), foundation.log, foundation.trusted_proxies, digest)
    return Feature(projections=(store.project,), routers=(routes,))
