"""What a push carries, fitted into the size that a provider takes."""
