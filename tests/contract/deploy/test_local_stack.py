"""The local stack over its real parts: what it starts works, what it ends is gone, a failure is one line."""

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from motor.motor_asyncio import AsyncIOMotorClient

from deploy.local import Stack, StackError, Step
from deploy.local.ports import free_ports, reserved
from deploy.local.processes.owner import owner
from deploy.local.processes.process import ROOT
from deploy.local.servers import mongo
from tests.support.waiting import wait_until

NOWHERE = "127.0.0.1:1"


@pytest.fixture(autouse=True)
def own_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers that the caller of the tests has set are not what is tested here."""
    monkeypatch.delenv("KAFKA_BOOTSTRAP", raising=False)
    monkeypatch.delenv("MONGO_URL", raising=False)


def servers(folder: Path, **more: Any) -> Stack:
    return Stack(folder, services=(), sandbox=False, gateway=False, **more)


def only_mongo(folder: Path, **more: Any) -> Stack:
    """The part that starts in half a second, for what does not depend on the part."""
    return servers(folder, kafka_bootstrap=NOWHERE, **more)


def is_running(pid: int) -> bool:
    """A zombie, which only its parent can take away, has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def write(stack: Stack, value: bytes) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.kafka_bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic("letters", 1, 1)])
    await admin.close()
    async with AIOKafkaProducer(bootstrap_servers=stack.kafka_bootstrap, acks="all") as producer:
        await producer.send_and_wait("letters", value)
    client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(stack.mongo_url)
    await client.post.letters.insert_one({"_id": 1, "value": value})
    client.close()


async def read(stack: Stack) -> tuple[bytes | None, Any]:
    consumer = AIOKafkaConsumer(
        "letters", bootstrap_servers=stack.kafka_bootstrap, auto_offset_reset="earliest", enable_auto_commit=False
    )
    async with consumer:
        record = await asyncio.wait_for(consumer.getone(), 20)
    client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(stack.mongo_url)
    document = await client.post.letters.find_one({"_id": 1})
    client.close()
    return record.value, document and document["value"]


async def test_servers_keep_what_was_written_over_a_restart_on_other_ports(tmp_path: Path) -> None:
    pids: list[int] = []
    with servers(tmp_path) as stack:
        pids += stack.pids.values()
        addresses = {stack.kafka_bootstrap, stack.mongo_url}
        await write(stack, b"hello")
        assert await read(stack) == (b"hello", b"hello")
    with servers(tmp_path) as stack:
        pids += stack.pids.values()
        assert addresses.isdisjoint({stack.kafka_bootstrap, stack.mongo_url})
        assert await read(stack) == (b"hello", b"hello")
    assert len(set(pids)) == 4
    assert not [pid for pid in pids if is_running(pid)]


async def test_topics_are_not_made_by_accident(tmp_path: Path) -> None:
    with servers(tmp_path) as stack:
        admin = AIOKafkaAdminClient(bootstrap_servers=stack.kafka_bootstrap)
        await admin.start()
        [asked] = await admin.describe_topics(["never-made"])
        topics = await admin.list_topics()
        await admin.close()
    assert asked["error_code"] == 3  # UNKNOWN_TOPIC_OR_PARTITION
    assert "never-made" not in topics


def test_a_fresh_start_forgets_the_data_and_nothing_else(tmp_path: Path) -> None:
    mine = tmp_path / "notes.txt"
    mine.write_text("mine")
    with only_mongo(tmp_path) as stack:
        (stack.data_dir / "mongo" / "marker").touch()
        key = stack.env["RPNS_MASTER_KEY"]
    with only_mongo(tmp_path) as stack:
        assert stack.env["RPNS_MASTER_KEY"] == key
    with only_mongo(tmp_path, fresh=True) as stack:
        assert not (stack.data_dir / "mongo" / "marker").exists()
        assert stack.env["RPNS_MASTER_KEY"] != key
    assert mine.read_text() == "mine"


def test_secrets_are_for_the_owner_only(tmp_path: Path) -> None:
    with only_mongo(tmp_path):
        modes = {name: (tmp_path / name).stat().st_mode & 0o777 for name in ("secrets.json", "stack.json")}
    assert modes == {"secrets.json": 0o600, "stack.json": 0o600}


