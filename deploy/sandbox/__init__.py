"""The push providers, the channel platform and the partner, played over their real wire protocols.

`python -m deploy.sandbox --data-dir DIR` starts them in one process and writes DIR/sandbox.json when all listen: their
addresses, `ca_file` of their certificate for localhost, and the `credentials` that they take. Tests and the demo watch
and trouble them by the control API. Its routes, the faults that can be ordered and the switches: `docs/sandbox.md`.
"""
