"""The registry: who has which device? SDK ─▶ device-events, receipts; operators ─▶ application-events.

Start: the log and the database, the directory read to its end, the repairing consumers, and the port last of all.
"""

from schemas.topics import DEVICE_EVENTS, PROVIDER_DISPATCHED
from services import kafka, listeners, mongo
from services.access import caller
from services.callers import networks
from services.consume import Consuming, group_of
from services.dead_letters import dead_letters
from services.device_pace import DevicePace
from services.directory import follow_directory
from services.erasing import clean_after, erasures_of, open_keys
from services.logins import Logins
from services.logins_store import SeenLogins
from services.operator_tokens import OperatorTokens
from services.process import Process, run
from services.recipient_keys_store import RecipientKeysStore
from services.registry.api import application
from services.registry.api_erasures import ErasureProof, erasure_routes
from services.registry.api_installations import IMPORT_PATH
from services.registry.audience_store import Audiences
from services.registry.auth import Doors
from services.registry.cleaning import Cleaning
from services.registry.devicing import Devicing
from services.registry.forgetting import Forgetting
from services.registry.provisioning import Provisioning
from services.registry.provisioning_store import Turns
from services.registry.publish import Publishing
from services.registry.repair import Repair
from services.registry.secret_rules import SecretRules
from services.registry.stops_ending import StopsEnding
from services.registry.store import Devices
from services.secrets import Secrets
from services.stop_targets_store import StopTargets


async def start(process: Process) -> None:
    settings = process.settings
    secrets = Secrets(settings.master_key, settings.old_master_keys)
    sink = await process.stack.enter_async_context(kafka.opened_log(settings))
    database = await process.stack.enter_async_context(mongo.database(settings))
    directory = await follow_directory(process)
    keys = await open_keys(process, database, directory)
    devices = Devices(database)
    await devices.prepare()
    process.ready_when("mongo", lambda: mongo.is_up(database))
    repair, aside = Repair(devices), await dead_letters(database, sink, settings)
    consumers = [Consuming(settings, sink, [DEVICE_EVENTS], "registry", repair.device_events, process.stop)]
    for lane in settings.lanes:
        group = group_of("registry-dispatched", lane)
        consumed = [PROVIDER_DISPATCHED[lane]]
        consumers.append(Consuming(settings, sink, consumed, group, repair.dispatched, process.stop))
    for consuming in consumers:
        consuming.dead_letters = aside
        process.spawn(consuming.run(), consuming.group, drains=True)
    process.spawn(Publishing(devices, sink).run(process.stop), "publish", drains=True)
    logins = Logins(directory, secrets, SeenLogins(database))
    await logins.remember()
    process.stack.callback(logins.close)
    trusted = networks(settings.trusted_proxies)
    pace = DevicePace("registry", trusted, settings.device_pace)
    doors, callers = Doors(devices, directory, secrets, pace), caller(logins, trusted)
    audiences = Audiences(database)
    await audiences.prepare()
    provisioning, targets = Provisioning(directory, sink, Turns(database)), StopTargets(database)
    process.spawn(StopsEnding(provisioning, targets).run(process.stop), "stops-ending", drains=True)
    devicing = Devicing(devices, sink, directory, secrets)
    clean_after(process, database, directory, Cleaning(devicing, directory).clean)
    store = RecipientKeysStore(database, secrets)
    forgetting = Forgetting(erasures_of(process, database), store, keys, devices, directory, sink)
    process.spawn(forgetting.run(process.stop), "forgetting", drains=True)
    erasures = erasure_routes(forgetting, ErasureProof(forgetting, settings))
    rules = SecretRules(settings.allow_weak_secrets)
    app = application(devicing, provisioning, doors, audiences, targets, callers, more=[erasures], rules=rules)
    tokens = OperatorTokens(directory, secrets, settings.admin_token)
    listeners.serve(process, app, tokens, trusted, uploads=(IMPORT_PATH,))


if __name__ == "__main__":
    run("registry", start)
