"""What every service is built on: the process, the log, the database, HTTP, access, keys, time. Imports no service."""
