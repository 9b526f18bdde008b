"""The walk through what operators have for themselves: tokens, accounts, dead letters, the audit, erasures."""

from aiokafka import AIOKafkaProducer

from schemas import topics
from tests.support.api_examples.walk import Walk

NAME, OWN, OTHER = "support.desk", "a password of my own", "another one of mine"
_DESK = {"X-RPNS-Console": "1"}


async def tokens(walk: Walk) -> None:
    """One is made, and revoked."""
    made = await walk.send("registry.createOperator")
    await walk.send("registry.listOperators")
    await walk.send("registry.revokeOperator", at={"operator_id": made["operatorId"]})
    await walk.send("registry.getMe")


async def an_account(walk: Walk) -> None:
    """Somebody is invited, signs in, and goes."""
    made = await walk.send("registry.createAccount")
    own = {"account_id": made["accountId"]}
    await walk.send("registry.listAccounts")
    made = await walk.send("registry.resetPassword", at=own)
    await walk.send("registry.listWays")
    once = {"password": made["password"]}
    await walk.send("registry.signIn", once, more={"newPassword": OWN}, headers=_DESK)
    await walk.send("registry.whoIsSignedIn", headers=walk.proofs["session"])
    await walk.send("registry.renewSession")
    await walk.send("registry.changePassword")
    await walk.send("registry.signOut")
    await walk.send("registry.signIn", {"password": OTHER}, headers=_DESK)
    await walk.send("registry.signOutEverywhere")
    await walk.send("registry.changeAccount", at=own)
    await walk.send("registry.deleteAccount", at=own)


async def dead_letters(walk: Walk) -> None:
    """A record that nobody can read is sent again, comes back, and is left alone."""
    async with AIOKafkaProducer(bootstrap_servers=walk.world.stack.kafka_bootstrap) as producer:
        await producer.send_and_wait(
            topics.AUDIT_EVENTS.name, b'{"type": "audited", "at": "soon"}', key=b"operator:duty"
        )
    letter = _newest(await walk.until("registry.listLetters", lambda found: bool(_newest(found))))
    await walk.send("registry.getLetter", at=letter)
    await walk.send("registry.getContent", at=letter)
    await walk.send("registry.redriveLetter", at=letter)
    back = await walk.until("registry.listLetters", lambda found: _newest(found) not in ({}, letter))
    await walk.send("registry.discardLetter", at=_newest(back))


async def the_cluster(walk: Walk) -> None:
    """What runs and waits, who did what, and what was not accepted."""
    await walk.send("registry.getCluster")
    await walk.send("registry.followCluster")
    await walk.send("registry.getAudit")
    await walk.send("registry.listRefusals")


async def an_erasure(walk: Walk) -> None:
    """Of the person whom all of the walk was about: last."""
    await walk.send("registry.previewErasure")
    made = await walk.send("registry.postErasure")
    own = {"erasure_id": made["erasureId"]}
    await walk.send("registry.getErasure", at=own)
    await walk.send("registry.getRecords", at=own)


def _newest(letters: list[dict[str, str]]) -> dict[str, str]:
    """Where the newest of the audit lies, as paths name it; empty: there is none."""
    for letter in letters:
        if letter["topic"] == topics.AUDIT_EVENTS.name and letter["state"] == "open":
            topic, partition, offset = letter["letterId"].split("/")
            return {"topic": topic, "partition": partition, "offset": offset}
    return {}
