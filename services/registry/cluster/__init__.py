"""The cluster as the registry sees it: what waits, who works, what was put aside; for operators and for metrics."""

from services.registry.cluster.routes import cluster_routes
from services.registry.cluster.wiring import open_cluster

__all__ = ["cluster_routes", "open_cluster"]
