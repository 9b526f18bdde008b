"""One message as it is kept and found."""
