"""The event stream of a partner."""
