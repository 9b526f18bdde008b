"""The four ledgers, and the judgement over them.

    accepted   what the partner was told when it sent           told    what the partner's receiver was told
    shown      what each phone showed, and every call of a      history what the platform itself says of the message
               provider that reached it

entries.py     an account of one message, out of all four
judgement.py   what is wrong with an account                     pure: the same for the real stack and a simulation
table.py       the verdict as a table
"""

from deploy.torture.ledgers.entries import Account, Expected, History, LinkHistory, Verdict
from deploy.torture.ledgers.judgement import ZERO, is_settled, judge, wrongs_of
from deploy.torture.ledgers.table import verdict_table

__all__ = [
    "ZERO",
    "Account",
    "Expected",
    "History",
    "LinkHistory",
    "Verdict",
    "is_settled",
    "judge",
    "verdict_table",
    "wrongs_of",
]
