"""`POST /v6/send`: one message. `answer.py` goes from the bytes of a body to the answer, `endpoint.py` is HTTP."""

from services.ingest.send.answer import SendService
from services.ingest.send.endpoint import SEND_PATH, SendEndpoint

__all__ = ["SEND_PATH", "SendEndpoint", "SendService"]
