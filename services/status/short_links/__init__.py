"""Short links and their clicks."""
