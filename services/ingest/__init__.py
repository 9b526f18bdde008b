"""Ingest decides whether a request is acceptable, and appends what is. Read `rules/message.py` first.

    send/        POST /v6/send    one message             docs/partner-api.md §1, §2
    packet/      POST /v3/batch   up to 3,000 messages    docs/partner-api.md §6
    mailing/     /v1/mailings     one message to very many    docs/features/mailings.md
    broadcast/   /v1/applications/{id}/broadcast-channels     docs/providers.md §1.11
    rules/       what every message has to keep to, pure
    duplicates/  which ids were used before

`api.py` puts the routes together, `openapi.py` describes them, `http.py` reads bodies and writes refusals.
"""
