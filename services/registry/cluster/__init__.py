"""The cluster as the registry sees it: what waits, who works, what was put aside; for operators and for metrics."""

from services.registry.cluster.live import live_cluster_routes
from services.registry.cluster.routes import cluster_routes, recent_cluster
from services.registry.cluster.wiring import open_cluster

__all__ = ["cluster_routes", "live_cluster_routes", "open_cluster", "recent_cluster"]
