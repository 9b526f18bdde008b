"""The import of devices: the command, and the files that it reads."""
