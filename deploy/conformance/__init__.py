"""Whether an SDK does with pushes what docs/device-api.md says: the cases, and the command that puts them to it.

    scenes.py ─▶ cases ─▶ docs/samples/device-vectors.json   (python -m deploy.conformance --write)
                   └────▶ an adapter of the SDK, a line of JSON for each ─▶ its answers are judged

Two adapters are here: `phone.py` has the sandbox's phone answer, `deploy/web/conformance.js` the service worker.
"""
