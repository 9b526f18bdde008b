"""Status: what has become of a message, and telling its partner.

message-requested ─┐                       ┌─▶ `messages` ─▶ GET /v1/messages
provider-dispatched┼─▶ fold.py (pure) ─────┼─▶ `reports` ─▶ POST to notifyUrl ─▶ ReportAttempted ─▶ status-events
status-events ─────┘                       └─▶ `changes` ─▶ GET /v1/events
sweeper.py: a deadline has passed ─▶ DeadlinePassed ─▶ status-events

Routes. A partner (HTTP Basic: its login and password) sees its own messages; an operator (`Authorization: Bearer
<token>`, on a listener of their own) sees all, and narrows them down by `partner`. Times are UTC milliseconds. Errors
are RFC 9457.

GET /v1/messages/{id}
    `id` is the message id, the mtNum, or the partner's own id. Answers
    {message_id, mt_num, id, partner_id, lane, state, reason, explanation, phone, external_user_id, channel, sender,
     text, title, created_at, extra_param, callback_data, packet_id, mailing_id, registered_delivery, notify_url,
     links: [{link, channel, sender, state, reason, double_reach, send_at, expires_at, awaited,
              deliveries: [{delivery_id, installation_id, application_id, provider, state, reason, attempts, sent_at,
                            delivered_at, read_at}],
              skipped: [{installation_id, provider, reason}],
              changes: [{state, at}],
              report: {status, error_code, taken}}],
     trace: [{at, what, link, event_id, reason, detail, installation_id, provider, attempt, status, latency_ms, late,
              counts}], trace_dropped, closed}
    `reason` is null or {name, error_code, words}; `state` is one of schemas.DeliveryState; `what` is one of requested,
    repeated, scheduled, planned, attempt, receipt, channel (its platform reports), deadline, onward (how the chain goes
    on), report, failed; `counts` is false for what came from an
    installation outside the plan. `explanation` is one plain line: why did this customer not get it?

GET /v1/messages?phone=&user=&id=&extraParam=&callbackData=&state=&from=&to=&limit=&cursor=&partner=
    {messages: [the fields up to created_at, without title], cursor}. The newest first; `cursor` of a page asks for the
    next one, null when there is none. `from` counts and `to` does not: UTC ms or ISO 8601. `extraParam` is one
    pair of it, name=value; `callbackData` the whole of it. `limit` 1 … 100, 20 unless given.

GET /v1/messages/export?format=ndjson|csv&…
    Everything that the same search finds, with extra_param, callback_data, the reason's code and the first times of
    being sent, delivered and read; streamed, the newest first. The operator must say `partner`.

GET /v1/statistics?from=&to=&group_by=…
    Deliveries by outcome and how long they took, as JSON or CSV: `docs/features/statistics.md`.

GET /l/{code}
    302 to the address of a short link, without login: `docs/features/link-shortener.md`.

GET /v1/savings?from=&to=&partner=
    {partner_id, since, until, links, by_channel: {SMS: 2}}: links of cascades that were not needed, of messages made in
    the last 30 days unless `from` and `to` say otherwise. Each counts once.

GET /v1/events?after=&partner=
    Server-sent events. `id: 17`, `event: status`, `data: {message_id, mt_num, id, link, channel, state, at, reason,
    error_code, double_reach}` (the last three only where they mean something). Ids are numbers that grow by partner;
    `Last-Event-ID` (or `after`) goes on behind one of them, 0 from the oldest kept (a week), neither from now on.
    Nothing is lost and nothing comes twice; what is kept no longer is told by `event: lost`, `data: {from, to}`. A
    comment every 15 s keeps the connection; ten streams at once for a partner in one process.

GET /sdk/api/v1/installations/{id}/messages/{messageId}/content?link=0      (a device, by its credential)
    {messageId, link, expiresAt, title, text, content: {category, url}, actions, customPayload, liveActivity,
     secure: {names, values}}: the whole of a message, to the installations in its plan whose owner has not changed. 404
    for everybody else, 410 when its lifetime has passed. See `docs/device-api.md` §5.

GET …/history, GET and DELETE …/history/{messageId}, POST …/history/status, POST …/history/delete     (a device)
    The in-app history of whoever is logged in. See `docs/device-api.md` §6.

Reports to partners are those of `docs/partner-api.md` §3; signed ones carry X-RPNS-Timestamp (seconds) and
X-RPNS-Signature: sha256=<hex of HMAC-SHA256(key, timestamp + "." + body)>.
"""
