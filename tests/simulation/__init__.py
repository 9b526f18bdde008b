"""A simulation without servers: production's loops and steps on a virtual clock, over a log and a database in memory.

    seed ─▶ load and faults (`plan.py`) ─▶ instances of router, dispatch, registry and status (`services.py`)
                                             │ over `servers/`, each call by `instance.py`
                                             ▼ partners, phones and providers keep ledgers (`outside.py`)
         ─▶ quiet, until nothing is owed ─▶ the ledgers compared (`ledgers.py`) ─▶ findings, none but in a broken build

Everything that happens follows from the seed, so a schedule is repeated by it: `python -m tests.simulation`.
"""
