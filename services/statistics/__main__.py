"""The statistics worker: statistic-parts ─▶ delivery-statistics. It has no API of its own.

`status` reads the topic (`GET /v1/statistics`), and so may others.
"""

from schemas.topics import STATISTICS_CHANGELOG
from services.runtime import mongo
from services.runtime.log import kafka
from services.runtime.mongo.instances import keep_told
from services.runtime.process import Process, run
from services.statistics.worker import Worker


async def start(process: Process) -> None:
    """Of the database it wants only to say that it is there. The log comes
    first, then the topics, then Faust, which takes the changelog's partitions from its first metadata."""
    database = await process.stack.enter_async_context(mongo.database(process.settings))
    keep_told(process, database)
    sink = await process.stack.enter_async_context(kafka.opened_log(process.settings))
    await kafka.create_topics(process.settings)
    await kafka.create_topics(process.settings, [STATISTICS_CHANGELOG])
    worker = Worker(process.settings, sink)
    process.stack.push_async_callback(worker.stop)
    process.ready_when("faust", worker.is_ready)
    await worker.start()
    process.spawn(worker.until_crashed(), "faust")


if __name__ == "__main__":
    run("statistics", start)
