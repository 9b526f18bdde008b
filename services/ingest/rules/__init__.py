"""What every door of ingest asks of a message. Pure."""
