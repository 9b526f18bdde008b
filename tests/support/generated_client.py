"""A partner's and an app's program on generated clients; run by the generator's own Python, with their folder first.

Arguments: the gateway's address, login, password, sender, phone, API key. Prints what it was told, as JSON.
"""

import json
import sys
import time
import uuid

from generated_ingest import Client as IngestClient
from generated_ingest.api.messages import send
from generated_ingest.models import ErrorAnswer, SendAnswer, SendRequest
from generated_registry import AuthenticatedClient as DeviceClient
from generated_registry.api.device import install
from generated_registry.models import InstallAnswer, InstallBody
from generated_status import AuthenticatedClient as StatusClient
from generated_status.api.messages import get_message
from generated_status.models import MessageView, ProblemBody

WAIT_S = 30.0


def main(url: str, basic: str, login: str, password: str, sender: str, phone: str, api_key: str) -> dict[str, object]:
    """Send a push, be refused one, read what became of the first, and install an app."""
    ingest = IngestClient(base_url=url)
    data = {"serviceNumber": sender, "text": "of a generated client", "ttl": 1}
    body = {"login": login, "password": password, "destAddr": phone, "registeredDelivery": 1}
    sent = send.sync(client=ingest, body=SendRequest.from_dict(body | {"message": {"type": "PUSH", "data": data}}))
    assert isinstance(sent, SendAnswer), sent
    refused = send.sync(client=ingest, body=SendRequest.from_dict(body | {"message": {"type": "PIGEON", "data": data}}))
    assert isinstance(refused, ErrorAnswer), refused
    status = StatusClient(base_url=url, token=basic, prefix="Basic")
    nobody = get_message.sync("nobody-has-this", client=status)
    assert isinstance(nobody, ProblemBody), nobody
    device = DeviceClient(base_url=url, token=api_key, prefix="", auth_header_name="X-Api-Key")
    about = {"installationId": str(uuid.uuid4()), "proof": "0" * 64, "deviceId": "generated", "platform": "android"}
    installed = install.sync(client=device, body=InstallBody.from_dict(about | {"appVersion": "1.0"}))
    assert isinstance(installed, InstallAnswer), installed
    return {
        "state": known(status, sent.mt_num).state,
        "refused": refused.error.code,
        "status": nobody.status,
        "platform": str(installed.installation.platform),
    }


def known(status: StatusClient, mt_num: str) -> MessageView:
    """The message, as soon as status knows it."""
    ends = time.monotonic() + WAIT_S
    while True:
        found = get_message.sync(mt_num, client=status)
        if isinstance(found, MessageView):
            return found
        assert time.monotonic() < ends, found
        time.sleep(0.1)


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))  # noqa: T201 — what the test reads
