"""Status: follows what becomes of messages, and reports it to partners.

message-requested ─┐                       ┌─▶ `messages` ─▶ GET /v1/messages
provider-dispatched┼─▶ fold/ (pure) ───────┼─▶ `reports` ─▶ POST to notifyUrl ─▶ ReportAttempted ─▶ status-events
status-events ─────┘                       └─▶ `changes` ─▶ GET /v1/events
consumer/sweeper.py: a deadline has passed ─▶ DeadlinePassed ─▶ status-events

The OpenAPI document describes every route, `/docs/status/openapi.json`; beside it `docs/partner-api.md` §3 to §7,
`docs/device-api.md` §5 and §6, and `docs/operators-api.md`.
"""
