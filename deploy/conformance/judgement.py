"""Puts the cases to an adapter, one line of JSON each, and judges its answers."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Json = Mapping[str, Any]
ANSWER_S = 30.0
_MOST_BYTES = 1_000_000


class AdapterError(Exception):
    """The adapter ended, said nothing in time, or said what is no answer; the text is for a person."""


@dataclass(frozen=True)
class Verdict:
    """One case. `skipped`: why it does not concern this SDK; `differs`: what was expected and what came."""

    name: str
    skipped: str = ""
    differs: str = ""


async def verdicts(adapter: Sequence[str], cases: Sequence[Json]) -> AsyncIterator[Verdict]:
    """The verdict of each case, as it is answered. Raises AdapterError, OSError when the adapter cannot be started."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*adapter, stdin=pipe, stdout=pipe, limit=_MOST_BYTES)
    try:
        for case in cases:
            asked = {name: value for name, value in case.items() if name != "expect"}
            yield judged(case, await _answer(process, asked))
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _answer(process: asyncio.subprocess.Process, asked: Json) -> Json:
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(json.dumps(asked).encode() + b"\n")
        await process.stdin.drain()
        async with asyncio.timeout(ANSWER_S):
            line = await process.stdout.readline()
    except (ConnectionError, TimeoutError, ValueError) as error:
        raise AdapterError(f"{asked['case']}: {type(error).__name__}: no answer within {ANSWER_S:g} s") from error
    if not line:
        raise AdapterError(f"{asked['case']}: the adapter has ended")
    try:
        answer = json.loads(line)
    except ValueError as error:
        raise AdapterError(f"{asked['case']}: no JSON: {line[:80]!r}") from error
    if not isinstance(answer, dict):
        raise AdapterError(f"{asked['case']}: no object: {line[:80]!r}")
    return answer


def judged(case: Json, answer: Json) -> Verdict:
    """What is on the screen counts in any order, receipts in theirs; what an answer has besides does not matter."""
    if answer.get("skipped"):
        return Verdict(case["case"], skipped=str(answer["skipped"]))
    expected = {name: _plain(name, value) for name, value in case["expect"].items()}
    found = {name: _plain(name, answer[name]) for name in expected if name in answer}
    wrong = [name for name in expected if name not in found or found[name] != expected[name]]
    texts = [f"{name}: expected {_text(expected[name])}, got {_got(name, found)}" for name in wrong]
    return Verdict(case["case"], differs="; ".join(texts))


def _plain(name: str, value: Any) -> Any:
    if not isinstance(value, list) or not all(isinstance(entry, Mapping) for entry in value):
        return value
    if name == "screen":
        return sorted(value, key=lambda shown: str(shown.get("delivery")))
    return [{key: field for key, field in entry.items() if key != "happenedAt"} for entry in value]


def _got(name: str, found: Json) -> str:
    return _text(found[name]) if name in found else "nothing"


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
