"""Redacts what status keeps of people who were erased."""

from services.status.erasure.wiring import open_erasure

__all__ = ["open_erasure"]
