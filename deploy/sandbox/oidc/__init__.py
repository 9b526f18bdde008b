"""A company's login (OpenID Connect), played: whoever comes has signed in there already, and everybody consents.

server.py   discovery, keys, authorization, token      tokens.py   ID tokens, signed by its keys
faults.py   what it may do wrong

It is in none of the stacks: tests start it.
"""
