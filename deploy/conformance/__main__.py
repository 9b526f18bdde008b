"""`python -m deploy.conformance ADAPTER…`: whether an SDK passes the cases of docs/samples/device-vectors.json.

    python -m deploy.conformance python -m deploy.conformance.phone    the sandbox's phone
    python -m deploy.conformance node deploy/web/conformance.js        the service worker of deploy/web
    python -m deploy.conformance --write | --check                     the file itself

An adapter reads a case from each line of its standard input and writes its answer as a line. Ends with 0 when all
cases pass, with 1 when one does not.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.conformance.judgement import AdapterError, verdicts
from deploy.conformance.scenes import cases

FILE = Path(__file__).resolve().parents[2] / "docs" / "samples" / "device-vectors.json"
ABOUT = "What an SDK does with pushes: docs/device-api.md. Made by python -m deploy.conformance --write."


def text() -> str:
    """The file."""
    return json.dumps({"about": ABOUT, "version": 1, "cases": cases()}, ensure_ascii=False, indent=1) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.conformance", description="Does an SDK pass the cases?")
    parser.add_argument("--write", action="store_true", help="write the file of the cases")
    parser.add_argument("--check", action="store_true", help="whether the file is as it would be written")
    parser.add_argument("adapter", nargs=argparse.REMAINDER, help="the adapter's command")
    given = parser.parse_args(arguments)
    if given.write:
        FILE.write_text(text())
        return 0
    if given.check:
        if FILE.read_text() == text():
            return 0
        print(
            f"error: {FILE.name} is not as it would be written: python -m deploy.conformance --write", file=sys.stderr
        )
        return 1
    if not given.adapter:
        parser.error("which adapter? one that is here: python -m deploy.conformance.phone")
    try:
        return asyncio.run(_judge(given.adapter))
    except (AdapterError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


async def _judge(adapter: Sequence[str]) -> int:
    passed, skipped, failed = 0, 0, 0
    async for verdict in verdicts(adapter, json.loads(FILE.read_text())["cases"]):
        if verdict.differs:
            failed += 1
            print(f"✗   {verdict.name}: {verdict.differs}")
        elif verdict.skipped:
            skipped += 1
            print(f"–   {verdict.name}: {verdict.skipped}")
        else:
            passed += 1
            print(f"ok  {verdict.name}")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
