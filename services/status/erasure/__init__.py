"""Redacts what status keeps of people who were erased."""

from services.status.erasure.service import Forgetting

__all__ = ["Forgetting"]
