"""The push providers, played over their real wire protocols: the test bench of the product.

`python -m deploy.sandbox --data-dir DIR [--host H] [--only apns,control] [--no-payloads] [--fcm-port N …]` starts
the parts apns, apns_broadcast, fcm, hms, rustore, rustore_universal, web, channels, partner, control (ports 0 = free)
and writes DIR/sandbox.json when all listen: the addresses apns, apns_broadcast, fcm, fcm_token, hms, hms_token,
rustore, rustore_universal, web, channels (https, certificate for localhost by `ca_file`), partner, control (http), and
`credentials` as in `keys.Credentials`. SIGTERM ends it.

**Control API** (JSON; a refusal is 4xx with {"error": why}). A push, `Received`, is {provider, token, at_ms,
message_id, headers, payload}; provider is apns, fcm, hms, rustore or web; FCM and HMS topics are token "/topics/…".

    GET    /                           the content of sandbox.json (credentials come last, when all has started)
    GET    /healthz                    {"status": "ok"}
    GET    /counters                   {"accepted": {provider: count}}
    GET    /inbox/{provider}/{token}   {"received": [Received], "complete": bool}; ?count=N&timeout_s=S waits until
                                       there are N (default timeout 10 s, at most 300); else complete=false
    GET    /received                   {"received": […]}, oldest first, the newest ?limit= (1000) of ?provider=
    DELETE /received                   204; forgets pushes and counters
    GET    /follow                     NDJSON, a Received a line from now on (?provider=); an empty line every 10 s of
                                       silence; {"error": …} as last line when the reader was too slow
    POST   /faults/{provider}          201; orders a fault: {kind, status, reason, retry_after, delay_ms, timestamp_ms,
                                       token, times, value, holding, body, content_type, headers}, only kind is
                                       needed; 400 for what the provider cannot do
    GET    /faults                     {"faults": [{provider, fault, left}]}; left = null: until cleared
    DELETE /faults[/{provider}]        204
    GET    /switches                   {"switches": {name: value}, "values": {name: [default, …]}}; "*" = any number
    PUT    /switches/{name}            {"value": …}
    PUT    /switches                   {name: value, …}, all or none
    DELETE /switches                   back to the defaults
    POST   /bearers/{fcm|hms}/expire   {"expired": count}: every access token is refused from now on
    GET    /partner/reports            {"reports": [{at_ms, path, headers, report, violations, answered, accepted}],
                                       "complete": bool}; ?message= (id or mtNum) &path= &accepted=true|false,
                                       ?count=&timeout_s= as above
    DELETE /partner/reports            204
    GET    /partner/violations         {"reports": […]}: those in bad form
    GET    /channels/messages          {"messages": [{id, mt_num, at_ms, phone, type, data, notify_url, repeats,
                                       answered}], "complete": bool}; ?phone= ?count=&timeout_s= as above
    DELETE /channels/messages          204; forgets messages and plans
    PUT    /channels/plans             {"phone": …, "reports": [{status, error_code, after_ms, times}]}: what the
                                       channel platform reports by itself; without phone: on all; [] = silence
    POST   /channels/reports           {"id": …, status, error_code, after_ms, times}: a report now;
                                       {"answered": [200, …]}
    PUT    /apns/devices/{token}       {"state": live | dead (since_ms, reason) | bad | assigned (bundle_id) |
                                       offline | online}
    POST   /apns/go-away               {"reason": …}
    POST   /apns/stream-limit          {"limit": N}
    POST   /hms/receipts               {url, token, status, version: 1 | 2, key: decoded | raw, age_ms}: the receipt
                                       of the newest push to the token there, signed; {"status": …, "answer": …}
    POST   /web/subscriptions          201; what a browser does for a page: {applicationServerKey} gives {subscription,
                                       endpoint}; the subscription is the token here
    DELETE /web/subscriptions/{id}     204; gone
    POST   /identity/proofs            201; what the sample site's backend does: {installationId, externalUserId, phone}
                                       gives {proof}
    GET    /apns/refusals              {"refusals": [{at_ms, path, status, reason, detail}]}

**Faults.** A fault strikes a request that would have been accepted, first one for its token, then one for the
provider. kind=status answers `reason` with its own HTTP status, or `status`; `retry_after` is sent verbatim, and so are
`body`, `content_type` and `headers` {name: value}. `holding` strikes only what holds that text.

    kinds, all but apns   status, slow, close, drop-after-write, truncated, hang, reset (`faults/apply_fault.py`)
    kinds, apns           status, slow, hang, refused-stream, reset, drop-after-write, goaway, goaway-after,
                          stream-limit (`apns/faults.py`)
    apns                  every reason of docs/providers.md §1.9 (`apns/reasons.py`); with a status, any word or none
    apns_broadcast        every reason of docs/providers.md §1.11; kinds as apns; `token` is a channel's id
    fcm                   INVALID_TOKEN APNS_UNREGISTERED APNS_DISABLED INVALID_ARGUMENT INVALID_ARGUMENT_BARE
                          INVALID_ARGUMENT_ALONE (FcmError only)
                          UNAUTHENTICATED UNAUTHENTICATED_BARE THIRD_PARTY_AUTH_ERROR SENDER_ID_MISMATCH
                          PERMISSION_DENIED PERMISSION_DENIED_BARE SERVICE_DISABLED UNREGISTERED UNREGISTERED_APNS
                          NOT_FOUND (no FcmError) RATE_LIMIT_EXCEEDED (ErrorInfo only) QUOTA_EXCEEDED
                          QUOTA_EXCEEDED_TOPIC QUOTA_EXCEEDED_MESSAGE (QuotaFailure) INTERNAL BAD_GATEWAY (HTML)
                          UNAVAILABLE DEADLINE_EXCEEDED; a status alone means the row usual for it
    fcm_token             invalid_grant account_not_found clock_skew invalid_scope unauthorized_client rate_limited
                          internal_failure unavailable
    hms                   every code of docs/providers.md §3.3, FLOW_CONTROL (503, empty), BAD_GATEWAY (502, HTML);
                          80300007 or 80100000 with a token make that one token illegal
    hms_token             invalid_client invalid_secret throttled internal
    rustore               INVALID_ARGUMENT INVALID_TOKEN UNAUTHENTICATED PERMISSION_DENIED SENDER_ID_MISMATCH
                          NOT_FOUND UNREGISTERED TOO_MANY_REQUESTS QUOTA_EXCEEDED INTERNAL UNAVAILABLE BAD_GATEWAY
    web                   BAD_REQUEST BAD_TTL BAD_TOPIC UNAUTHORIZED FORBIDDEN NOT_FOUND GONE TOO_LARGE
                          TOO_MANY_REQUESTS INTERNAL UNAVAILABLE BAD_GATEWAY (HTML) REDIRECT (307) WNS_THROTTLED (406)
                          WNS_CHANNEL_THROTTLED WNS_DROPPED (200, and not shown)
    rustore_universal     VALIDATION_ERROR PROVIDER_ERROR INVALID_TOKEN TOO_MANY_REQUESTS INTERNAL
    channels              the error codes of docs/partner-api.md §2, as text; `token` is a phone
    partner               no reasons; `status` alone; `token` is a report's id or mtNum

**Switches** (default first): `faults.SWITCHES`.
"""
