"""Decisions of dispatch: what follows from an answer, how fast to go on, whom a refusal is about."""
