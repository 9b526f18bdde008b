"""Statistics: deliveries by outcome and minute, and how long they took. A process of its own, on Faust.

    status: what a batch adds to a statistic ─▶ statistic-parts ─▶ windowed table ─▶ delivery-statistics

merge.py         a part into a row of the table; pure, and the reason why nothing counts twice
worker.py        the agent, and the workarounds that Faust needs
publication.py   each statistic once a second at most
__main__.py      the process

Faust makes topics of its own, named `<prefix>statistics-…`: the changelog of the table (compacted, a day), from which a
restart has everything, and its leader election's.
"""
