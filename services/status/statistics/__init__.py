"""Counting for the statistics, and reading them."""
