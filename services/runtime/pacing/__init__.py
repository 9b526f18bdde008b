"""How fast to go on and when to stop asking: token bucket, breaker, back-off. Policies keep their own numbers."""
