"""`/sdk/api/v1`: what an SDK tells and asks."""
