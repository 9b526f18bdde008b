"""Broadcast channels, `/v1/applications/{id}/broadcast-channels`: one Live Activity push to all who follow."""

from services.ingest.broadcast.wiring import open_broadcasts

__all__ = ["open_broadcasts"]
