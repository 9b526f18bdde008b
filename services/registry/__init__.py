"""The registry: who has which device, and who may send. Read `devices/fold/fold.py` first, then `devices/store.py`,
then `device_api/commands.py`.

Device API, JSON in camel case, times in UTC milliseconds. `<I>` = /sdk/api/v1/installations/{installationId}

    POST   /sdk/api/v1/installations    X-Api-Key: <key>            every other call: Authorization: Bearer <credential>
           {installationId, proof, deviceId, platform, appVersion; osVersion, model, locale, timeZone, publicKey}
           201 new, 200 repeated: {credential, installation}; 409: the id was installed with another proof
    GET    <I>                          installation
    PUT    <I>/token                    {provider: apns|fcm|hms|rustore, token; environment, bundle, variant}
                                        {provider: web, subscription: {endpoint, keys: {p256dh, auth}}}
                                        of rustore with a universal app also {carrier}
    DELETE <I>/token
    POST   <I>/personalize              {externalUserId and/or phone; primary}
    POST   <I>/depersonalize            no body
    GET    <I>/profile                  {externalUserId, phone, recipientMark, primary}
    PUT    <I>/settings                 {primary, pushEnabled, pushOsEnabled, subscriptions: [{id, type, name, title,
                                        description, value}]}; what is left out stays
    POST   <I>/sessions                 {sessionId, appVersion, osVersion, locale, timeZone, previousSessionS, primary}
    GET    <I>/subscriptions            [{id, type, name, title, description, value, said}]: the catalogue as it counts
    GET    /sdk/api/v1/web-push         X-Api-Key: {applicationServerKey}
    GET    <I>/activities               {activities: [{activityId, attributesType, registeredAt, expiresAt}],
                                        startTokens: [{attributesType, registeredAt}]}, which these answer too:
    PUT    <I>/activities/{activityId}/token                       {attributesType, token; environment, bundle}
    DELETE <I>/activities/{activityId}                             it has ended
    PUT DELETE <I>/activity-types/{attributesType}/start-token     {token; environment, bundle}
    POST   <I>/receipts                 {sentAt, receipts: [{messageId, deliveryId, link, bulk, kind, happenedAt,
                                        action, activityId, attributesType}]}:
                                        {results: [{accepted, happenedAt, errors: [{field, rule}]}]}

`deliveryId` is mandatory: the `delivery` of the push. The others answer the installation: what profile has,
installationId, applicationId, deviceId, platform, appVersion, osVersion, model, locale, timeZone, publicKey, token
{provider, environment, bundle, variant, registeredAt} or null, pushEnabled, pushOsEnabled, subscriptions, launches,
installedAt, lastUsedAt, updatedAt.

On the operators' listener, Authorization: Bearer <token>; the scopes are in
`services/runtime/access/operator_routes.py`. An entity has a `version` and says `by` whom it is as it is; a change that
sends the version as If-Match is refused with 409 when somebody else was faster.
Passwords and keys are in the answer that made them, never again.

    POST GET            /v1/partners                              {login; partnerId, password, subnets, reportUrl, …}
    GET PATCH           /v1/partners/{id}                         PATCH {enabled: false} switches off
    POST                /v1/partners/{id}/password                {password} or {}: drawn
    POST                /v1/partners/{id}/report-key, …/batch-key no body: {key, version}
    GET                 /v1/partners/{id}/senders
    PUT                 /v1/partners/{id}/senders/{serviceNumber} {applicationId, enabled}
    POST GET            /v1/applications                          {name; applicationId, apiKey, minVersion, bundle, …}
    GET PATCH           /v1/applications/{id}
    POST                /v1/applications/{id}/api-keys            {apiKey, keepOld: true}
    DELETE              /v1/applications/{id}/api-keys/old        ends the overlap
    GET                 /v1/applications/{id}/credentials         fingerprints only
    PUT PATCH           /v1/applications/{id}/credentials/{provider}   the provider's own JSON; PATCH {enabled}
    POST GET            /v1/operators                             {name, scopes, expiresAt}; DELETE …/{id}
    GET                 /v1/installations?phone= | user= [&applicationId=]   {cards, installations}
    GET                 /v1/installations/{id}
    POST                /v1/installations/import?applicationId=[&firstLine=]  NDJSON, 5000 lines or 4 MiB a call:
                        {lines, imported, known, bad: [{line, field, rule}]}

Huawei's receipts, signed: POST /gateway/hms/receipts/{applicationId}, see `docs/features/hms-receipts.md`.

Errors are RFC 9457 problem details {title, status, detail, errors: [{field, rule}]}: 400 a rule is broken, 401, 403
switched off, 404, 409, 413, 415; 429 a device too often (`services/runtime/access/device_pace.py`) and 503, both with
Retry-After.
"""
