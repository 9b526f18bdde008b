"""Installations as router, dispatch and status read them; the registry writes them."""
