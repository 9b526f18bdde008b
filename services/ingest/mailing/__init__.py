"""Mailings, `/v1/mailings`: one message to very many. Lists and segments, dry run, start, progress, pause, cancel.

`api.py` is HTTP, `service.py` what can be done with a mailing and when, `rules/` its message, list and recipients,
`upload.py` the reading of a list, `planning/` the sending. Features: `docs/features/mailings.md`.
"""

from services.ingest.mailing.rules.draft import ChangeBody, MailingBody
from services.ingest.mailing.wiring import open_mailings

__all__ = ["ChangeBody", "MailingBody", "open_mailings"]
