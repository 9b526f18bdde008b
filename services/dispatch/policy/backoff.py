"""When a push or a broadcast that was not taken is tried again. Pure."""

from services.runtime.pacing.backoff import exponential

BACKOFF_S = 5.0
LONGEST_BACKOFF_S = 900.0
LEAST_BACKOFF_S = 1.0


def backoff_s(attempt: int, draw: float, least_s: float, left_s: float) -> float | None:
    """The wait before the next attempt: exponential, with full jitter above what the provider asked for.

    None when that would be past the deadline, `left_s` from now.
    """
    least_s = max(least_s, LEAST_BACKOFF_S)
    if least_s >= left_s:
        return None
    ceiling_s = min(exponential(BACKOFF_S, attempt, LONGEST_BACKOFF_S), left_s - least_s)
    return float(least_s + draw * ceiling_s)
