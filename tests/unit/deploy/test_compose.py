"""The compose file, read by a parser of the specification, and the secrets that are drawn for it."""

import base64
import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from compose_spec import PyOptions

from deploy.compose.draw_secrets import main as draw
from deploy.gateway.__main__ import files
from deploy.local.processes.process import ROOT
from services.runtime.settings import Settings

FILE = ROOT / "deploy/compose.yaml"
OURS = ("ingest", "registry", "router", "dispatch", "status")
NOT_OURS = ("kafka", "mongo", "mongo-replica-set", "gateway", "draw-secrets", "rpns")


def interpolated() -> str:
    """As compose reads it where no variable is set."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", FILE.read_text())


@cache
def services() -> dict[str, dict[str, Any]]:
    return dict(yaml.safe_load(interpolated())["services"])


def test_it_is_what_the_specification_says() -> None:
    parsed = PyOptions(apply_merge=True).from_yaml(interpolated())
    parsed.validate()
    assert set(parsed.service_names()) == set(services())


def test_both_lanes_of_every_service_and_the_statistics_worker_run() -> None:
    lanes = {
        name: (service["command"], service["environment"]["RPNS_LANES"])
        for name, service in services().items()
        if name not in (*NOT_OURS, "statistics", "traces")
    }
    assert lanes == {name: ([f"services.{name}"], "single") for name in OURS} | {
        f"{name}-bulk": ([f"services.{name}"], "bulk") for name in OURS
    }
    assert services()["statistics"]["command"] == ["services.statistics"]


def test_traces_are_exported_only_where_that_is_asked_for() -> None:
    traces = services()["traces"]
    assert (traces["command"], traces["profiles"]) == (["services.traces"], ["traces"])
    assert traces["environment"]["RPNS_TRACES_SHARE"] == 0


def test_our_containers_are_plain_users_who_cannot_write() -> None:
    for name, service in services().items():
        if name not in NOT_OURS:
            assert service["read_only"] is True, name
            assert service["cap_drop"] == ["ALL"], name
            assert service["security_opt"] == ["no-new-privileges:true"], name
            assert "user" not in service, name
            assert "secrets:/run/rpns:ro" in service["volumes"], name


def test_what_is_mounted_exists_and_what_is_waited_for_is_there() -> None:
    for name, service in services().items():
        for volume in service.get("volumes", []):
            if volume.startswith("./"):
                assert (FILE.parent / volume.split(":")[0]).is_file(), volume
        assert set(service.get("depends_on", ())) <= set(services()), name


def test_the_gateway_finds_the_services_by_the_names_in_its_file() -> None:
    names = re.findall(r"\{\$RPNS_\w+:([a-z-]+):80", files()["deploy/gateway/Caddyfile"])
    assert set(names) <= set(services())


def test_secrets_are_drawn_once_and_the_services_take_them(tmp_path: Path) -> None:
    draw(tmp_path)
    first = {path.name: path.read_text() for path in tmp_path.iterdir()}
    draw(tmp_path)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == first
    assert all(path.stat().st_mode & 0o077 == 0 for path in tmp_path.iterdir())
    given = {
        name: str(value).replace("/run/rpns", str(tmp_path))
        for name, value in services()["router"]["environment"].items()
    }
    settings = Settings.from_environment(given)
    assert len(base64.b64decode(settings.master_key)) == 32
    assert settings.mongo_url.startswith(f"mongodb://rpns:{first['mongo-password']}@mongo:27017/?replicaSet=rs0")
    assert settings.admin_token == first["admin-token"]
