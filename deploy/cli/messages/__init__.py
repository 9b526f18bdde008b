"""Commands for single messages: sent, found and explained."""
