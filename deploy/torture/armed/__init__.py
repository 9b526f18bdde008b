"""A service that is to crash at a step, has a wrong clock, or a fault built in: the launcher of a stack's services.

`python -m deploy.torture.armed services.router` is the service itself; what its environment asks for is put around the
service's functions before it starts. So the services hold no line of it, and what is not asked for costs nothing.

    crashes.py   SIGKILL by itself at the n-th append, write or commit, before it or after it
    planted.py   faults that a release could have, to show that the ledgers find them
    clock.py     a clock that is wrong
"""

from deploy.torture.armed.clock import CLOCK_SETTING
from deploy.torture.armed.crashes import CRASH_SETTING, POINTS
from deploy.torture.armed.planted import PLANT_SETTING, PLANTS

__all__ = ["CLOCK_SETTING", "CRASH_SETTING", "PLANTS", "PLANT_SETTING", "POINTS"]
