"""Statistics: how many deliveries came to what, and how long it took, by minute. Its own process, on Faust.

    delivery-counted ─▶ take: a batch by statistic ─▶ statistic-parts ─▶ windowed table ─▶ delivery-statistics

merge.py       batches to parts, and a part into a row of the table; pure, and says why nothing counts twice
worker.py      the two agents, and what of Faust must be worked around
__main__.py    the process

Faust makes topics of its own, named `<prefix>statistics-…`: the changelog of the table (compacted, a day), from which a
restart has everything, and its leader election's.
"""
