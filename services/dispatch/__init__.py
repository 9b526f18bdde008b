"""Dispatch talks to the providers. It has no API. Read `provider.py` first, then `policy/deliver.py`, then one
provider.

provider.py      what a provider is to dispatch          <provider>.py          its client and rendering
deliver.py       what follows from its answer; pure      <provider>_table.py    what its answers mean
dispatching.py   one provider's work                     payload*.py            the SDK's part, made to fit
senders.py       who is open for which application       health.py            limiter, breaker and guard of one
"""
