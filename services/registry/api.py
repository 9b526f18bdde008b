"""HTTP of the registry: the device API and the provisioning API in one application, documented at /openapi.json."""

import time
from collections.abc import Sequence

from fastapi import APIRouter, FastAPI, Request, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.registry.bodies import BadField
from services.registry.device_api.auth import RegistryAuth
from services.registry.device_api.commands import DeviceCommands
from services.registry.device_api.live_commands import LiveCommands
from services.registry.device_api.live_routes import live_routes
from services.registry.device_api.login import LoginCommands
from services.registry.device_api.routes import device_routes, web_routes
from services.registry.hms_receipts.routes import MAX_RECEIPTS_BYTES, RECEIPTS_PATH, hms_routes
from services.registry.http import PROBLEMS
from services.registry.identity.key_routes import identity_key_routes
from services.registry.provisioning.applications import application_routes
from services.registry.provisioning.operators import operator_routes
from services.registry.provisioning.partners import partner_routes
from services.registry.provisioning.secret_rules import STRICT, SecretRules
from services.registry.provisioning.service import Provisioning
from services.registry.provisioning.stops import stop_routes
from services.registry.receipts.fast_path import ReceiptFastPath
from services.registry.receipts.routes import receipt_routes
from services.registry.receipts.service import ReceiptService
from services.registry.support.audience import audience_routes
from services.registry.support.audience_store import AudienceStore
from services.registry.support.installations import IMPORT_PATH, MAX_IMPORT_BYTES, installation_routes
from services.registry.support.proof_revocation import identity_routes
from services.registry.support.read_access import reader
from services.runtime import telemetry
from services.runtime.access.partner_auth import CallerOf
from services.runtime.http import server
from services.runtime.mongo.stop_targets import StopTargets

_API = "registry"


def application(
    commands: DeviceCommands,
    provisioning: Provisioning,
    auth: RegistryAuth,
    audiences: AudienceStore,
    targets: StopTargets,
    callers: CallerOf,
    receipts: ReceiptService,
    more: Sequence[APIRouter] = (),
    rules: SecretRules = STRICT,
) -> FastAPI:
    """The API of this process. `callers` is the dependency of `services/runtime/access/partner_auth.py`."""
    app = FastAPI(
        title="RPNS registry",
        version="1",
        description="The device API (`/sdk/api/v1`); provisioning and support (`/v1`) for operators.",
        docs_url=None,
        redoc_url=None,
    )
    server.install_problems(app)

    @app.exception_handler(BadField)
    async def on_bad_field(_: Request, error: BadField) -> Response:
        fault = {"field": error.field, "rule": error.rule}
        return server.problem_response(server.ProblemBody(title="Invalid request", status=400, errors=[fault]))

    logins = LoginCommands(commands, auth.pace)
    app.include_router(device_routes(commands, logins, auth))
    app.include_router(live_routes(LiveCommands(commands), auth, PROBLEMS))
    app.include_router(web_routes(auth))
    app.include_router(partner_routes(provisioning, commands.secrets, rules))
    app.include_router(application_routes(provisioning, commands.secrets, rules))
    app.include_router(identity_key_routes(provisioning, commands.secrets))
    app.include_router(operator_routes(provisioning, commands.secrets))
    readers = reader(commands.directory, callers)
    app.include_router(stop_routes(provisioning, targets, callers))
    app.include_router(installation_routes(commands, readers))
    app.include_router(identity_routes(logins, readers, callers))
    app.include_router(audience_routes(audiences, commands.directory, readers))
    app.include_router(hms_routes(commands))
    app.include_router(receipt_routes(receipts, auth))
    for routes in more:
        app.include_router(routes)
    app.add_middleware(server.BodyLimit, larger={IMPORT_PATH: MAX_IMPORT_BYTES, RECEIPTS_PATH: MAX_RECEIPTS_BYTES})
    app.add_middleware(Measured)
    app.add_middleware(
        ReceiptFastPath, receipts=receipts, secrets=commands.secrets, directory=commands.directory, pace=auth.pace
    )
    return app


class Measured:
    """ASGI middleware: counts and times the answers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started, status = time.perf_counter(), 500

        async def noted(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            telemetry.REQUESTS.labels(_API, str(status)).inc()
            telemetry.REQUEST_SECONDS.labels(_API).observe(time.perf_counter() - started)
