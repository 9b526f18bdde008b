"""Faults of a seed, alone and mixed.

plan.py        which strike when, on whom, for how long      pure
catalogue.py   every fault: what it touches, and what does it
scene.py       what they strike: the stack, the sandbox, the receiver, the journal
processes.py   kill -9, crashes at a step, standing still, rolling restarts, clocks
disks.py       small file systems that can be full
servers.py     brokers and members of the replica set
providers.py   providers, the receiver, credentials
groups.py      storms of rebalances, poison in every topic
"""

from deploy.torture.faults.catalogue import CATALOGUE, DISK_FULL
from deploy.torture.faults.disks import NoDisks, SmallDisk, small_disks
from deploy.torture.faults.plan import Strike, planned_strikes
from deploy.torture.faults.scene import Scene
from deploy.torture.faults.striking import mend, strike_all

__all__ = [
    "CATALOGUE",
    "DISK_FULL",
    "NoDisks",
    "Scene",
    "SmallDisk",
    "Strike",
    "mend",
    "planned_strikes",
    "small_disks",
    "strike_all",
]
