"""Logging, and every metric there is: declared here with kind, unit and meaning.

No secret, token, phone number or text may stand in a log line or a label (docs/design.md §6). Labels have few values.
"""

import logging
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
from prometheus_client import Counter, Gauge, Histogram

from services.runtime import build


@contextmanager
def _without(name: str) -> Iterator[None]:
    """Meanwhile the package cannot be imported; nothing changes where it has been."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment]  # the language's own way to say so
    try:
        yield
    finally:
        del sys.modules[name]


with _without("rich"):  # which structlog takes for the colours of a console: 3 MiB in a service that has none
    import structlog

_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)

BUILD_INFO = Gauge(
    "rpns_build_info",
    "1; which build of which service this process is",
    ["version", "commit", "python", "service", "instance"],
)
REQUESTS = Counter("rpns_requests_total", "HTTP requests answered", ["api", "code"])
REQUEST_SECONDS = Histogram(
    "rpns_request_seconds", "time to answer an HTTP request, seconds", ["api"], buckets=_SECONDS
)
OPERATOR_TOKENS_REFUSED = Counter(
    "rpns_operator_tokens_refused_total", "operators' tokens that were wrong, or not looked at", ["reason"]
)
SIGN_INS = Counter(
    "rpns_sign_ins_total",
    "operators' attempts to sign in: let in, wrong, locked out, slowed down; at the company's login (oidc): why not",
    ["way", "outcome"],
)
RECORDS = Counter("rpns_records_total", "records consumed and committed", ["topic"])
BATCH_SECONDS = Histogram(
    "rpns_batch_seconds", "time from fetching a batch to its commit, seconds", ["group"], buckets=_SECONDS
)
APPENDED = Counter("rpns_appended_total", "records appended", ["topic"])
UNKNOWN = Counter("rpns_unknown_records_total", "records of a type that this release does not know, skipped", ["topic"])
OUTDATED = Counter(
    "rpns_outdated_total",
    "times a consumer waited to be updated: a newer release wrote what this one does not understand",
    ["group"],
)
DEAD_LETTERS = Counter("rpns_dead_letters_total", "records moved to a dead-letter topic", ["topic"])
PAUSES = Counter("rpns_consumer_pauses_total", "times a consumer paused because infrastructure was away", ["group"])
CONSUMER_LAG = Gauge(
    "rpns_consumer_lag_records",
    "records that a consumer group has not read, as a registry sees it",
    ["group", "topic", "lane"],
)
OLDEST_WAITING = Gauge(
    "rpns_oldest_waiting_seconds",
    "for how long the oldest record that a group has not read has waited, seconds, as a registry sees it",
    ["group", "topic", "lane"],
)
UNHELD_PARTITIONS = Gauge(
    "rpns_unheld_partitions", "partitions that no member of the group holds: nobody reads them", ["group", "topic"]
)
OPEN_DEAD_LETTERS = Gauge(
    "rpns_open_dead_letters", "dead letters that nobody has redriven or discarded, as a registry sees it", ["topic"]
)
AUDIT_LOST = Counter(
    "rpns_lost_audit_records_total", "audit records that the log did not take; each is in the process's log as an error"
)
LOOKS_REFUSED = Counter(
    "rpns_refused_looks_total",
    "operators' looks at values about people that were refused: the log took no audit record",
)
CLOCK_OFF = Gauge(
    "rpns_clock_off_seconds", "how far this process's clock is from the database's, seconds; 0 while it is within 2"
)
TWIN_INSTANCE = Gauge(
    "rpns_twin_instance", "1 while another process goes by this one's RPNS_INSTANCE: rates hold no more for both"
)
WEAK_TOPICS = Gauge(
    "rpns_weak_topics", "topics with fewer replicas, or weaker settings against loss, than this deployment asks for"
)
UNKNOWN_FAULTS = Counter(
    "rpns_unknown_faults_total", "failures of records for no known reason: a bug, or an error that is new", ["group"]
)
SUSPECTS = Gauge(
    "rpns_suspects", "records that fail for no known reason and are tried again alone; above 0: look now", ["group"]
)
LOOP_FAILURES = Counter("rpns_loop_failures_total", "failures of background loops, which go on after a pause", ["loop"])
ERASURES_SET_ASIDE = Gauge(
    "rpns_erasures_set_aside",
    "erasures of people whose step (keys, or the cleaning of a service) fails here and is tried again later",
    ["step"],
)
DROPPED_BATCHES = Counter(
    "rpns_dropped_batches_total", "batches dropped because a rebalance took their partitions", ["group"]
)
DIRECTORY_NEWEST = Gauge(
    "rpns_directory_newest_seconds",
    "time of the newest record of application-events that this process has read, seconds since the epoch",
)
BATCH_MESSAGES = Counter("rpns_batch_messages_total", "messages of packets that were answered", ["outcome"])
MAILING_FAULTS = Counter("rpns_mailing_faults_total", "mailings paused, or not told of, because of an internal fault")
PLANNING_HELD = Counter(
    "rpns_planning_held_total",
    "slices of mailings that waited because a group (router, status) has some seconds of work already",
    ["group"],
)
UNKNOWN_FIELDS = Counter(
    "rpns_unknown_fields_total", "messages asked for with fields that nobody reads (RPNS-Warnings)", ["partner"]
)
REPEATS_DIFFERENT = Counter(
    "rpns_repeated_with_other_content_total",
    "requests under an id that was known, for another recipient or with other content",
    ["partner"],
)
REPEATS = Counter("rpns_repeated_requests_total", "requests whose id was known already", ["lane"])
BROADCASTS = Counter("rpns_broadcasts_total", "answers to broadcasts on channels of APNs", ["answer"])
PLANNED = Counter("rpns_planned_deliveries_total", "deliveries planned", ["provider"])
SKIPPED = Counter("rpns_skipped_installations_total", "installations considered and left out", ["reason"])
PUSHES = Counter("rpns_pushes_total", "attempts at a provider", ["provider", "outcome"])
PUSH_SECONDS = Histogram(
    "rpns_push_seconds", "time of one request to a provider, seconds", ["provider"], buckets=_SECONDS
)
IN_FLIGHT = Gauge("rpns_pushes_in_flight", "pushes under way", ["provider"])
SENDER_STOPPED = Gauge(
    "rpns_sender_stopped", "1 while the sender of an application is stopped", ["application", "provider"]
)
PROVIDER_AWAY = Gauge("rpns_provider_away", "1 while a provider's host does not answer", ["provider"])
DEAD_TOKEN_SHARE = Gauge(
    "rpns_dead_token_share",
    "share of a provider's answers of the last ten minutes that call a token dead",
    ["application", "provider"],
)
RETIRING_PAUSED = Gauge("rpns_retiring_paused", "1 while dead tokens are not retired", ["application", "provider"])
DEVICES_SLOWED = Counter(
    "rpns_slowed_device_calls_total", "calls of devices answered 429, by what they were counted by", ["api", "by"]
)
PROVIDER_RECEIPTS = Counter(
    "rpns_provider_receipts_total", "statuses in receipts of providers, by their number", ["provider", "status"]
)
REPORTS = Counter("rpns_reports_total", "delivery reports tried", ["outcome"])
RECEIVERS_AWAY = Gauge("rpns_receivers_away", "receivers of reports that do not answer, and are only probed")
REPORT_SECONDS = Histogram(
    "rpns_report_seconds", "time of one delivery report at its receiver, seconds", buckets=_SECONDS
)
CHANNEL_REPORTS_IGNORED = Counter(
    "rpns_channel_reports_ignored_total", "reports of the channel platform that name a state that is not used"
)
CLICKS_SPARED = Counter(
    "rpns_spared_clicks_total", "clicks on short links that were led on and not recorded: repeated, or too many"
)
CLICKS_LOST = Counter("rpns_lost_clicks_total", "clicks on short links that the log did not take in time")
CLOSED_MESSAGES = Counter(
    "rpns_closed_messages_total", "messages closed because they had become too large to be stored"
)
FOLD_IGNORED = Counter(
    "rpns_ignored_events_total",
    "events of messages that were let go: of a link that cannot be, or too long",
)
FOLD_CONFLICTS = Counter("rpns_fold_conflicts_total", "messages that somebody else had changed, folded again")
LINKS_FOLLOWED = Counter(
    "rpns_links_followed_total", "next links of cascades that went out, by their channel", ["channel"]
)
LINKS_SAVED = Counter("rpns_links_saved_total", "links of cascades that were not needed, by their channel", ["channel"])
OUTCOMES = Counter(
    "rpns_outcomes_total",
    "deliveries that reached an outcome, as statistics count them; after a crash some count again",
    ["application", "provider", "channel", "outcome"],
)
STREAMS = Gauge("rpns_streams", "open streams of status changes")
LIVE_STREAMS = Gauge("rpns_live_streams", "open live looks at a message, a mailing or the cluster")
FORGOTTEN_READ = Counter(
    "rpns_forgotten_records_total", "records read without what was personal: their recipient was forgotten", ["topic"]
)
LOGIN_PROOFS = Counter(
    "rpns_login_proofs_total", "logins on devices: proved, unproved, missing a proof, or the rule it broke", ["outcome"]
)
IDENTITY_OFF = Gauge("rpns_identity_off", "1 while logins of an application count without proof", ["application"])
SPANS = Counter("rpns_spans_total", "spans of traces: taken by the collector, or lost because it did not", ["outcome"])
TIMERS_FIRED = Counter("rpns_timers_fired_total", "timers whose event was appended", ["topic"])


class _LibrariesWarn(logging.Filter):
    """Kafka's client calls every passing trouble an error, and says it hundreds of times a second; what is really one,
    our own code says and counts. So each of its lines is a warning, and there once a second. That a partition has
    another leader, or none yet in a new topic, it says until it has found it: that is not shown at all."""

    def __init__(self) -> None:
        super().__init__()
        self._said_at: dict[tuple[str, int], float] = {}  # by its place in the client's code

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith("aiokafka"):
            return True
        if "NotLeaderForPartitionError" in record.getMessage():
            return False
        if record.levelno > logging.WARNING:
            record.levelno, record.levelname = logging.WARNING, "WARNING"
        place = record.pathname, record.lineno
        if record.created < self._said_at.get(place, 0.0) + 1:
            return False
        self._said_at[place] = record.created
        return True


def say_build(service: str, instance: str, known_commit: str) -> None:
    """Set `rpns_build_info`, and bind instance and version to every line of the log."""
    commit = known_commit or build.commit()
    BUILD_INFO.labels(build.version(), commit, platform.python_version(), service, instance).set(1)
    structlog.contextvars.bind_contextvars(instance=instance, version=build.version())


def configure_logging(service: str, level: str) -> None:
    """One JSON object a line on standard error, from structlog and from the standard library alike."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_LibrariesWarn())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(
                    serializer=lambda event, **_: orjson.dumps(event, default=str).decode()
                ),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("rpns").setLevel(level.upper())
    structlog.contextvars.bind_contextvars(service=service)


def logger(name: str) -> Any:
    """A structured logger: `log.info("what happened", key=value)`."""
    return structlog.get_logger(f"rpns.{name}")
