"""HTTP of the registry: the device API and the provisioning API in one application, documented at /openapi.json."""

import time
from collections.abc import Sequence

from fastapi import APIRouter, FastAPI, Request, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.registry.bodies import BadField
from services.registry.device_api import (
    DeviceCommands,
    LiveCommands,
    LoginCommands,
    RegistryAuth,
    device_routes,
    live_routes,
    web_routes,
)
from services.registry.hms_receipts import MAX_RECEIPTS_BYTES, RECEIPTS_PATH, hms_routes
from services.registry.identity import identity_key_routes
from services.registry.provisioning import (
    STRICT,
    Provisioning,
    SecretRules,
    application_routes,
    me_routes,
    operator_routes,
    own_settings_routes,
    partner_routes,
    stop_routes,
)
from services.registry.receipts import MAX_OWN_RECEIPTS_BYTES, OWN_RECEIPTS, ReceiptService, receipt_routes
from services.registry.support import (
    IMPORT_PATH,
    MAX_IMPORT_BYTES,
    REVOKE_PATH,
    AudienceStore,
    audience_routes,
    identity_routes,
    installation_routes,
    read_access,
)
from services.runtime import openapi, telemetry
from services.runtime.access.partner_auth import CallerOf
from services.runtime.access.partner_limits import PartnerLimits
from services.runtime.http import server
from services.runtime.http.beside import TellsBeside
from services.runtime.live import LIVE
from services.runtime.mongo.stop_targets import StopTargets
from services.runtime.pacing.shares import PartOf, all_of_it

_API = "registry"
_ABOUT = """The device API (`/sdk/api/v1`): installations, tokens, logins, settings, receipts.

Provisioning and support (`/v1`) for operators, stops and audiences for partners as well. Errors are RFC 9457 problems.
"""


def application(
    *,
    commands: DeviceCommands,
    provisioning: Provisioning,
    auth: RegistryAuth,
    audiences: AudienceStore,
    targets: StopTargets,
    callers: CallerOf,
    receipts: ReceiptService,
    more: Sequence[APIRouter] = (),
    rules: SecretRules = STRICT,
    part_of: PartOf = all_of_it,
) -> FastAPI:
    """The API of this process. `callers` is the dependency of `services/runtime/access/partner_auth.py`."""
    app = openapi.application("RPNS registry", "1", _ABOUT, is_limited=lambda path, _: path == REVOKE_PATH)

    @app.exception_handler(BadField)
    async def on_bad_field(_: Request, error: BadField) -> Response:
        fault = {"field": error.field, "rule": error.rule}
        return server.problem_response(server.ProblemBody(title="Invalid request", status=400, errors=[fault]))

    logins = LoginCommands(commands, auth.pace)
    app.include_router(device_routes(commands, logins, auth))
    app.include_router(live_routes(LiveCommands(commands), auth))
    app.include_router(receipt_routes(receipts, auth))
    app.include_router(web_routes(auth))
    app.include_router(partner_routes(provisioning, commands.secrets, rules))
    app.include_router(application_routes(provisioning, commands.secrets, rules))
    app.include_router(identity_key_routes(provisioning, commands.secrets))
    app.include_router(operator_routes(provisioning, commands.secrets))
    app.include_router(me_routes(commands.directory, callers))
    app.include_router(own_settings_routes(provisioning, commands.secrets, callers))
    access = read_access(commands.directory, callers)
    app.include_router(stop_routes(provisioning, targets, callers))
    app.include_router(installation_routes(commands, access))
    app.include_router(identity_routes(logins, access, callers, PartnerLimits(part_of)))
    app.include_router(audience_routes(audiences, commands.directory, access))
    app.include_router(hms_routes(commands))
    for routes in more:
        app.include_router(routes)
    larger = {
        IMPORT_PATH: MAX_IMPORT_BYTES,
        RECEIPTS_PATH: MAX_RECEIPTS_BYTES,
        OWN_RECEIPTS: MAX_OWN_RECEIPTS_BYTES,
    }
    app.add_middleware(server.BodyLimit, larger=larger)
    app.add_middleware(TellsBeside)
    app.add_middleware(Measured)
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
            if not scope["path"].endswith(LIVE):  # which lasts for as long as somebody looks
                telemetry.REQUEST_SECONDS.labels(_API).observe(time.perf_counter() - started)
