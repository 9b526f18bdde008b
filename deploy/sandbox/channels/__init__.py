"""The channel platform of the sandbox."""
