"""Every request that the API pages show is sent, and answered as their documents say, in the shape that they show."""

import asyncio

import aiohttp

from deploy.local.provision import LOGIN, PASSWORD, admin_of
from tests.support.api_examples import devices, messages, operators, provisioning, sending
from tests.support.api_examples.documents import served
from tests.support.api_examples.walk import Walk, basic, batch_key, bearer
from tests.support.world import World

NOT_SENT = {
    "registry.beginOidc": "no company's login is set up here: test_console_company_login.py signs in by one",
    "registry.endOidc": "a company's login sends a browser back to it: the same test",
}
"""By service and operation, and why. Nothing stands here that could be sent, or is no more."""
PARTS = (
    *(provisioning.a_partner, provisioning.an_application, provisioning.own_settings),
    *(devices.an_installation, devices.live_activities),
    *(sending.messages, sending.a_mailing, sending.broadcasts),
    *(messages.messages, messages.counts, messages.a_packet, messages.a_channel_report, messages.a_history),
    *(devices.a_message_and_its_link, devices.support, devices.a_receipt_of_huawei),
    *(messages.resent_reports, devices.logging_out, provisioning.stops),
    *(operators.tokens, operators.an_account, operators.dead_letters, operators.the_cluster, operators.an_erasure),
)
"""In the order in which somebody would do it: what is asked for was made before, and is deleted last."""


async def test_every_example_is_answered_as_its_document_says(world: World) -> None:
    known = served(world.stack.public_url, world.stack.operators_url)
    async with aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=60), cookie_jar=aiohttp.DummyCookieJar()
    ) as http:
        walk = Walk(world, http, known)
        walk.proofs["partner"], walk.proofs["batchKey"] = basic(LOGIN, PASSWORD), batch_key()
        walk.proofs["operator"] = bearer(world.stack.env["RPNS_ADMIN_TOKEN"])
        try:
            await walk.walk(PARTS)
        finally:  # nobody else's test is offered its sender
            admin, path = admin_of(world.stack.describe()), f"/v1/partners/{provisioning.PARTNER}"
            await asyncio.to_thread(admin.call, "PATCH", path, {"enabled": False})
    assert not walk.faults, "\n".join(walk.faults)
    assert known.keys() - walk.sent == NOT_SENT.keys()
