"""What stands before the services: one table of routes, and the configurations of gateways that follow from it."""
