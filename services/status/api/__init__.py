"""What partners ask of messages."""
