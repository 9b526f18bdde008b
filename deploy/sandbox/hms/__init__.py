"""The HMS of the sandbox."""
