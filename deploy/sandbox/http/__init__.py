"""What the sandbox's HTTP/1.1 servers share."""
