"""Every metric, behind a verb; labels come from closed sets, never a person, handle or URL."""

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST

# When a counter was made would be one more series for each, and Prometheus does not need it.
disable_created_metrics()  # type: ignore[no-untyped-call]  # The library has no types for it.
REGISTRY = CollectorRegistry()
CONTENT_TYPE = CONTENT_TYPE_LATEST
METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})

REQUESTS = Histogram(
    "simedsos_http_request_duration_seconds",
    "Time to answer a request, by route template.",
    ["method", "route", "status"],
    registry=REGISTRY,
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
POLLS = Counter(
    "simedsos_polls_total",
    "Polls of official accounts, by platform and outcome.",
    ["platform", "outcome"],
    registry=REGISTRY,
)
LAST_POLL_SUCCESS = Gauge(
    "simedsos_last_successful_poll_timestamp_seconds",
    "When a platform last gave a count.",
    ["platform"],
    registry=REGISTRY,
)
JOBS = Counter(
    "simedsos_jobs_total", "Jobs run, by kind and outcome.", ["kind", "outcome"], registry=REGISTRY
)
IMPORT_ROWS = Counter(
    "simedsos_import_rows_total",
    "Rows of imported files, by kind and outcome.",
    ["kind", "outcome"],
    registry=REGISTRY,
)
FOLLOWER_LISTS = Counter(
    "simedsos_follower_lists_total",
    "Follower lists taken in, by platform and certificate.",
    ["platform", "certificate"],
    registry=REGISTRY,
)
PLATFORM_CALLS = Counter(
    "simedsos_platform_calls_total",
    "Requests to platforms, by platform and outcome.",
    ["platform", "outcome"],
    registry=REGISTRY,
)
BUDGET_REFUSALS = Counter(
    "simedsos_budget_refusals_total",
    "Requests that were not sent, by platform and cause.",
    ["platform", "cause"],
    registry=REGISTRY,
)
BREAKER_OPEN = Gauge(
    "simedsos_breaker_open",
    "Whether this process last saw a platform's breaker open, by platform and door.",
    ["platform", "door"],
    registry=REGISTRY,
)

PLATFORM_RUNS = Counter(
    "simedsos_platform_runs_total",
    "Runs of existence checks, pair questions and list readings, by platform, kind and outcome.",
    ["platform", "kind", "outcome"],
    registry=REGISTRY,
)
ACCOUNT_CHECKS = Counter(
    "simedsos_account_checks_total",
    "Checks of declared accounts, by platform and what was told.",
    ["platform", "outcome"],
    registry=REGISTRY,
)
PAIR_ANSWERS = Counter(
    "simedsos_pair_answers_total",
    "Questions whether one account follows another, by platform and answer.",
    ["platform", "answer"],
    registry=REGISTRY,
)
CONNECTIONS = Counter(
    "simedsos_connections_total",
    "Attempts to connect an account by OAuth, by platform and outcome.",
    ["platform", "outcome"],
    registry=REGISTRY,
)
TOKEN_REFRESHES = Counter(
    "simedsos_token_refreshes_total",
    "Refreshes and withdrawals of OAuth tokens, by platform and outcome.",
    ["platform", "outcome"],
    registry=REGISTRY,
)
GAUGE_READINGS = Counter(
    "simedsos_figure_readings_total",
    "Readings of one government's figures for these metrics, by outcome.",
    ["outcome"],
    registry=REGISTRY,
)
LAST_AUDIT_ANCHOR = Gauge(
    "simedsos_last_audit_anchor_timestamp_seconds",
    "When this process last wrote the ends of the audit chains down.",
    ["kept"],
    registry=REGISTRY,
)
REMINDERS = Counter(
    "simedsos_reminders_total",
    "Attempts to deliver reminders and stops of them, by channel and outcome.",
    ["channel", "outcome"],
    registry=REGISTRY,
)
WEBHOOKS = Counter(
    "simedsos_webhooks_total",
    "Attempts to tell endpoints of changes, by outcome.",
    ["outcome"],
    registry=REGISTRY,
)


def record_request(*, method: str, route: str, status: int, seconds: float) -> None:
    # Callers may invent methods, each of which would stay in memory for good.
    known = method if method in METHODS else "other"
    REQUESTS.labels(known, route, str(status)).observe(seconds)


def record_poll(*, platform: str, outcome: str, at_seconds: float) -> None:
    POLLS.labels(platform, outcome).inc()
    if outcome == "ok":
        LAST_POLL_SUCCESS.labels(platform).set(at_seconds)


def record_job(*, kind: str, outcome: str) -> None:
    JOBS.labels(kind, outcome).inc()


def record_import(*, kind: str, accepted: int, rejected: int) -> None:
    IMPORT_ROWS.labels(kind, "accepted").inc(accepted)
    IMPORT_ROWS.labels(kind, "rejected").inc(rejected)


def record_follower_list(*, platform: str, certificate: str) -> None:
    FOLLOWER_LISTS.labels(platform, certificate).inc()


def record_platform_call(*, platform: str, outcome: str) -> None:
    PLATFORM_CALLS.labels(platform, outcome).inc()


def record_budget_refusal(*, platform: str, cause: str) -> None:
    BUDGET_REFUSALS.labels(platform, cause).inc()


def record_breaker(*, platform: str, door: str, is_open: bool) -> None:
    BREAKER_OPEN.labels(platform, door).set(is_open)


def record_platform_run(*, platform: str, kind: str, outcome: str) -> None:
    PLATFORM_RUNS.labels(platform, kind, outcome).inc()


def record_account_check(*, platform: str, outcome: str) -> None:
    ACCOUNT_CHECKS.labels(platform, outcome).inc()


def record_pair_answer(*, platform: str, answer: str) -> None:
    PAIR_ANSWERS.labels(platform, answer).inc()


def record_connection(*, platform: str, outcome: str) -> None:
    CONNECTIONS.labels(platform, outcome).inc()


def record_token_refresh(*, platform: str, outcome: str) -> None:
    TOKEN_REFRESHES.labels(platform, outcome).inc()


def record_reminders(*, channel: str, outcome: str, number: int = 1) -> None:
    REMINDERS.labels(channel, outcome).inc(number)


def record_webhook(*, outcome: str) -> None:
    WEBHOOKS.labels(outcome).inc()


def record_gauges(*, outcome: str) -> None:
    GAUGE_READINGS.labels(outcome).inc()


def record_audit_anchor(*, kept: str, at_seconds: float) -> None:
    LAST_AUDIT_ANCHOR.labels(kept).set(at_seconds)


def exposition() -> bytes:
    """The Prometheus text format of everything recorded in this process."""
    return generate_latest(REGISTRY)
