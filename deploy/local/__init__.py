"""The local stack: real Kafka, real MongoDB, the gateway, the sandbox and the five services on one machine.

`Stack` starts and ends all of it and is what the demo, the bench and the end-to-end tests stand on;
`python -m deploy.local` is the same for a person. Read `stack.py` first, then the file of the part you care for:

    stack.py        what is started, in which order, and how it ends
    process.py      one program: start, wait until ready, end
    guard.py        ends everything when the process that owns the stack dies
    kafka.py        Kafka's files, settings and command        (kafka_files.py: fetching them once per user)
    mongo.py        MongoDB's command
    gateway.py      Caddy and the routes of the one public address
    settings.py     the environment that every service gets
"""

from deploy.local.report import StackError, Step, quiet
from deploy.local.stack import Stack

__all__ = ["Stack", "StackError", "Step", "quiet"]
