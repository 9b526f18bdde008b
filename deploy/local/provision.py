"""The demo partner, its application and the sandbox's credentials, made through the operators' API.

    partner demo (password demo) ── sender DemoBank ─▶ application demo (key demo-key) ── credentials of all providers
                                                                                      └── key of its backend, which
                                                                                          proves who logs in

Safe to repeat, and repeated at every start: the sandbox's addresses move with its ports. Returns when every service has
read it, so the next request meets a platform that knows the demo.
"""

import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from deploy.local.ports import HOST
from deploy.local.report import StackError
from deploy.local.services import KNOW_NO_PARTNERS, module_of
from deploy.sandbox.phone.backend import Backend
from schemas.providers import PUSH_PROVIDERS

LOGIN = PASSWORD = PARTNER_ID = APPLICATION_ID = "demo"
SERVICE_NUMBER = "DemoBank"
API_KEY = "demo-key"
BATCH_KEY = "demobatchkey"
PUSH_TTL_S = 3600
DEADLINE_S = 20.0
POLL_S = 0.02
_NEWEST = re.compile(r"^rpns_directory_newest_seconds (\S+)$", re.MULTILINE)
Json = dict[str, Any]


class _Exists(Exception):
    """The entity is there already (409)."""


class Admin:
    """The operators' API of a stack; every call answers the entity as it is afterwards. Raises StackError."""

    def __init__(self, operators_url: str, admin_token: str) -> None:
        self._base = operators_url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {admin_token}", "Content-Type": "application/json"}

    def call(self, method: str, path: str, body: Json) -> Json:
        request = urllib.request.Request(self._base + path, json.dumps(body).encode(), self._headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=DEADLINE_S) as response:
                return dict(json.loads(response.read()))
        except urllib.error.HTTPError as error:
            with error:
                if error.code == 409:
                    raise _Exists from None
                raise StackError(f"{method} {path} was answered {error.code}: {error.read(500).decode()}") from None
        except OSError as error:
            raise StackError(f"{method} {path}: {error}") from error

    def put_partner(self, partner_id: str, password: str, about: Json) -> Json:
        try:
            return self.call("POST", "/v1/partners", {"partnerId": partner_id, "password": password, **about})
        except _Exists:
            return self.call("PATCH", f"/v1/partners/{partner_id}", about)

    def put_sender(self, partner_id: str, service_number: str, application_id: str) -> Json:
        path = f"/v1/partners/{partner_id}/senders/{quote(service_number, safe='')}"
        return self.call("PUT", path, {"applicationId": application_id})

    def put_application(self, application_id: str, api_key: str, about: Json) -> Json:
        try:
            made = {"applicationId": application_id, "apiKey": api_key, **about}
            return self.call("POST", "/v1/applications", made)
        except _Exists:
            return self.call("PATCH", f"/v1/applications/{application_id}", about)

    def put_credentials(self, application_id: str, provider: str, credentials: Json) -> Json:
        return self.call("PUT", f"/v1/applications/{application_id}/credentials/{provider}", credentials)

    def put_identity_key(self, application_id: str, identity: Json) -> Json:
        """Logins need a proof, signed with this key (`sandbox.json`, credentials, identity) and no other."""
        path = f"/v1/applications/{application_id}"
        made = self.call("PATCH", path, {"identity": "required"})
        for kid in [key["kid"] for key in made["identityKeys"]]:
            if kid != identity["kid"]:
                made = self.call("DELETE", f"{path}/identity-keys?kid={quote(kid, safe='')}", {})
        if identity["kid"] not in [key["kid"] for key in made["identityKeys"]]:
            made = self.call("POST", f"{path}/identity-keys", {"kid": identity["kid"], "pem": identity["public_key"]})
        return made


def backend(stack: Mapping[str, Any], application_id: str = APPLICATION_ID) -> Backend:
    """The demo bank's backend, as far as it proves who logs in."""
    identity = stack["sandbox"]["credentials"]["identity"]
    return Backend(application_id, identity["kid"], identity["private_key"])


def admin_of(stack: Mapping[str, Any]) -> Admin:
    """The operators' API of a stack by its `describe()`."""
    return Admin(stack["operators_url"], stack["env"]["RPNS_ADMIN_TOKEN"])


def provision(stack: Mapping[str, Any]) -> None:
    """`stack` is `Stack.describe()` of one with gateway, sandbox and services. Raises StackError."""
    admin = admin_of(stack)
    credentials = stack["sandbox"]["credentials"]
    about = {"login": LOGIN, "reportUrl": f"{stack['sandbox']['partner']}/reports", "defaultTtlS": {"PUSH": PUSH_TTL_S}}
    admin.put_partner(PARTNER_ID, PASSWORD, about)
    admin.put_application(APPLICATION_ID, API_KEY, {"name": "Demo Bank", "bundle": credentials["apns"]["topics"][0]})
    admin.put_identity_key(APPLICATION_ID, credentials["identity"])
    admin.put_sender(PARTNER_ID, SERVICE_NUMBER, APPLICATION_ID)
    changed = [admin.call("PATCH", f"/v1/partners/{PARTNER_ID}", {"defaultSender": SERVICE_NUMBER})]
    for provider in PUSH_PROVIDERS:
        changed.append(admin.put_credentials(APPLICATION_ID, provider, credentials[provider]))
    changed.append(admin.put_credentials(APPLICATION_ID, "channel", channel_account(stack)))
    admin.call("POST", f"/v1/partners/{PARTNER_ID}/batch-key", {"key": BATCH_KEY})
    changed.append(admin.call("GET", f"/v1/partners/{PARTNER_ID}", {}))
    await_read(stack, max(answer["changedAt"] for answer in changed))


def channel_account(stack: Mapping[str, Any]) -> Json:
    """The account at the sandbox's channel platform, which reports from this machine."""
    sandbox = stack["sandbox"]
    return {**sandbox["credentials"]["channels"], "url": sandbox["channels"], "subnets": ["127.0.0.0/8"]}


def await_read(stack: Mapping[str, Any], changed_at_ms: int) -> None:
    """Until every service has read what was changed at that time. Raises StackError."""
    deadline = time.monotonic() + DEADLINE_S
    for name, ports in stack["ports"].items():
        if module_of(name) in KNOW_NO_PARTNERS:
            continue
        while not _has_read(ports["metrics"], changed_at_ms):
            if time.monotonic() > deadline:
                raise StackError(f"{name} has not read the applications and partners within {DEADLINE_S:.0f} s")
            time.sleep(POLL_S)


def _has_read(metrics_port: int, changed_at_ms: int) -> bool:
    with urllib.request.urlopen(f"http://{HOST}:{metrics_port}/metrics", timeout=DEADLINE_S) as response:
        found = _NEWEST.search(response.read().decode())
    return found is not None and round(float(found[1]) * 1000) >= changed_at_ms
