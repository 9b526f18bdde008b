"""Keys and what is sealed or digested under them. Reaches for no network and no disk."""
