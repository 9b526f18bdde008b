"""The torture: a known load on a stack of three of everything, faults of a seed, and four ledgers compared afterwards.

    make torture SEED=7 FAULTS=100 MESSAGES=100000
    python -m deploy.torture explain 7 single-7-42       what happened to this message, fault by fault

run.py      a run: stack, load and faults, quiet, ledgers        load/      what is sent, and by whom
explain.py  one message on a timeline                            faults/    what breaks, when
                                                                 ledgers/   what is wrong with a message
                                                                 armed/     services that crash at a step

What is promised, and what was found: `docs/reliability.md`.
"""
