"""The dashboards: an overview, one for each provider (a variable), and mailings. Their panels, each one expression.

Every dashboard has the variable `datasource`, so a file is imported as it is. What a figure means: docs/metrics.md.
"""

from deploy.observability.panels import Panel, Row


def _share(above: str, below: str) -> str:
    return f"{above} / ({below} > 0)"


def _p(share: float, metric: str, by: str, where: str = "") -> str:
    return f"histogram_quantile({share}, sum by ({by}, le) (rate({metric}_bucket{where}[$__rate_interval])))"


_WAITING = (
    Panel(
        "Oldest waiting message, single lane",
        'max by (group, topic) (rpns_oldest_waiting_seconds{lane="single"})',
        "{{group}} {{topic}}",
        "s",
    ),
    Panel(
        "Oldest waiting message, bulk lane",
        'max by (group, topic) (rpns_oldest_waiting_seconds{lane="bulk"})',
        "{{group}} {{topic}}",
        "s",
    ),
    Panel("Records that wait", "max by (group, topic) (rpns_consumer_lag_records)", "{{group}} {{topic}}"),
    Panel("Partitions without a reader", "max by (group, topic) (rpns_unheld_partitions)", "{{group}} {{topic}}"),
)
OVERVIEW = (
    Row(
        "Now",
        (
            Panel("Builds", "count by (version, commit) (rpns_build_info)", "{{version}} {{commit}}", is_now=True),
            Panel(
                "Stopped senders",
                "sum(max by (application, provider) (rpns_sender_stopped)) or vector(0)",
                "senders",
                is_now=True,
            ),
            Panel(
                "Providers away", "sum(max by (provider) (rpns_provider_away)) or vector(0)", "providers", is_now=True
            ),
            Panel(
                "Open dead letters",
                "sum(max by (topic) (rpns_open_dead_letters)) or vector(0)",
                "letters",
                is_now=True,
            ),
        ),
    ),
    Row(
        "Messages",
        (
            Panel(
                "Answers to partners, by code",
                'sum by (code) (rate(rpns_requests_total{api="send"}[$__rate_interval]))',
                "code {{code}}",
                "reqps",
            ),
            Panel("Time to answer, 99 of 100", _p(0.99, "rpns_request_seconds", "api"), "{{api}}", "s"),
            Panel("Outcomes", "sum by (outcome) (rate(rpns_outcomes_total[$__rate_interval]))", "{{outcome}}", "ops"),
            Panel(
                "Share delivered, by provider",
                _share(
                    'sum by (provider) (rate(rpns_outcomes_total{outcome="delivered"}[$__rate_interval]))',
                    'sum by (provider) (rate(rpns_outcomes_total{outcome="sent"}[$__rate_interval]))',
                ),
                "{{provider}}",
                "percentunit",
            ),
        ),
    ),
    Row("What waits", _WAITING),
    Row(
        "Consumers",
        (
            Panel(
                "Records consumed", "sum by (topic) (rate(rpns_records_total[$__rate_interval]))", "{{topic}}", "ops"
            ),
            Panel("Time of a batch, 99 of 100", _p(0.99, "rpns_batch_seconds", "group"), "{{group}}", "s"),
            Panel(
                "Pauses and dropped batches",
                "sum by (group) (increase(rpns_consumer_pauses_total[$__rate_interval]))"
                " + sum by (group) (increase(rpns_dropped_batches_total[$__rate_interval]))",
                "{{group}}",
            ),
            Panel("Suspects", "sum by (group) (rpns_suspects)", "{{group}}"),
            Panel("Dead letters", "sum by (topic) (increase(rpns_dead_letters_total[$__rate_interval]))", "{{topic}}"),
            Panel(
                "Loops that fail", "sum by (loop) (increase(rpns_loop_failures_total[$__rate_interval]))", "{{loop}}"
            ),
        ),
    ),
    Row(
        "Reports to partners",
        (
            Panel("Reports", "sum by (outcome) (rate(rpns_reports_total[$__rate_interval]))", "{{outcome}}", "ops"),
            Panel(
                "Time of a report",
                "histogram_quantile(0.99, sum by (le) (rate(rpns_report_seconds_bucket[$__rate_interval])))",
                "99 of 100",
                "s",
            ),
            Panel("Receivers away", "sum by (instance) (rpns_receivers_away)", "{{instance}}"),
            Panel("Open streams", "sum(rpns_streams)", "streams"),
            Panel(
                "Calls of devices slowed down",
                "sum by (api, by) (rate(rpns_slowed_device_calls_total[$__rate_interval]))",
                "{{api}} by {{by}}",
                "ops",
            ),
        ),
    ),
)
_OF_PROVIDER = '{provider="$provider"}'
PROVIDER = (
    Row(
        "State",
        (
            Panel("Away", f"max(rpns_provider_away{_OF_PROVIDER})", "away", is_now=True),
            Panel(
                "Stopped senders",
                f"sum(max by (application) (rpns_sender_stopped{_OF_PROVIDER})) or vector(0)",
                "senders",
                is_now=True,
            ),
            Panel(
                "Retiring paused",
                f"sum(max by (application) (rpns_retiring_paused{_OF_PROVIDER})) or vector(0)",
                "applications",
                is_now=True,
            ),
            Panel("Pushes under way", f"sum(rpns_pushes_in_flight{_OF_PROVIDER})", "pushes", is_now=True),
        ),
    ),
    Row(
        "Pushes",
        (
            Panel(
                "Attempts, by outcome",
                f"sum by (outcome) (rate(rpns_pushes_total{_OF_PROVIDER}[$__rate_interval]))",
                "{{outcome}}",
                "ops",
            ),
            Panel(
                "Time of an attempt",
                _p(0.99, "rpns_push_seconds", "provider", _OF_PROVIDER),
                "99 of 100",
                "s",
            ),
            Panel(
                "Outcomes, by application",
                f"sum by (application, outcome) (rate(rpns_outcomes_total{_OF_PROVIDER}[$__rate_interval]))",
                "{{application}} {{outcome}}",
                "ops",
            ),
            Panel(
                "Dead tokens' share",
                f"max by (application) (rpns_dead_token_share{_OF_PROVIDER})",
                "{{application}}",
                "percentunit",
            ),
            Panel(
                "Oldest waiting push",
                'max by (topic) (rpns_oldest_waiting_seconds{group=~"dispatch-$provider(-bulk)?"})',
                "{{topic}}",
                "s",
            ),
            Panel(
                "Pushes that wait",
                'max by (topic) (rpns_consumer_lag_records{group=~"dispatch-$provider(-bulk)?"})',
                "{{topic}}",
            ),
        ),
    ),
)
MAILINGS = (
    Row(
        "What waits",
        (
            _WAITING[1],
            Panel(
                "Records of mailings that wait",
                'max by (group, topic) (rpns_consumer_lag_records{lane="bulk"})',
                "{{group}} {{topic}}",
            ),
        ),
    ),
    Row(
        "Flow",
        (
            Panel(
                "Messages asked for and passed on",
                'sum by (topic) (rate(rpns_appended_total{topic=~".*[.]bulk"}[$__rate_interval]))',
                "{{topic}}",
                "ops",
            ),
            Panel(
                "Records consumed",
                'sum by (topic) (rate(rpns_records_total{topic=~".*[.]bulk"}[$__rate_interval]))',
                "{{topic}}",
                "ops",
            ),
            Panel(
                "Messages of packets, by answer",
                "sum by (outcome) (rate(rpns_batch_messages_total[$__rate_interval]))",
                "{{outcome}}",
                "ops",
            ),
            Panel(
                "Links of cascades that went out",
                "sum by (channel) (rate(rpns_links_followed_total[$__rate_interval]))",
                "{{channel}}",
                "ops",
            ),
            Panel(
                "Links of cascades that were saved",
                "sum by (channel) (rate(rpns_links_saved_total[$__rate_interval]))",
                "{{channel}}",
                "ops",
            ),
            Panel("Mailings paused by a fault", "sum(increase(rpns_mailing_faults_total[$__rate_interval]))", "faults"),
            Panel(
                "Outcomes, by application",
                "sum by (application, outcome) (rate(rpns_outcomes_total[$__rate_interval]))",
                "{{application}} {{outcome}}",
                "ops",
            ),
        ),
    ),
)
