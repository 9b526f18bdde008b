"""The registry: who has which device? SDK ─▶ device-events, receipts; operators ─▶ application-events.

Start: the log and the database, the directory read to its end, the repairing consumers, and the port last of all.
"""

from starlette.types import ASGIApp

from services.registry.api import application
from services.registry.audit_trail import open_audit_trail
from services.registry.cluster import open_cluster
from services.registry.dead_letters import open_dead_letters
from services.registry.device_api import DeviceCommands, RegistryAuth
from services.registry.devices import open_devices
from services.registry.erasure import open_erasure
from services.registry.foundation import open_foundation
from services.registry.provisioning import SecretRules, open_provisioning
from services.registry.receipts import ReceiptFastPath, open_receipts
from services.registry.sign_in import open_sign_in
from services.registry.support import IMPORT_PATH, open_audiences
from services.runtime.access.device_pace import DevicePace
from services.runtime.access.operator_tokens import OperatorTokens
from services.runtime.cross_origin import CrossOrigin
from services.runtime.http import listeners
from services.runtime.mongo.stop_targets import StopTargets
from services.runtime.process import Process, run


async def start(process: Process) -> None:
    foundation, settings = await open_foundation(process), process.settings
    directory, secrets = foundation.directory, foundation.secrets
    devices = await open_devices(foundation)
    commands = DeviceCommands(devices, foundation.log, directory, secrets)
    pace = DevicePace("registry", foundation.trusted_proxies, settings.device_pace)
    rules = SecretRules(settings.allow_weak_secrets)
    receipts = open_receipts(foundation, commands)
    app = application(
        commands=commands,
        provisioning=open_provisioning(foundation),
        auth=RegistryAuth(devices, directory, secrets, pace),
        audiences=await open_audiences(foundation),
        targets=StopTargets(foundation.database),
        callers=foundation.partner_caller,
        receipts=receipts,
        more=[
            open_erasure(foundation, commands),
            open_dead_letters(foundation),
            open_cluster(foundation),
            *open_sign_in(foundation, rules),
            *await open_audit_trail(foundation),
        ],
        rules=rules,
        part_of=foundation.rates.shares.part,
    )

    def for_devices(listener: ASGIApp) -> ASGIApp:
        receipts_first = ReceiptFastPath(listener, receipts=receipts, secrets=secrets, directory=directory, pace=pace)
        return CrossOrigin(receipts_first, directory)

    tokens = OperatorTokens(directory, secrets, settings.admin_token, spends=foundation.rates.spends)
    listeners.serve(
        process,
        app,
        tokens,
        foundation.trusted_proxies,
        sink=foundation.log,
        uploads=(IMPORT_PATH,),
        around=for_devices,
        has_portal=True,
    )


if __name__ == "__main__":
    run("registry", start)