def test_given_servers_are_used_and_nothing_is_started(tmp_path: Path) -> None:
    steps: list[Step] = []
    with only_mongo(tmp_path, mongo_url="mongodb://example.invalid", report=steps.append) as stack:
        assert (stack.pids, stack.kafka_bootstrap) == ({}, NOWHERE)
        assert stack.env["MONGO_URL"] == "mongodb://example.invalid"
    assert [(step.name, step.state) for step in steps] == [("mongo", "external"), ("kafka", "external")]


def test_a_killed_process_comes_back_on_its_port(tmp_path: Path) -> None:
    with only_mongo(tmp_path) as stack:
        before, url = stack.pids["mongo"], stack.mongo_url
        stack.kill("mongo")
        assert stack.ended == {"mongo": -signal.SIGKILL}
        stack.restart("mongo")
        assert stack.pids["mongo"] != before
        assert stack.mongo_url == url
        assert not is_running(before)


def test_a_folder_has_one_stack_at_a_time(tmp_path: Path) -> None:
    with only_mongo(tmp_path) as first:
        with pytest.raises(StackError, match=rf"already running in .* \(process {os.getpid()}\)$"):
            only_mongo(tmp_path).start()
        assert is_running(first.pids["mongo"])
    assert owner(tmp_path) is None


@contextmanager
def taken_port() -> Iterator[int]:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]


def test_a_taken_port_is_one_line_with_the_setting_to_change(tmp_path: Path) -> None:
    with taken_port() as port:
        stack = Stack(tmp_path, public_port=port, services=(), sandbox=False)
        with pytest.raises(StackError) as refused:
            stack.start()
    assert str(refused.value) == (
        f"port {port} on 127.0.0.1 (the public address) is taken; set RPNS_PUBLIC_PORT to a free one"
    )
    assert stack.pids == {}


def test_stacks_that_start_at_once_do_not_share_a_port(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    late = Stack(tmp_path, public_port=port, services=(), sandbox=False, kafka_bootstrap=NOWHERE)
    with reserved(port, "the public address", "RPNS_PUBLIC_PORT"):  # as one does whose gateway does not listen yet
        with pytest.raises(StackError, match=rf"^port {port} on 127.0.0.1 \(the public address\) is taken"):
            late.start()
        assert owner(tmp_path) is None
    with late, pytest.raises(StackError), reserved(port, "the public address", "RPNS_PUBLIC_PORT"):
        pass


def test_a_missing_program_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(mongo, "find_spec", lambda _name: None)
    with pytest.raises(StackError, match=r"^no mongod found: run `make install`.*MONGO_URL$"):
        only_mongo(tmp_path).start()
    assert owner(tmp_path) is None


def test_a_program_that_dies_while_starting_is_named_with_the_end_of_its_log(tmp_path: Path) -> None:
    (tmp_path / "mongo").mkdir()
    (tmp_path / "mongo" / "storage.bson").write_text("not what MongoDB wrote")
    with pytest.raises(StackError, match=r"^mongo ended with code \d+ while starting\n    end of .*mongo\.log:\n"):
        only_mongo(tmp_path).start()
    assert owner(tmp_path) is None


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=["killed", "interrupted"])
def test_nothing_survives_its_owner(tmp_path: Path, number: signal.Signals) -> None:
    script = (
        "import pathlib, signal, sys, time\n"
        "from deploy.local import Stack\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored by what a shell starts in the background\n"
        f"with Stack(pathlib.Path({str(tmp_path)!r}), services=(), sandbox=False, kafka_bootstrap='{NOWHERE}') as s:\n"
        "    print(*s.pids.values(), flush=True)\n"
        "    time.sleep(600)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as victim:
        assert victim.stdout is not None
        pids = [int(pid) for pid in re.findall(r"\d+", victim.stdout.readline())]
        assert len(pids) == 2
        assert all(is_running(pid) for pid in pids)
        victim.send_signal(number)
    wait_until(lambda: not any(is_running(pid) for pid in pids))


def test_a_restarted_sandbox_keeps_its_addresses(tmp_path: Path) -> None:
    given: dict[str, Any] = {"kafka_bootstrap": NOWHERE, "mongo_url": "mongodb://example.invalid"}
    with Stack(tmp_path, services=(), gateway=False, **given) as stack:
        assert stack.env["APNS_URL"] == stack.sandbox["apns"]
        before = stack.sandbox
        stack.kill("sandbox")
        stack.restart("sandbox")
        again = json.loads((tmp_path / "sandbox" / "sandbox.json").read_text())
    assert again == before
