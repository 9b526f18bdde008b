"""Every fault: its victims, how long it lasts, what it touches besides its victim, how often it is drawn."""

from collections.abc import Mapping
from typing import NamedTuple

from deploy.torture.faults import disks, groups, processes, providers, servers
from deploy.torture.faults.plan import FaultKind
from deploy.torture.faults.scene import Act

DOUBLED = ("ingest", "registry", "router", "dispatch", "status", "statistics")
SERVICES = tuple(f"{name}{second}" for name in DOUBLED for second in ("", "-2"))
CONSUMING = tuple(name for name in SERVICES if not name.startswith("statistics"))
_KAFKA, _MONGO, _GATEWAY, _RECEIVER, _CREDENTIALS, _LOG = ("kafka", "mongo", "gateway", "receiver", "second", "log")


DISK_FULL = "disk full"
"""Needs file systems of its own (`disks.py`)."""


class Fault(NamedTuple):
    """A kind of fault, and what does it."""

    kind: FaultKind
    act: Act


def _kind(victims: tuple[str, ...], lasts_s: tuple[float, float], *touches: str, weight: int = 2) -> FaultKind:
    return FaultKind(victims, lasts_s, touches, weight)


CATALOGUE: Mapping[str, Fault] = {
    "kill": Fault(_kind((*SERVICES, _GATEWAY), (0, 12), weight=12), processes.kill),
    "crash at a step": Fault(_kind(CONSUMING, (5, 40), weight=12), processes.crash),
    "stand still": Fault(_kind(SERVICES, (5, 60), weight=6), processes.stand_still),
    "rolling restart": Fault(_kind(DOUBLED, (10, 40), *SERVICES), processes.roll),
    "wrong clock": Fault(_kind(("registry-2", "ingest-2", "router-2", "status-2"), (10, 40)), processes.wrong_clock),
    "broker killed": Fault(_kind(servers.BROKERS, (1, 30), _KAFKA, weight=5), servers.kill_broker),
    "broker stands still": Fault(_kind(servers.BROKERS, (5, 40), _KAFKA), servers.stop_broker),
    "all brokers killed": Fault(_kind((_KAFKA,), (5, 120), *servers.BROKERS), servers.kill_all_brokers),
    "primary steps down": Fault(_kind((_MONGO,), (5, 10), weight=4), servers.step_down),
    "primary killed": Fault(_kind((_MONGO,), (1, 30), weight=4), servers.kill_primary),
    "majority killed": Fault(_kind((_MONGO,), (3, 40)), servers.kill_majority),
    "primary lost alone": Fault(_kind((_MONGO,), (15, 22)), servers.lose_primary_alone),
    DISK_FULL: Fault(_kind(disks.ON_THEM, (10, 70), _KAFKA, _MONGO, weight=3), servers.fill_disk),
    "provider down": Fault(_kind(providers.PROVIDERS, (5, 60), weight=5), providers.outage),
    "answers lost": Fault(_kind(providers.PROVIDERS, (5, 20), weight=5), providers.lose_answers),
    "throttled": Fault(_kind(providers.PROVIDERS, (5, 30)), providers.throttle),
    "GOAWAY storm": Fault(_kind(("apns",), (5, 20)), providers.go_away),
    "key revoked": Fault(_kind((_CREDENTIALS,), (5, 30)), providers.revoke_key),
    "receiver down": Fault(_kind((_RECEIVER,), (5, 60), weight=3), providers.receiver_down),
    "rebalance storm": Fault(_kind(groups.GROUPS, (10, 30), weight=4), groups.rebalance_storm),
    "poison": Fault(_kind((_LOG,), (1, 5)), groups.poison),
}
