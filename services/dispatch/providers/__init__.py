"""A folder for each provider: its sender, its rendering, and the table of its answers."""
