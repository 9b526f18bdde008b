"""`python -m deploy.sandbox --data-dir DIR`: all providers, the partner's receiver and the control API, one process.

When everything listens, `DIR/sandbox.json` appears with the addresses, the path of the CA and the credentials;
it is gone again after a clean end (SIGTERM, SIGINT). `--only apns,control` starts a part.
"""

import argparse
import asyncio
import contextlib
import json
import signal
import sys
from pathlib import Path

import uvloop

from deploy.sandbox.process import Sandbox
from deploy.sandbox.providers import PARTS
from deploy.sandbox.tls.authority import write_private

FILE_NAME = "sandbox.json"


def main() -> int:
    arguments = _arguments().parse_args()
    only = tuple(arguments.only.split(",")) if arguments.only else PARTS
    if unknown := set(only) - set(PARTS):
        print(f"sandbox: no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}", file=sys.stderr)
        return 2
    ports = {part: getattr(arguments, f"{part}_port") for part in only}
    try:
        uvloop.run(_run(arguments.data_dir, arguments.host, ports, not arguments.no_payloads))
    except OSError as error:
        print(f"sandbox: cannot start: {error}", file=sys.stderr)
        return 1
    return 0


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.sandbox", description="The push providers, played locally.")
    parser.add_argument("--data-dir", type=Path, required=True, help="certificates, credentials, sandbox.json")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--only", default="", metavar="PART,…", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--no-payloads", action="store_true", help="count pushes, keep none (bench)")
    for part in PARTS:
        parser.add_argument(f"--{part.replace('_', '-')}-port", type=int, default=0, metavar="PORT")
    return parser


async def _run(data_dir: Path, host: str, ports: dict[str, int], keep_payloads: bool) -> None:
    ready = data_dir / FILE_NAME
    ready.unlink(missing_ok=True)
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with contextlib.AsyncExitStack() as stack:
        sandbox = Sandbox(data_dir, keep_payloads)
        stack.push_async_callback(sandbox.stop)
        await sandbox.start(host, ports)
        # in one step: a reader sees the whole file or none
        write_private(ready, json.dumps(sandbox.description, indent=2).encode() + b"\n")
        stack.callback(ready.unlink, missing_ok=True)
        await ended.wait()


if __name__ == "__main__":
    sys.exit(main())
