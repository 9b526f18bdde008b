"""The chart: linted and rendered by Helm, and what it makes held against Kubernetes' own schemas."""

import re
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from deploy.gateway.routes import PUBLIC, route_of
from deploy.helm.tool import MISSING, helm
from deploy.local.processes.process import ROOT
from schemas.providers import Provider
from services.runtime.settings import Settings
from services.runtime.text import setting

CHART = ROOT / "deploy/helm/rpns"
VALUES = sorted((CHART / "ci").glob("*.yaml"))
OLDEST, NEWEST = "1.28", "1.37"
CUSTOM = {"keda.sh/v1alpha1", "monitoring.coreos.com/v1"}
"""Kinds of others, for which there is no schema here."""
OWN_NAMES = {about.variable for about, _ in setting.settings_of(Settings).values()}

pytestmark = pytest.mark.skipif(helm() is None, reason=MISSING)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(helm()), *arguments, "--kube-version", f"{NEWEST}.0"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@cache
def rendered(values: str) -> list[dict[str, Any]]:
    done = run("template", "rpns", str(CHART), "--namespace", "push", "-f", str(CHART / "ci" / f"{values}.yaml"))
    assert done.returncode == 0, done.stderr
    return [document for document in yaml.safe_load_all(done.stdout) if document]


def by_kind(values: str, kind: str) -> Mapping[str, Any]:
    return {found["metadata"]["name"]: found for found in rendered(values) if found["kind"] == kind}


@pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)
def test_helm_finds_nothing_to_complain_about(values: Path) -> None:
    done = run("lint", "--strict", str(CHART), "-f", str(values))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
@pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)
def test_everything_is_what_kubernetes_takes(values: Path, version: str) -> None:
    checked = 0
    for document in rendered(values.stem):
        if document["apiVersion"] not in CUSTOM:
            kubernetes_validate.validate(document, version, strict=True)
            checked += 1
    assert checked > 15


@pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)
def test_no_two_objects_have_one_name(values: Path) -> None:
    names = [(found["kind"], found["metadata"]["name"]) for found in rendered(values.stem)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)
def test_every_setting_that_a_pod_gets_is_one_of_ours(values: Path) -> None:
    given = set(by_kind(values.stem, "ConfigMap")["rpns-settings"]["data"])
    for workload in by_kind(values.stem, "StatefulSet").values():
        [container] = workload["spec"]["template"]["spec"]["containers"]
        given |= {variable["name"] for variable in container["env"]}
    assert {name.removesuffix("_FILE") if name not in OWN_NAMES else name for name in given} <= OWN_NAMES


def settings_of(values: str, component: str) -> Settings:
    """As a pod would read them, with the files' contents put in their place."""
    pod = by_kind(values, "StatefulSet")[f"rpns-{component}"]["spec"]["template"]["spec"]
    [container] = pod["containers"]
    data = dict(by_kind(values, "ConfigMap")["rpns-settings"]["data"])
    data |= {variable["name"]: variable.get("value", "a-pod-0") for variable in container["env"]}
    [secrets] = [volume["secret"] for volume in pod["volumes"] if volume["name"] == "secrets"]
    kept = {f"/run/rpns/secrets/{item['path']}" for item in secrets["items"]}
    for name in [name for name in data if name.endswith("_FILE") and name not in OWN_NAMES]:
        assert data[name] in kept
        data[name.removesuffix("_FILE")] = data.pop(name)
    return Settings.from_environment(data)


def test_the_services_take_the_settings() -> None:
    assert settings_of("small", "router").kafka_security_protocol == "PLAINTEXT"
    production = settings_of("production", "router-bulk")
    assert (production.kafka_uses_tls, production.kafka_uses_sasl) == (True, True)
    assert (production.report_give_up_h, production.lanes) == (24, ("bulk",))
    assert settings_of("without-gateway", "status").kafka_sasl_mechanism == "OAUTHBEARER"


def test_each_service_has_a_user_of_its_own_and_no_other_services_password() -> None:
    for component in ("router", "dispatch-bulk"):
        service = component.removesuffix("-bulk")
        settings = settings_of("production", component)
        assert settings.kafka_sasl_username == f"rpns-{service}"
        assert settings.kafka_sasl_password.endswith(f"/kafka-password-{service}")
        pod = by_kind("production", "StatefulSet")[f"rpns-{component}"]["spec"]["template"]["spec"]
        [secrets] = [volume["secret"] for volume in pod["volumes"] if volume["name"] == "secrets"]
        passwords = [item["key"] for item in secrets["items"] if "password" in item["key"]]
        assert passwords == [f"kafka-password-{service}"]
    [authentication] = by_kind("production", "TriggerAuthentication").values()
    keys = {entry["parameter"]: entry["key"] for entry in authentication["spec"]["secretTargetRef"]}
    assert keys == {"password": "kafka-password-keda", "ca": "ca.crt"}
    assert by_kind("production", "ConfigMap")["rpns-keda"]["data"]["username"] == "rpns-keda"


@pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)
def test_pods_are_plain_users_on_read_only_file_systems(values: Path) -> None:
    for kind in ("StatefulSet", "Deployment"):
        for workload in by_kind(values.stem, kind).values():
            pod = workload["spec"]["template"]["spec"]
            [container] = pod["containers"]
            assert pod["securityContext"]["runAsNonRoot"] is True
            assert pod["automountServiceAccountToken"] is False
            assert container["securityContext"]["readOnlyRootFilesystem"] is True
            assert container["securityContext"]["allowPrivilegeEscalation"] is False
            assert container["securityContext"]["capabilities"]["drop"] == ["ALL"]
            assert container["resources"]["requests"]
            assert container["readinessProbe"]
            assert container["livenessProbe"]
            mounted = {mount["name"] for mount in container["volumeMounts"]}
            assert mounted == {volume["name"] for volume in pod["volumes"]}


