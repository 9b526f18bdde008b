"""Opens broadcasts: the consumers of both their topics, beside the delivery over APNs."""

from schemas.topics import BROADCAST_CHANNELS, BROADCASTS
from services.dispatch.broadcast.create import ChannelCreation
from services.dispatch.broadcast.gate import BroadcastGate
from services.dispatch.broadcast.service import BroadcastService
from services.dispatch.broadcast.store import ChannelNotes
from services.dispatch.delivery import Delivery
from services.dispatch.resources import Resources
from services.runtime.log.batch_consumer import BatchConsumer


async def open_broadcasts(resources: Resources, apns: Delivery) -> None:
    """Start them, with the senders of APNs' pushes and their health."""
    process = resources.process
    notes = ChannelNotes(resources.database)
    await notes.prepare()
    service = BroadcastService(
        senders=apns.senders,
        creation=ChannelCreation(notes),
        attempts=apns.attempts,
        timers=resources.timers,
        gate=BroadcastGate(apns.senders, apns.watch),
        stops=resources.stops,
    )
    for topic, step in ((BROADCAST_CHANNELS, service.channels), (BROADCASTS, service.messages)):
        group = f"dispatch-{topic.name}"
        consumer = BatchConsumer(
            settings=process.settings,
            log=resources.sink,
            topics=[topic],
            group=group,
            step=step,
            stop=process.stop,
            max_records=50,
            dead_letters=resources.dead_letters,
        )
        process.spawn(consumer.run(), group, drains=True)
