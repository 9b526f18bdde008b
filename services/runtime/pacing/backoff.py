"""How long to wait before something that failed is tried again. Pure."""

_MOST_DOUBLINGS = 32


def exponential(first: float, failures: int, longest: float) -> float:
    """`first` after one failure, twice as long after each further one, `longest` at most; in the unit of `first`."""
    return min(longest, first * 2.0 ** min(failures - 1, _MOST_DOUBLINGS))
