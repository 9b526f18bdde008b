"""Decisions about a mailing, its template and its list. Pure."""
