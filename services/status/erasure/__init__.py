"""Erases people from what status keeps."""

from services.status.erasure.wiring import open_erasure

__all__ = ["open_erasure"]
