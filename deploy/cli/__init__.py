"""`rpns`: the operator's command line. Everything goes through the public HTTP API; nothing is read past it.

    rpns partners|applications|senders|credentials   provisioning: create, list, rotate, disable, enable …
    rpns broadcast-channels                          channels of APNs: create, list, delete
    rpns import-devices FILE                         existing tokens, NDJSON or CSV
    rpns test-push                                   one push, followed until its outcome is known
    rpns why ID|PHONE                                what became of a message, and why

Exit codes: 0 done; 1 refused, not delivered, or a bad line; 2 wrong usage; 3 the outcome was not known in time.
"""
