"""The AsyncAPI 3.0 document: topics are channels, events are messages, what a service does with them are operations.

    topics.py ─▶ channels, messages      permissions.py ─▶ operations: a service sends to a channel or receives from it

Servers have no addresses: each installation brings its own Kafka, and says by settings how to log in there.
"""

from collections.abc import Iterator, Mapping, Set
from typing import Any, Final

from schemas import codec
from schemas.language import Language, Words
from schemas.permissions import PERMISSIONS, Permission
from schemas.topics import BULK, DAY_MS, DEAD_LETTER, Key, Topic, all_topics

_ABOUT: Final = """What services of RPNS tell each other, for readers in other languages. `KAFKA_TOPIC_PREFIX` of an
installation goes before every address.

An operation is what a service's Kafka user is allowed: a service that sends to a channel sends some of its messages,
not all. What is tagged `upkeep` is not on a message's way: the registry reads everything to prove that an erasure left
nothing behind, and sends dead letters again.
"""
KEYS: Final[Mapping[Key, Words]] = {
    "message": Words("message id", "id сообщения"),
    "installation": Words("installation id", "id установки"),
    "entity": Words("entity id", "id сущности"),
    "mailing": Words("mailing id", "id рассылки"),
    "statistic": Words("statistic id", "id статистики"),
    "caller": Words("caller id", "id автора запроса"),
}
"""What the key of a record is."""
_BULK_LANE: Final = Words("bulk lane", "массовая полоса")
_KEY: Final = Words("key: {key}", "ключ: {key}")
_COMPACTED: Final = Words("compacted", "сжимается")
_KEPT: Final = Words("kept {days} days", "срок хранения, дней: {days}")
_DEAD_LETTERS: Final = Words("dead letters: `{topic}`", "отложенные записи: `{topic}`")
_LOGINS: Final = {
    "plain": {"type": "plain", "description": "KAFKA_SASL_MECHANISM=PLAIN"},
    "scramSha256": {"type": "scramSha256", "description": "KAFKA_SASL_MECHANISM=SCRAM-SHA-256"},
    "scramSha512": {"type": "scramSha512", "description": "KAFKA_SASL_MECHANISM=SCRAM-SHA-512, the default"},
    "oauthBearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "KAFKA_SASL_MECHANISM=OAUTHBEARER, a token of KAFKA_OAUTH_TOKEN_URL",
    },
    "certificate": {"type": "X509", "description": "KAFKA_CERTIFICATE_FILE and KAFKA_KEY_FILE, with SSL or SASL_SSL"},
}


def asyncapi() -> dict[str, Any]:
    """The document."""
    names = {event: codec.type_of(event) for topic in all_topics() for event in topic.events}
    channels = {topic.name: _channel(topic, [names[event] for event in topic.events]) for topic in all_topics()}
    messages = {
        name: {"name": name, "contentType": "application/json", "payload": {"$ref": f"{name}.json"}}
        for name in sorted(names.values())
    }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "RPNS topics",
            "version": "1",
            "description": _ABOUT,
            "license": {"name": "Apache-2.0"},
            "tags": [{"name": service, "description": about.meaning} for service, about in PERMISSIONS.items()]
            + [{"name": "upkeep", "description": "proofs of erasures, dead letters sent again"}],
        },
        "defaultContentType": "application/json",
        "servers": _servers(),
        "channels": dict(sorted(channels.items())),
        "operations": {
            name: operation
            for service, permission in PERMISSIONS.items()
            for name, operation in _operations(service, permission, channels.keys())
        },
        "components": {"messages": messages, "securitySchemes": _LOGINS},
    }


def _servers() -> dict[str, Any]:
    """The two kinds of listener that brokers may have for the services."""
    bootstrap = {"description": "one broker of KAFKA_BOOTSTRAP"}
    asked = [{"$ref": f"#/components/securitySchemes/{name}"} for name in _LOGINS]
    return {
        "secured": {
            "host": "{bootstrap}",
            "protocol": "kafka-secure",
            "description": "SSL or SASL_SSL: a certificate, a login, or both",
            "variables": {"bootstrap": bootstrap},
            "security": asked,
        },
        "inside": {
            "host": "{bootstrap}",
            "protocol": "kafka",
            "description": "PLAINTEXT as on a laptop, or SASL_PLAINTEXT inside a network that nobody else can reach",
            "variables": {"bootstrap": bootstrap},
        },
    }


def records_of(topic: Topic, language: Language = Language.ENGLISH) -> str:
    """What a topic's records are: their lane and key, how long they are kept, where those go that nobody can read."""
    parts = [_KEY.said_in(language).format(key=KEYS[topic.key].said_in(language))]
    if topic.name.endswith(BULK):
        parts.insert(0, _BULK_LANE.said_in(language))
    kept = _COMPACTED if topic.retention_ms is None else _KEPT
    parts.append(kept.said_in(language).format(days=(topic.retention_ms or 0) // DAY_MS))
    if topic.dead_letters:
        parts.append(_DEAD_LETTERS.said_in(language).format(topic=f"{topic.name}{DEAD_LETTER}"))
    return "; ".join(parts)


def _channel(topic: Topic, names: list[str]) -> dict[str, Any]:
    configured: dict[str, Any] = {"cleanup.policy": ["compact" if topic.retention_ms is None else "delete"]}
    if topic.retention_ms is not None:
        configured["retention.ms"] = topic.retention_ms
    return {
        "address": topic.name,
        "description": records_of(topic),
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
        "bindings": {"kafka": {"topicConfiguration": configured, "bindingVersion": "0.5.0"}},
    }


def _operations(service: str, permission: Permission, channels: Set[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Those on channels. Dead letters have the form of the topic that they come from, and are no channels here."""
    ways = (
        ("send", permission.appends, permission.upkeep_appends),
        ("receive", permission.reads, permission.upkeep_reads),
    )
    for action, topics, for_upkeep in ways:
        for topic in topics:
            if topic in channels:
                yield f"{service}.{action}.{topic}", _operation(service, action, topic, topic in for_upkeep)


def _operation(service: str, action: str, topic: str, is_upkeep: bool) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "action": action,
        "channel": {"$ref": f"#/channels/{topic}"},
        "summary": f"{service} {'appends to' if action == 'send' else 'reads'} {topic}",
        "tags": [{"name": name} for name in ((service, "upkeep") if is_upkeep else (service,))],
    }
    if action == "receive":
        group = {"type": "string", "pattern": f"^{service}", "description": "KAFKA_TOPIC_PREFIX goes before it"}
        operation["bindings"] = {"kafka": {"groupId": group, "bindingVersion": "0.5.0"}}
    return operation
