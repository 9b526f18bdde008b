"""Rows of the whole platform on one machine, from the request to the end."""
