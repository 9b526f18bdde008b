"""Opens the look at the cluster, and starts what tells its metrics."""

from fastapi import APIRouter

from services.registry.cluster.live import live_cluster_routes
from services.registry.cluster.routes import cluster_routes, recent_cluster
from services.registry.cluster.watch import ClusterWatch
from services.registry.dead_letters import Marks
from services.registry.foundation import Foundation
from services.runtime.live import LiveStreams
from services.runtime.mongo.instances import Instances


def open_cluster(foundation: Foundation) -> APIRouter:
    process, database = foundation.process, foundation.database
    watch = ClusterWatch(process.settings, Marks(database))
    process.spawn(watch.run(process.stop), "cluster", drains=True)
    recent = recent_cluster(watch, Instances(database))
    router = APIRouter()
    router.include_router(cluster_routes(recent))
    router.include_router(live_cluster_routes(recent, foundation.directory, LiveStreams(process.stop)))
    return router
