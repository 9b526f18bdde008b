"""Ingest: is this request acceptable? Read `accept.py` first, then `send.py`.

    POST /v6/send         the partner protocol: docs/partner-api.md §1, §2
    GET  /openapi.json    the same as OpenAPI; through the gateway /docs/ingest/openapi.json

accept*.py    the rules, pure          send.py      from the bytes of a body to the answer
secure.py     seals SECURE values      store.py     claims of partners that refuse duplicates
limits.py     how much one may ask     api.py       HTTP
"""
