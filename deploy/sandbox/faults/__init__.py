"""Faults that can be ordered."""
