"""Reports to partners."""
