"""One push from its record to its outcome."""
