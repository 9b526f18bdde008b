"""The log and the database in memory, and the clients by which instances reach them."""
