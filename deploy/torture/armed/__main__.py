"""Arms what the environment asks for, and becomes the service that is named."""

import os
import runpy
import sys

from deploy.torture.armed import CLOCK_SETTING, CRASH_SETTING, PLANT_SETTING
from deploy.torture.armed.clock import set_off
from deploy.torture.armed.crashes import arm
from deploy.torture.armed.planted import plant


def main() -> None:
    if offset_s := os.environ.pop(CLOCK_SETTING, ""):
        set_off(int(offset_s))
    if name := os.environ.pop(PLANT_SETTING, ""):
        plant(name)
    if crash := os.environ.pop(CRASH_SETTING, ""):
        point, _, nth = crash.rpartition(":")
        arm(point, int(nth))
    service = sys.argv.pop(1)
    runpy.run_module(service, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
