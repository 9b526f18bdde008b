"""The HTTP server, what it refuses for every route, and addresses outside."""
