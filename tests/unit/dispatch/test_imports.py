"""Dispatch serves no API, so it holds nothing in memory that serves one."""

import subprocess
import sys

HEAVY = ("aiohttp", "fastapi", "starlette", "uvicorn", "rich", "motor", "faust", "typer")
SCRIPT = f"""
import sys
import services.dispatch.__main__
from schemas.providers import Provider
from services.dispatch.delivery.senders import module_of
for provider in Provider:
    module_of(provider)
print(*[name for name in {HEAVY} if name in sys.modules])
"""


def test_no_library_is_imported_that_dispatch_does_not_use() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
