"""TLS for the sandbox."""
