"""`POST /v3/batch`: up to 3,000 messages."""
