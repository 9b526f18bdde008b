"""Commands for mailings and their lists."""
