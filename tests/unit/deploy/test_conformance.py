"""The vectors for SDKs, and the two that are here: the sandbox's phone, and the service worker in Node."""

import base64
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from deploy.conformance.__main__ import FILE, main, text
from deploy.conformance.judgement import AdapterError, judged, verdicts
from deploy.conformance.scenes import DELIVERY, OWN, cases
from deploy.console.build import BuildError, node
from services.dispatch.payload.secure_values_for_device import sealed_for
from tests.support.source_tree import ROOT

WEB = ROOT / "deploy" / "web"
PHONE = (sys.executable, "-m", "deploy.conformance.phone")
Json = dict[str, Any]


def node_command() -> list[str]:
    try:
        return [str(part) for part in node()]
    except BuildError as error:
        pytest.skip(str(error))


def named(name: str) -> Json:
    return next(case for case in cases() if case["case"] == name)


def test_the_file_is_as_it_would_be_written_and_its_cases_have_names_of_their_own() -> None:
    assert FILE.read_text() == text(), "python -m deploy.conformance --write"
    names = [case["case"] for case in cases()]
    assert len(names) == len(set(names)) >= 50


async def test_the_sandboxes_phone_passes_all_cases() -> None:
    found = [verdict async for verdict in verdicts(PHONE, cases())]
    assert [(verdict.name, verdict.differs) for verdict in found if verdict.differs or verdict.skipped] == []


async def test_the_service_worker_passes_all_cases_of_a_browser() -> None:
    found = [verdict async for verdict in verdicts((node_command()[0], str(WEB / "conformance.js")), cases())]
    assert [(verdict.name, verdict.differs) for verdict in found if verdict.differs] == []
    skipped = [verdict.name for verdict in found if verdict.skipped]
    assert skipped == [f"read: {provider}" for provider in ("apns", "fcm", "hms", "rustore")]


def test_what_is_sealed_in_the_file_opens_by_the_library_that_the_platform_seals_with() -> None:
    suite = Suite(KEM.P256, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
    opened = [case for case in cases() if "open" in case and case["expect"]["values"] is not None]
    assert len(opened) == 3
    for case in opened:
        sealed = case["open"]["sealed"]
        raw = base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
        info = f"rpns/secure/1/{case['open']['delivery']}".encode()
        assert json.loads(suite.decrypt(raw, OWN, info=info)) == case["expect"]["values"]


async def test_what_the_platform_seals_opens_in_the_service_worker() -> None:
    public = OWN.public_key().public_numbers()
    point = b"\x04" + public.x.to_bytes(32, "big") + public.y.to_bytes(32, "big")
    values = {"code": "4711", "to": "Кафе"}
    sealed = sealed_for(base64.urlsafe_b64encode(point).decode().rstrip("="), DELIVERY.format(0), values)
    case = named("sealed: opens one value")
    case = case | {"open": case["open"] | {"sealed": sealed}, "expect": {"values": values}}
    for adapter in (PHONE, (node_command()[0], str(WEB / "conformance.js"))):
        (verdict,) = [verdict async for verdict in verdicts(adapter, [case])]
        assert verdict.differs == ""


@pytest.mark.parametrize(
    "answer",
    [
        {"screen": [], "receipts": [], "kept": 0},
        {"receipts": named("a push is shown and reported")["expect"]["receipts"], "kept": 0},
        named("a push is shown and reported")["expect"] | {"kept": 1},
        {},
    ],
)
def test_another_answer_differs(answer: Json) -> None:
    verdict = judged(named("a push is shown and reported"), answer)
    assert "expected" in verdict.differs
    assert not verdict.skipped


def test_the_time_of_a_receipt_does_not_matter_and_what_does_not_concern_an_sdk_is_skipped() -> None:
    case = named("a push is shown and reported")
    expected: Json = case["expect"]
    later = expected | {"receipts": [receipt | {"happenedAt": 7} for receipt in expected["receipts"]]}
    assert judged(case, later).differs == ""
    assert judged(case, {"skipped": "no screen"}).skipped == "no screen"


async def test_an_adapter_that_ends_or_says_no_json_is_told_of() -> None:
    for script, words in (
        ("", "has ended"),
        ("print('hello', flush=True); input()", "no JSON"),
        ("print(7, flush=True); input()", "no object"),
    ):
        with pytest.raises(AdapterError, match=words):
            [verdict async for verdict in verdicts((sys.executable, "-c", script), cases())]


def test_the_command_ends_with_1_when_a_case_is_not_passed(capsys: pytest.CaptureFixture[str]) -> None:
    says_nothing = "import sys\nfor line in sys.stdin: print('{}', flush=True)"
    assert main([sys.executable, "-c", says_nothing]) == 1
    assert f"\n0 passed, {len(cases())} failed, 0 skipped" in capsys.readouterr().out
    assert main(list(PHONE)) == 0
    assert f"{len(cases())} passed, 0 failed" in capsys.readouterr().out
    assert main(["/nonexistent/adapter"]) == 1


def test_the_sdk_for_browsers_can_be_packed_and_imported(tmp_path: Path) -> None:
    command, npm = node_command()
    packed = subprocess.run(
        [command, npm, "pack", "--dry-run", "--json", "--offline", f"--cache={tmp_path}"],
        cwd=WEB,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert packed.returncode == 0, packed.stderr
    (made,) = json.loads(packed.stdout)
    files = {file["path"] for file in made["files"]}
    assert files == {"README.md", "package.json", "index.js", "index.d.ts", "hpke.js", "sdk.js", "sw.js"}
    assert offered_by(WEB / "index.js", command) == described_in((WEB / "index.d.ts").read_text())


def offered_by(module: Path, command: str) -> set[str]:
    """What `rpns` has, as Node imports it."""
    script = f"globalThis.self = globalThis; const made = await import({module.as_uri()!r});"
    script += "console.log(JSON.stringify(Object.keys(made.rpns)))"
    arguments = [command, "--input-type=module", "-e", script]
    ran = subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == 0, ran.stderr
    return set(json.loads(ran.stdout))


def described_in(types: str) -> set[str]:
    """The methods of the interface `Rpns`."""
    body = types[types.index("interface Rpns {") : types.index("interface Hpke {")]
    return set(re.findall(r"^  (\w+)\(", body, re.MULTILINE))
