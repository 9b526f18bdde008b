"""Receipts of pushes: what devices report to have happened to them."""
