"""What events make of a message. Pure."""
