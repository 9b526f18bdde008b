"""Statistics: deliveries by outcome and minute, and how long they took. A process of its own, on Faust.

    delivery-counted ─▶ take: a batch by statistic ─▶ statistic-parts ─▶ windowed table ─▶ delivery-statistics

merge.py       batches to parts, and a part into a row of the table; pure, and the reason why nothing counts twice
worker.py      the two agents, and the workarounds that Faust needs
__main__.py    the process

Faust makes topics of its own, named `<prefix>statistics-…`: the changelog of the table (compacted, a day), from which a
restart has everything, and its leader election's.
"""
