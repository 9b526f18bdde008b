"""`GET /v1/cluster/live`: the cluster and what is stopped, sent again at each change. For operators alone."""

from collections.abc import Mapping
from functools import partial

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from pydantic import TypeAdapter

from services.registry.cluster.bodies import ClusterView
from services.registry.cluster.recent import Recent
from services.registry.http import operator_router
from services.registry.provisioning import StopView, held_stops
from services.runtime import live
from services.runtime.access.operator_tokens import still_holds
from services.runtime.access.partner_auth import Caller
from services.runtime.directory import Directory
from services.runtime.http.listeners import operator_of
from services.runtime.http.server import Problem

CLUSTER_EVERY_S, STOPS_EVERY_S = 2.5, 1.0
_STOPS = TypeAdapter(list[StopView])


def live_cluster_routes(recent: Recent[ClusterView], directory: Directory, streams: live.LiveStreams) -> APIRouter:
    """The route."""
    router = operator_router("/v1/cluster", "cluster")

    async def cluster() -> bytes:
        return live.body_of(await recent.get())

    def stops() -> bytes:
        return _STOPS.dump_json(held_stops(directory), by_alias=True)

    async def look_at_cluster(_: object) -> Mapping[str, bytes]:
        return {"cluster": await cluster()}

    async def look_at_stops(_: object) -> Mapping[str, bytes]:
        return {"stops": stops()}

    watched_cluster = live.Watched("live cluster", look_at_cluster, CLUSTER_EVERY_S, streams.stop)
    watched_stops = live.Watched("live stops", look_at_stops, STOPS_EVERY_S, streams.stop)

    @router.get(
        "/live",
        summary="The cluster and what is stopped, at each change (server-sent events)",
        **live.ANSWER,
    )
    async def follow_cluster(request: Request, last_event_id: live.LastEventId = None) -> StreamingResponse:
        """An event is `event: cluster` with `data` as `GET /v1/cluster` answers, or `event: stops` as `GET /v1/stops`
        does: both at once, then each whenever it has changed. The cluster is looked at every 2.5 s, the stops every
        second. A comment every 10 s says that nothing has changed. A stream that goes on behind `Last-Event-ID` begins
        with what has changed. An operator may have twenty streams open in one process.
        """
        operator = operator_of(request)
        if operator is None:
            raise Problem(401, "Operator's token needed")
        asking = Caller(None, operator, partial(still_holds, operator, directory))
        parts = [
            live.Part("cluster", watched_cluster, "cluster", await cluster()),
            live.Part("stops", watched_stops, "stops", stops()),
        ]
        return await streams.answer(asking, parts, last_event_id)

    return router
