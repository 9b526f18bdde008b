"""Reports of the channel platform."""
