"""A body that is right, for each model of a request or an answer, and for requests that no model describes.

    bodies.py        what is sent; all others are answers:
    sending.py       to messages, packets, mailings, broadcast channels
    outcomes.py      what has become of messages
    devices.py       installations, as devices and as support see them
    provisioning.py  partners, applications, stops
    operators.py     accounts, dead letters, the audit, the cluster, erasures

A test holds each to its schema; `tests/e2e/test_api_examples.py` sends each body, and compares what comes in shape.
"""

from services.runtime.openapi.examples import devices, operators, outcomes, provisioning, sending
from services.runtime.openapi.examples.bodies import BODIES, CONTENTS

EXAMPLES = {
    **BODIES,
    **sending.ANSWERS,
    **outcomes.ANSWERS,
    **devices.ANSWERS,
    **provisioning.ANSWERS,
    **operators.ANSWERS,
}

__all__ = ["CONTENTS", "EXAMPLES"]
