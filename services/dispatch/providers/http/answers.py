"""What an answer that no table lists says by its status alone: the same for every provider. Pure.

It speaks of its own message and of nobody else's. A word that is new, a proxy's page, a status that the documentation
leaves out: none of them retires a token or stops an application.
"""

from typing import Final

_PASSING: Final = frozenset({408, 425, 429})


def is_passing(status: int) -> bool:
    """Worth trying again: trouble of the server, too much or too late, or a redirect, which is no provider's answer."""
    return status < 400 or status >= 500 or status in _PASSING
