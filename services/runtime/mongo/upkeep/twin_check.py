"""Whether another process goes by this one's name: service and RPNS_INSTANCE.

Two of one name write over each other what they were asked, so rates that hold over all instances hold no more, and they
take the partitions of their consumer groups from each other. Who tells of itself finds what was told last: at the first
time that may be of a process before it, later it is of one beside it.
"""

import uuid
from collections.abc import Mapping
from typing import Any

from services.runtime import telemetry

log = telemetry.logger("instances")


class TwinCheck:
    """`rpns_twin_instance`, and a line in the log where it begins and where it ends. `boot` is this process's own."""

    def __init__(self) -> None:
        self.boot = uuid.uuid4().hex
        self._has_told, self._is_twin = False, False

    def look(self, found: Mapping[str, Any] | None) -> None:
        """`found`: what was found under this name when this process told of itself; None for nothing."""
        is_twin = self._has_told and found is not None and found.get("boot") != self.boot
        self._has_told = True
        telemetry.TWIN_INSTANCE.set(int(is_twin))
        if is_twin != self._is_twin:
            self._is_twin = is_twin
            if is_twin and found is not None:
                log.warning("another process has this one's RPNS_INSTANCE", host=found.get("host"))
            else:
                log.info("no other process has this one's RPNS_INSTANCE any more")
