"""What providers over HTTP/1.1 share: the client, OAuth, the shapes of credentials."""
