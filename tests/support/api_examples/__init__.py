"""The examples of the API pages at /docs, sent in an order in which they make sense, and the answers to them judged.

documents.py ─▶ every operation of every document, its examples, what it says is answered
walk.py      ─▶ sends an operation's example with the proof that its document asks for, and judges the answer
provisioning.py · sending.py · devices.py · messages.py · operators.py   the walk, a part of the APIs each
"""
