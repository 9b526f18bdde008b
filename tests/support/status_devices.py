"""Devices that call the status service: an application, installations as the registry stores them, and their calls."""

import uuid
from dataclasses import dataclass, field
from typing import Any

from schemas import ids
from schemas.application_events import ApplicationChanged
from schemas.values import Channel, Content, Link
from services.runtime import mongo
from services.runtime.crypto.master_key import Secrets
from tests.support.status_events import Story
from tests.support.status_service import Running

APPLICATION = ApplicationChanged(event_id="a", at=0, application_id="app", name="App", api_key_digests=())
PATH = "/sdk/api/v1/installations"


@dataclass
class Phone:
    """One installation; `owner` as the registry keeps it."""

    service: Running
    user: str | None = None
    installation_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    proved: bool = True

    @property
    def owner(self) -> str:
        return ids.owner_key_of("app", self.user, None)

    @property
    def auth(self) -> dict[str, str]:
        secrets = Secrets(self.service.settings.master_key)
        return {"Authorization": f"Bearer {secrets.credential(self.installation_id, 'app')}"}

    async def store(self, **changes: Any) -> "Phone":
        """As the registry would write it."""
        owner = {"external_user_id": self.user, "phone": None} if self.user else None
        proof = {"signed_at": 1, "kid": "k1", "digest": "d"} if self.proved and owner else None
        document = {"application_id": "app", "platform": "ios", "proof_hash": "proof", "owner": owner, "proof": proof}
        document |= changes
        async with mongo.database(self.service.settings) as database:
            await database["installations"].replace_one({"_id": self.installation_id}, document, upsert=True)
        return self

    async def call(
        self, method: str, path: str, body: object = None, auth: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        url = f"{self.service.url}{PATH}/{self.installation_id}{path}"
        async with self.service.http.request(method, url, headers=auth or self.auth, json=body) as answer:
            return answer.status, await answer.json(content_type=None) if answer.status != 204 else None

    async def content(self, story: Story, link: int = 0) -> tuple[int, Any]:
        return await self.call("GET", f"/messages/{story.message_id}/content?link={link}")

    async def peek(self, story: Story) -> dict[str, Any] | None:
        """Its entry as it is stored: looking does not count as a pull."""
        owner = self.owner or f"i/{self.installation_id}"
        async with mongo.database(self.service.settings) as database:
            return await database["inbox"].find_one({"_id": f"{story.message_id}/0/{owner}"})


def shows(content: Content) -> dict[str, Any]:
    """Changes of `Story.requested` for a push with this content."""
    return {"chain": (Link(channel=Channel.PUSH, ttl_ms=60_000, application_id="app", content=content),)}
