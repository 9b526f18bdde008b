"""Live looks: what a query answers, sent again whenever it has changed, as server-sent events.

    GET …/live ─▶ who asks, and what they may see: as the query ─▶ LiveStreams: few of one caller ─▶ event, data
                                                                        ▲ woken
                Watched: one loop for all who look at a kind; none while nobody does

An event holds the whole answer, so whoever was away needs the last one and nothing between.
"""

from services.runtime.live.started import StartedStream, started_stream
from services.runtime.live.streams import ANSWER, LIVE, LastEventId, LiveStreams, Part, body_of
from services.runtime.live.watched import Watched

__all__ = [
    "ANSWER",
    "LIVE",
    "LastEventId",
    "LiveStreams",
    "Part",
    "StartedStream",
    "Watched",
    "body_of",
    "started_stream",
]