def test_an_instance_keeps_its_name_and_each_lane_has_its_own() -> None:
    sets = by_kind("production", "StatefulSet")
    services = ("ingest", "registry", "router", "dispatch", "status")
    assert set(sets) == {f"rpns-{name}{lane}" for name in services for lane in ("", "-bulk")} | {"rpns-statistics"}
    for name, workload in sets.items():
        [container] = workload["spec"]["template"]["spec"]["containers"]
        env = {variable["name"]: variable for variable in container["env"]}
        assert env["RPNS_INSTANCE"]["valueFrom"]["fieldRef"]["fieldPath"] == "metadata.name"
        if name != "rpns-statistics":
            assert env["RPNS_LANES"]["value"] == ("bulk" if name.endswith("-bulk") else "single")
    assert len(by_kind("production", "PodDisruptionBudget")) == len(sets) + 1


def test_a_component_may_run_another_release() -> None:
    [status] = by_kind("production", "StatefulSet")["rpns-status"]["spec"]["template"]["spec"]["containers"]
    assert status["image"] == "registry.example.test/rpns:0.1.1"


def test_keda_scales_every_consumer_group_by_its_lag_with_the_clusters_login() -> None:
    scaled = by_kind("production", "ScaledObject")
    groups = {
        trigger["metadata"]["consumerGroup"] for found in scaled.values() for trigger in found["spec"]["triggers"]
    }
    single = {"router", "status", "registry-dispatched", *(f"dispatch-{provider.value}" for provider in Provider)}
    assert groups == single | {f"{name}-bulk" for name in single}
    sets = by_kind("production", "StatefulSet")
    for name, found in scaled.items():
        assert found["spec"]["scaleTargetRef"]["name"] == name
        assert "replicas" not in sets[name]["spec"]
        for trigger in found["spec"]["triggers"]:
            assert (trigger["metadata"]["sasl"], trigger["metadata"]["tls"]) == ("scram_sha512", "enable")
            assert trigger["authenticationRef"]["name"] in by_kind("production", "TriggerAuthentication")
    assert set(by_kind("production", "HorizontalPodAutoscaler")) == {"rpns-ingest", "rpns-ingest-bulk"}


def test_it_is_watched_and_alerts_are_those_of_the_product() -> None:
    [rule] = by_kind("production", "PrometheusRule").values()
    assert rule["spec"] == yaml.safe_load((ROOT / "deploy/observability/alerts.yaml").read_text())
    [monitor] = by_kind("production", "ServiceMonitor").values()
    labels = monitor["spec"]["selector"]["matchLabels"].items()
    scraped = [
        found for found in by_kind("production", "Service").values() if labels <= found["metadata"]["labels"].items()
    ]
    assert len(scraped) == len(by_kind("production", "StatefulSet"))


def test_the_gateway_has_the_generated_file_and_knows_the_services() -> None:
    config = by_kind("production", "ConfigMap")["rpns-gateway"]["data"]["Caddyfile"]
    assert config.strip() == (ROOT / "deploy/gateway/Caddyfile").read_text().strip()
    [caddy] = by_kind("production", "Deployment")["rpns-gateway"]["spec"]["template"]["spec"]["containers"]
    known = by_kind("production", "Service")
    addresses = {entry["name"]: entry["value"] for entry in caddy["env"] if entry["name"].startswith("RPNS_")}
    assert addresses.pop("RPNS_GATEWAY_TRUST") == "trusted_proxies static 10.20.0.0/24"
    for name, address in addresses.items():
        assert f"{{${name}:" in config
        service, port = address.split(":")
        assert int(port) in {entry["port"] for entry in known[service]["spec"]["ports"]}


def test_an_ingress_without_our_gateway_leads_where_the_table_says() -> None:
    """Its controller puts the expressions in the order of their length, the longest first."""
    ingresses = by_kind("without-gateway", "Ingress")
    ways = [
        (path["path"], path["backend"]["service"]["name"])
        for path in ingresses["rpns-public"]["spec"]["rules"][0]["http"]["paths"]
    ]
    for path in (
        *("/v6/send", "/v3/batch", "/v3/batch/7", "/v3/other", "/v1/mailings/m/start", "/v1/stops/x/y", "/v1/events"),
        *(
            "/sdk/api/v1/installations",
            "/sdk/api/v1/installations/i/history",
            "/gateway/hms/x",
            "/l/x",
            "/gateway/v6/x",
        ),
        *("/sdk/api/v1/installations/i/messages/m/content", "/v1/applications/a/broadcast-channels/c", "/v1/messages"),
    ):
        route = route_of(path, PUBLIC)
        assert route is not None
        longest = max((way for way in ways if re.match(f"^{way[0]}", path)), key=lambda way: len(way[0]))
        assert longest[1] == f"rpns-{route.service}{'-bulk' if route.is_bulk else ''}", path


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        ({"settings.RPNS_MASTER_KEY": "x"}, "RPNS_MASTER_KEY"),
        ({"kafka.protocol": "SSL"}, "protocol"),
        ({"trustedProxies[0]": "everybody"}, "trustedProxies"),
        ({"kafka.bootstrap": ""}, "kafka.bootstrap is needed"),
    ],
)
def test_values_that_cannot_work_are_refused(values: dict[str, str], refusal: str) -> None:
    given = [argument for name, value in values.items() for argument in ("--set", f"{name}={value}")]
    done = run("template", "rpns", str(CHART), "-f", str(CHART / "ci/small.yaml"), *given)
    assert done.returncode != 0
    assert refusal in done.stderr
