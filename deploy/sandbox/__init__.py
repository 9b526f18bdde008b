"""The push providers, played over their real wire protocols: the test bench of the product."""
