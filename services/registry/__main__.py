"""The registry: who has which device? SDK ─▶ device-events, receipts; operators ─▶ application-events.

Start: the log and the database, the directory read to its end, the repairing consumers, and the port last of all.
"""

from schemas.topics import DEVICE_EVENTS, PROVIDER_DISPATCHED
from services.registry.api import application
from services.registry.device_api import DeviceCommands, RegistryAuth
from services.registry.devices import DeviceConsumers, DeviceStore, InstallationPublisher
from services.registry.erasure import DeviceRedaction, ErasureProof, ErasureService, LinkedPersons, erasure_routes
from services.registry.provisioning import Provisioning, ProvisioningLock, SecretRules, StopExpiry
from services.registry.receipts import ReceiptService, WorkedTokens
from services.registry.support import IMPORT_PATH, AudienceStore
from services.runtime import mongo
from services.runtime.access.callers import networks
from services.runtime.access.device_pace import DevicePace
from services.runtime.access.logins import Logins
from services.runtime.access.operator_tokens import OperatorTokens
from services.runtime.access.partner_auth import caller
from services.runtime.crypto.master_key import Secrets
from services.runtime.directory import follow_directory
from services.runtime.erasure import clean_after, erasures_of, open_keys
from services.runtime.http import listeners
from services.runtime.log import kafka
from services.runtime.log.batch_consumer import BatchConsumer, group_of
from services.runtime.log.dead_letters import dead_letters
from services.runtime.mongo.logins_seen import SeenLogins
from services.runtime.mongo.recipient_keys import RecipientKeysStore
from services.runtime.mongo.stop_targets import StopTargets
from services.runtime.process import Process, run


async def start(process: Process) -> None:
    settings = process.settings
    secrets = Secrets(settings.master_key, settings.old_master_keys)
    sink = await process.stack.enter_async_context(kafka.opened_log(settings))
    database = await process.stack.enter_async_context(mongo.database(settings))
    directory = await follow_directory(process)
    keys = await open_keys(process, database, directory)
    devices = DeviceStore(database)
    await devices.prepare()
    process.ready_when("mongo", lambda: mongo.is_up(database))
    repair, aside = DeviceConsumers(devices), await dead_letters(database, sink, settings)
    consumers = [BatchConsumer(settings, sink, [DEVICE_EVENTS], "registry", repair.device_events, stop=process.stop)]
    for lane in settings.lanes:
        group = group_of("registry-dispatched", lane)
        consumed = [PROVIDER_DISPATCHED[lane]]
        consumers.append(BatchConsumer(settings, sink, consumed, group, repair.dispatched, stop=process.stop))
    for consuming in consumers:
        consuming.dead_letters = aside
        process.spawn(consuming.run(), consuming.group, drains=True)
    process.spawn(InstallationPublisher(devices, sink).run(process.stop), "publish", drains=True)
    logins = Logins(directory, secrets, SeenLogins(database))
    await logins.remember()
    process.stack.callback(logins.close)
    trusted = networks(settings.trusted_proxies)
    pace = DevicePace("registry", trusted, settings.device_pace)
    auth, callers = RegistryAuth(devices, directory, secrets, pace), caller(logins, trusted)
    audiences = AudienceStore(database)
    await audiences.prepare()
    provisioning, targets = Provisioning(directory, sink, ProvisioningLock(database)), StopTargets(database)
    process.spawn(StopExpiry(provisioning, targets).run(process.stop), "stops-ending", drains=True)
    commands = DeviceCommands(devices, sink, directory, secrets)
    worked = WorkedTokens(commands)
    process.spawn(worked.run(process.stop), "worked-tokens", drains=True)
    receipts = ReceiptService(sink, secrets.delivery_ids, worked)
    clean_after(process, database, directory, DeviceRedaction(commands, directory).redact)
    store = RecipientKeysStore(database, secrets)
    erasure = ErasureService(
        erasures=erasures_of(process, database),
        store=store,
        keys=keys,
        linked=LinkedPersons(devices, directory),
        directory=directory,
        sink=sink,
    )
    process.spawn(erasure.run(process.stop), "forgetting", drains=True)
    erasures = erasure_routes(erasure, ErasureProof(store, settings))
    rules = SecretRules(settings.allow_weak_secrets)
    app = application(commands, provisioning, auth, audiences, targets, callers, receipts, more=[erasures], rules=rules)
    tokens = OperatorTokens(directory, secrets, settings.admin_token)
    listeners.serve(process, app, tokens, trusted, uploads=(IMPORT_PATH,))


if __name__ == "__main__":
    run("registry", start)
