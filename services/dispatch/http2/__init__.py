"""An HTTP/2 client over a sans-I/O engine, which knows what was surely not processed."""
