"""The registry: who has which device, and who may send.

Read `devices/fold/fold.py` first, then `devices/store.py`, then `device_api/commands.py`.

    /sdk/api/v1/…              the device API                                     docs/device-api.md
    /v1/partners, …            for operators, and some for partners               docs/operators-api.md (generated)
    /gateway/hms/receipts/…    receipts that Huawei sends                         docs/features/hms-receipts.md

Paths, bodies and answers are in the OpenAPI document, `/docs/registry/openapi.json` at either gateway address. Errors
are RFC 9457 problem details {title, status, detail, errors: [{field, rule}]}.
"""
