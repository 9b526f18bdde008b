"""Redacts what status keeps of people who were erased."""

from services.status.erasure.service import MessageErasure

__all__ = ["MessageErasure"]
