"""Phones with the SDK, and their backend."""
