"""Opens the look at the cluster, and starts what tells its metrics."""

from fastapi import APIRouter

from services.registry.cluster.routes import cluster_routes
from services.registry.cluster.watch import ClusterWatch
from services.registry.dead_letters import Marks
from services.registry.foundation import Foundation
from services.runtime.mongo.instances import Instances


def open_cluster(foundation: Foundation) -> APIRouter:
    process, database = foundation.process, foundation.database
    watch = ClusterWatch(process.settings, Marks(database))
    process.spawn(watch.run(process.stop), "cluster", drains=True)
    return cluster_routes(watch, Instances(database))
