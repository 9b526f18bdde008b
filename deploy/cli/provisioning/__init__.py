"""Commands for what has to exist before a message: operators, partners, applications, credentials, senders."""
