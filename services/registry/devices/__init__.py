"""Installations as the fold of their events, and where they are kept."""
