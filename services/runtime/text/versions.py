"""How versions of an app compare: "2.10" is above "2.9", "1.0" equals "1", what follows a hyphen does not count.

Pure.
"""

import re
from functools import lru_cache


@lru_cache(maxsize=1024)
def version_key(version: str) -> tuple[int, ...]:
    """The numbers of a version, for comparing."""
    numbers = [int(part[:9]) for part in re.findall(r"[0-9]+", version.partition("-")[0])]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)
