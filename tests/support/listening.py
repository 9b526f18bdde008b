"""A service's two listeners as one application, for tests of what its routes do: whoever shows the operators' token
comes in by theirs. What each listener lets through: `tests/unit/runtime/test_listeners.py`."""

from starlette.types import Receive, Scope, Send

from services.runtime.access.operator_tokens import OperatorTokens
from services.runtime.crypto.master_key import Secrets
from services.runtime.directory import Directory
from services.runtime.http.listeners import Api, OperatorsListener, PublicListener

ADMIN_TOKEN = "admin-token"
ADMIN = {"Authorization": f"Bearer {ADMIN_TOKEN}"}


class BothListeners:
    """By the token of `ADMIN`."""

    def __init__(self, app: Api, directory: Directory, secrets: Secrets) -> None:
        self.public = PublicListener(app)
        self.operators = OperatorsListener(app, OperatorTokens(directory, secrets, ADMIN_TOKEN), ())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        shown = (b"authorization", ADMIN["Authorization"].encode())
        await (self.operators if shown in scope["headers"] else self.public)(scope, receive, send)
