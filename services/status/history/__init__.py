"""The in-app history of a device."""
