"""The backend of the sample site: proves who logs in on its page. A real one asks its own session who that is."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from deploy.sandbox.control.query import answer, read_body
from deploy.sandbox.http.json_form import record, text
from deploy.sandbox.phone.backend import Backend

_WHO = record(
    {
        "installationId": text(),
        "applicationId": text(),
        "externalUserId": text(),
        "phone": text(pattern=r"\+?[0-9]{7,15}"),
    },
    ("installationId",),
)


class IdentityControl:
    """`description` is that of the sandbox: the key is among its credentials."""

    def __init__(self, description: Mapping[str, Any]) -> None:
        self._description = description

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/identity/proofs", self._prove)]

    async def _prove(self, request: web.Request) -> web.Response:
        """Proves a login: `{installationId, applicationId, externalUserId, phone}` gives `{proof}`."""
        body = await read_body(request)
        _WHO(body)
        key = self._description["credentials"]["identity"]
        backend = Backend(body.get("applicationId", "demo"), key["kid"], key["private_key"])
        proof = backend.proof(body["installationId"], body.get("externalUserId"), body.get("phone"))
        return answer({"proof": proof}, 201)
