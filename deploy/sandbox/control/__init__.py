"""The sandbox's control API and its client."""
