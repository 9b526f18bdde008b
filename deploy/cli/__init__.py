"""`rpns`: the operator's command line. Everything goes through the HTTP API; nothing is read past it, but for `topics`,
which come before the services do, and for repairs, during which no service runs.

    rpns partners|applications|senders|credentials   provisioning: create, list, rotate, disable, enable …
    rpns broadcast-channels                          channels of APNs: create, list, delete
    rpns import-devices FILE                         existing tokens, NDJSON or CSV
    rpns test-push                                   one push, followed until its outcome is known
    rpns why ID|PHONE                                what became of a message, and why
    rpns messages, rpns statistics                   which messages, and how many, for which reason
    rpns audit                                       who changed what
    rpns status                                      who works, what waits, what is wrong
    rpns topics plan|apply|check                     the topics, against those that this release wants
    rpns dead-letters list|show|redrive|discard      what was put aside
    rpns rebuild [--compare] [--switch]              the database once more, from the log
    rpns backup DIR, rpns restore DIR                the database with the offsets beside it, and back

Exit codes: 0 done; 1 refused, not delivered, or a bad line; 2 wrong usage; 3 the outcome was not known in time; 4 there
is something to look at, or left to do.
"""
