"""The APNs of the sandbox."""
