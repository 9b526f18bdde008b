"""`POST /v6/send`: one message."""
