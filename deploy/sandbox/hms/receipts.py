"""Receipts as Huawei sends them to an app's server: what became of a push, signed (`docs/providers.md` §3.4)."""

import base64
import hmac
import time
import uuid
from dataclasses import dataclass
from typing import Any, Literal

from deploy.sandbox.hms.keys import HmsCredentials
from deploy.sandbox.inbox import Received

HEADER = "X-HUAWEI-CALLBACK-ID"
Reading = Literal["decoded", "raw"]


@dataclass(frozen=True, slots=True)
class Receipt:
    """What is ordered; only `status` is needed."""

    status: int
    version: int = 1
    key: Reading = "decoded"  # newer configurations: the secret is base64 of the key; older ones: it is the key
    age_ms: int = 0  # of the signature


def signature(credentials: HmsCredentials, key: Reading, at_ms: int) -> str:
    """The value of the header."""
    secret = credentials.callback_secret
    nonce = str(uuid.uuid4())
    raw = base64.b64decode(secret) if key == "decoded" else secret.encode()
    mac = hmac.digest(raw, f"{at_ms}{nonce}{credentials.callback_user}".encode(), "sha256")
    return f"timestamp={at_ms};nonce={nonce};value={base64.b64encode(mac).decode()}"


def body_of(push: Received, receipt: Receipt, app_id: str) -> dict[str, Any]:
    """One status of one push, in the form of the version."""
    at_ms = time.time_ns() // 1_000_000
    tag = push.payload["message"]["android"].get("bi_tag", "")
    same = {"biTag": tag, "token": push.token, "requestId": push.message_id}
    if receipt.version == 1:
        return {"statuses": [{**same, "appid": app_id, "status": receipt.status, "timestamp": at_ms}]}
    delivered = {"result": receipt.status, "timestamp": at_ms}
    about = {"pushType": 0, "appPackageName": "app.rpns.demo", "deliveryStatus": delivered}
    return {"statuses": [{**same, **about}]}
