"""The FCM of the sandbox."""
