"""Rows of one part of the platform, by the processor time of its process."""
