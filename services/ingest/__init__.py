"""Ingest: is this request acceptable? Read `rules/message.py` first, then `send/answer.py`.

    POST /v6/send         the partner protocol: docs/partner-api.md §1, §2
    …    /v1/mailings…    one message to very many: docs/features/mailings.md
    GET  /openapi.json    the same as OpenAPI; through the gateway /docs/ingest/openapi.json

accept*.py    the rules, pure          send.py      from the bytes of a body to the answer
secure.py     seals SECURE values      store.py     claims of partners that refuse duplicates
limits.py     how much one may ask     api.py       HTTP

A mailing, in the order in which it comes into being (`accept_*` of these are pure as well):

mailing_api.py     HTTP                              mailings.py        what can be done with one, and when
accept_mailing.py  its message, with placeholders    mailings_store.py  mailings, recipients, broken lines
accept_segment.py  whom, by their installations      uploading.py       whom, by a list; accept_list.py: its lines
accept_fill.py     a recipient's values filled in    accept_expand.py   a recipient's message, with derived ids
planning.py        the planner's loop and leases     mailing_run.py     one slice of one mailing
dry_run.py         what starting it would mean; accept_forecast.py: when it finishes
"""
