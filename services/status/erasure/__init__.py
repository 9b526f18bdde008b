"""Erasure in messages and histories."""
