"""The router: who gets a message, when, and over what. It has no API. Read `plan.py` first, then `routing.py`.

plan.py        who gets a link, and who not and why; pure, as `checks.py` and `lifetimes.py` are
routing.py     a batch of requests: claim, read, plan, append
store.py       claims and plans, so that a repeat says the same again
"""
