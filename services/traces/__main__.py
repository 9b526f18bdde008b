"""The process that exports traces: records with a `traceparent` ─▶ spans ─▶ a collector. It has no API of its own."""

from services.runtime import mongo
from services.runtime.log import kafka
from services.runtime.mongo.instances import keep_told
from services.runtime.process import Process, run
from services.traces.export import OtlpCollector
from services.traces.follow import READ, Follower


async def start(process: Process) -> None:
    """The collector first: without its address, or its package, nothing here has a purpose."""
    collector = OtlpCollector(process.settings.traces_url)
    process.stack.callback(collector.close)
    database = await process.stack.enter_async_context(mongo.database(process.settings))
    keep_told(process, database)
    await kafka.create_topics(process.settings, READ)
    follower = Follower(process.settings, collector, process.stop)

    async def is_assigned() -> bool:
        return follower.is_ready

    process.ready_when("log", is_assigned)
    process.spawn(follower.run(), "traces", drains=True)


if __name__ == "__main__":
    run("traces", start)
