"""The access lists of the local cluster: what `schemas/permissions.py` says, written to a broker as its operator."""

import asyncio

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import for_code
from aiokafka.protocol.admin import CreateAclsRequest

from schemas.permissions import Rule, rules
from services.runtime.log import connection
from services.runtime.log.kafka import create_topics
from services.runtime.settings import Settings

_RESOURCES = {"topic": 2, "group": 3}
_OPERATIONS = {"Read": 3, "Write": 4, "Create": 5, "Describe": 8, "DescribeConfigs": 10}
_LITERAL, _PREFIXED, _ALLOW = 3, 4, 3
"""Numbers of the protocol: KIP-140, KIP-290."""


class _Admin(AIOKafkaAdminClient):  # type: ignore[misc]
    """Aiokafka's own has no method for access lists."""

    async def allow(self, rule: Rule) -> None:
        answer = await self._send_request(
            CreateAclsRequest(
                resource_type=_RESOURCES[rule.resource],
                resource_name=rule.name,
                resource_pattern_type_filter=_PREFIXED if rule.is_prefix else _LITERAL,
                principal=f"User:{rule.service}",
                host="*",
                operation=_OPERATIONS[rule.operation],
                permission_type=_ALLOW,
            )
        )
        for code, message in answer.creation_responses:
            if code:
                raise for_code(code)(message)


async def prepare(settings: Settings) -> None:
    """Create all topics, and allow each service what it needs; `settings` are an operator's. Raises KafkaError."""
    await create_topics(settings)
    admin = _Admin(**connection.options(settings))
    await admin.start()
    try:
        await asyncio.gather(*(admin.allow(rule) for rule in rules(settings.kafka_topic_prefix)))
    finally:
        await admin.close()
