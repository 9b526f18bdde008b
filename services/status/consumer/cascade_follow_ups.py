"""Carries out the fold's decisions on chains: requests the next link, withdraws stale pushes, counts saved links.

After the save and before the commit: a crash in between repeats the batch, and the event that brought the decision
lets it follow again. The router's claim absorbs a link that was requested twice; a device, a second withdrawal.

When a packet or mailing is cancelled, the router sends no next link, so the push before it stays on the screen.
"""

from schemas import topics
from services.runtime import telemetry
from services.runtime.directory import Directory
from services.runtime.log.kafka import Append, Log
from services.status.fold import Followed, FollowUp, LinksSaved, NextLink, Withdrawal
from services.status.message import Message


class CascadeFollowUps:
    """The taker of the follow-ups of cascades."""

    def __init__(self, sink: Log, directory: Directory) -> None:
        self._sink, self._directory = sink, directory

    async def take(self, followed: Followed) -> None:
        """Append what follows from decisions. Raises LogUnavailable: the batch is done again."""
        steps = [step for message, follows in followed for step in follows if self._is_to_follow(message, step)]
        appends = []
        for step in steps:
            if isinstance(step, NextLink):
                topic = topics.MESSAGE_REQUESTED[step.request.lane]
                appends.append(Append(topic, step.request.message_id, step.request))
            elif isinstance(step, Withdrawal):
                topic = topics.TARGET_RESOLVED[step.target.provider][step.target.lane]
                appends.append(Append(topic, step.target.record_key, step.target))
        await self._sink.append(appends)
        for step in steps:
            if isinstance(step, NextLink) and not step.again:
                telemetry.LINKS_FOLLOWED.labels(step.request.chain[0].channel.value).inc()
            elif isinstance(step, LinksSaved) and not step.again:
                for channel in step.channels:
                    telemetry.LINKS_SAVED.labels(channel).inc()

    def _is_to_follow(self, message: Message, step: FollowUp) -> bool:
        request = message.request
        if not isinstance(step, Withdrawal) or request is None:
            return True
        stop = self._directory.stop_of(message.partner_id, packet_id=request.packet_id, mailing_id=request.mailing_id)
        return stop is None or stop.state != "cancelled"
