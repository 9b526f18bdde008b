"""Partners, senders, applications, credentials, operators and stops."""
