"""Messages to Apple's broadcast channels."""
