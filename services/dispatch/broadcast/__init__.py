"""Apple's broadcast channels: made once, sent to within the application's limits."""
