"""The HTTP applications of all services, with every route and nothing behind them: for tests that walk the routes.

What a route would ask is not there, so only what is answered before anything is asked can be tested so.
"""

import asyncio
from typing import Any

from fastapi import APIRouter
from starlette.types import ASGIApp

from services.ingest.api import application as ingest
from services.ingest.broadcast.api import broadcast_routes
from services.ingest.broadcast.service import BroadcastService
from services.ingest.mailing.api import mailing_routes
from services.ingest.mailing.service import MailingService
from services.ingest.packet import PACKET_PATH, PacketEndpoint, PacketService
from services.ingest.refused import RefusedRequests
from services.ingest.send import SEND_PATH, SendEndpoint, SendService
from services.ingest.test_push import test_push_routes
from services.registry.api import application as registry
from services.registry.audit_trail.refusals import refusal_routes
from services.registry.audit_trail.routes import audit_routes
from services.registry.cluster.live import live_cluster_routes
from services.registry.cluster.routes import cluster_routes
from services.registry.dead_letters.routes import dead_letter_routes
from services.registry.device_api.auth import RegistryAuth
from services.registry.device_api.commands import DeviceCommands
from services.registry.erasure.routes import erasure_routes
from services.registry.provisioning import STRICT
from services.registry.provisioning.service import Provisioning
from services.registry.sign_in import Accounts, Entrance, Passwords, SignInPace, account_routes, session_routes
from services.registry.sign_in.oidc import oidc_routes
from services.runtime.access.audit import Refused
from services.runtime.access.device_pace import DevicePace
from services.runtime.access.logins import Logins
from services.runtime.access.partner_auth import caller
from services.runtime.access.partner_limits import PartnerLimits
from services.runtime.crypto.master_key import Secrets
from services.runtime.directory import Directory
from services.runtime.http.listeners import Api
from services.runtime.live import LiveStreams
from services.status.api import application as status
from services.status.api.cancel import cancel_routes
from services.status.api.live import live_message_routes
from services.status.api.messages import message_routes
from services.status.api.packets import packet_routes
from services.status.channels.accounts import ChannelAccounts
from services.status.channels.routes import channel_routes
from services.status.history.access import device_caller
from services.status.history.content_routes import content_routes
from services.status.history.routes import history_routes
from services.status.limits import paced
from services.status.resends.routes import resend_routes
from services.status.short_links.routes import short_link_routes
from services.status.statistics.routes import statistics_routes
from services.status.statistics.savings import savings_routes
from services.status.stream.routes import stream_routes

NOTHING: Any = None


def all_apps(
    directory: Directory,
    secrets: Secrets,
    logins: Logins,
    refused: Refused = lambda caller, scope, status, account=None: None,
    devices: Any = None,
    counted: RefusedRequests | None = None,
) -> dict[str, Api]:
    """By the name of their service. `refused` is told whom the hot paths refuse; `devices` finds installations.
    `counted` counts what ingest does not accept of partners."""
    devices = devices or _NoInstallations()
    who = caller(logins, ())
    return {
        "ingest": _ingest(directory, secrets, logins, refused, counted or RefusedRequests(NOTHING, "ingest")),
        "registry": registry(
            commands=DeviceCommands(NOTHING, NOTHING, directory, secrets),
            provisioning=Provisioning(directory, NOTHING, NOTHING),
            auth=RegistryAuth(devices, directory, secrets, DevicePace("registry", (), 1000)),
            audiences=NOTHING,
            targets=NOTHING,
            callers=who,
            receipts=NOTHING,
            more=[
                erasure_routes(NOTHING, NOTHING),
                dead_letter_routes(NOTHING),
                cluster_routes(NOTHING),
                live_cluster_routes(NOTHING, directory, LiveStreams(asyncio.Event())),
                audit_routes(NOTHING, NOTHING, NOTHING),
                refusal_routes(NOTHING, who),
                *_sign_in(directory, secrets),
            ],
        ),
        "status": _status(directory, secrets, logins),
    }


def _sign_in(directory: Directory, secrets: Secrets) -> list[APIRouter]:
    accounts = Accounts(Provisioning(directory, NOTHING, NOTHING), has_other_admins=True)
    passwords = Passwords(directory, SignInPace())
    return [
        account_routes(accounts, passwords),
        session_routes(accounts, Entrance(directory, secrets, ()), passwords, STRICT),
        oidc_routes(None),
    ]


class _NoInstallations:
    async def load(self, _: object) -> dict[str, Any]:
        return {}

    async def by_ids(self, _: object) -> dict[str, Any]:
        return {}


def _ingest(directory: Directory, secrets: Secrets, logins: Logins, refused: Refused, counted: RefusedRequests) -> Api:
    who = caller(logins, ())
    sending = SendService(directory, logins, NOTHING, NOTHING, NOTHING)
    packets = PacketService(
        directory=directory,
        secrets=secrets,
        log=NOTHING,
        claims=NOTHING,
        keys=NOTHING,
        limits=sending.limits,
        recent=sending.recent,
    )
    mailings = mailing_routes(
        MailingService(NOTHING, directory, NOTHING, NOTHING), NOTHING, NOTHING, who, LiveStreams(asyncio.Event())
    )
    broadcasts = broadcast_routes(BroadcastService(NOTHING, directory, NOTHING), who)
    direct: dict[tuple[str, str], ASGIApp] = {
        ("POST", SEND_PATH): SendEndpoint(sending, (), refused, counted),
        ("POST", PACKET_PATH): PacketEndpoint(packets, (), refused, counted),
    }
    return ingest(direct, [mailings, broadcasts, test_push_routes(sending, directory, who)], counted)


def _status(directory: Directory, secrets: Secrets, logins: Logins) -> Api:
    who = paced(caller(logins, ()), PartnerLimits())
    pace = DevicePace("status", (), 1000)
    device = device_caller(_NoInstallations(), directory, secrets, pace)  # type: ignore[arg-type]
    more = [
        statistics_routes(NOTHING, who),
        short_link_routes(NOTHING, NOTHING, (), NOTHING),
        content_routes(NOTHING, NOTHING, NOTHING, device),
        history_routes(NOTHING, device),
        cancel_routes(NOTHING, NOTHING, who),
        savings_routes(NOTHING, who),
        channel_routes(NOTHING, ChannelAccounts(directory, secrets), NOTHING, ()),
        packet_routes(NOTHING, directory, secrets, (), PartnerLimits()),
        resend_routes(NOTHING, NOTHING, directory, who),
    ]
    return status(
        [
            message_routes(NOTHING, who, directory),
            live_message_routes(NOTHING, who, LiveStreams(asyncio.Event())),
            stream_routes(NOTHING, who),
            *more,
        ]
    )
