"""The push service for browsers of the sandbox."""
