"""The fold of device events: what is known of one installation, and what installations share. Pure."""
