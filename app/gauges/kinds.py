"""Every gauge that is read from the database: its name, its labels and what it says.

docs/metrics.md has a line for each of them; a test compares the two.
"""

from dataclasses import dataclass
from enum import StrEnum


class Of(StrEnum):
    """What a gauge is read from."""

    GOVERNMENT = "government"
    INSTALLATION = "installation"


@dataclass(frozen=True, slots=True)
class Kind:
    """A gauge; of a government's, the label `tenant` comes before those that are named here."""

    of: Of
    name: str
    labels: tuple[str, ...]
    says: str

    @property
    def every_label(self) -> tuple[str, ...]:
        """The labels as Prometheus sees them."""
        return ("tenant", *self.labels) if self.of is Of.GOVERNMENT else self.labels


ACCOUNT = ("platform", "official_account")
DUTY = ("campaign", "duty")

FOLLOWERS = Kind(
    Of.GOVERNMENT,
    "simedsos_official_account_followers",
    ACCOUNT,
    "The latest published count of followers; where a platform rounds, the lower bound.",
)
OBSERVED = Kind(
    Of.GOVERNMENT,
    "simedsos_official_account_observed_timestamp_seconds",
    ACCOUNT,
    "When the latest count of followers was seen.",
)
LAST_LIST = Kind(
    Of.GOVERNMENT,
    "simedsos_official_account_last_list_timestamp_seconds",
    ACCOUNT,
    "When the last follower list was taken that counts as complete.",
)
VERDICTS = Kind(
    Of.GOVERNMENT,
    "simedsos_campaign_verdicts",
    (*DUTY, "verdict"),
    "Verdicts of a campaign about its main duty: met, unmet, unknown or excused.",
)
KNOWN = Kind(
    Of.GOVERNMENT,
    "simedsos_campaign_known_ratio",
    DUTY,
    "Coverage: the share of verdicts that are known, of those that are not excused.",
)
MET = Kind(
    Of.GOVERNMENT,
    "simedsos_campaign_met_ratio",
    DUTY,
    "The share of known verdicts that are met; read it beside the coverage.",
)
EVALUATED = Kind(
    Of.GOVERNMENT,
    "simedsos_campaigns_evaluated_timestamp_seconds",
    (),
    "When the running campaign was judged that was judged longest ago.",
)
EMPLOYEES = Kind(
    Of.GOVERNMENT,
    "simedsos_registered_employees",
    (),
    "Employees in the registry who have not left.",
)
DECLARED = Kind(
    Of.GOVERNMENT,
    "simedsos_declared_accounts",
    ("platform",),
    "Declared accounts that are not retired.",
)
CREDENTIAL_EXPIRY = Kind(
    Of.GOVERNMENT,
    "simedsos_credential_expiry_timestamp_seconds",
    ("platform",),
    "When the first connection of an official account ends, unless it is renewed.",
)
CREDENTIALS_LOST = Kind(
    Of.GOVERNMENT,
    "simedsos_credentials_lost",
    (),
    "Connections of official accounts that need their custodian again.",
)
LISTS_VOID = Kind(
    Of.GOVERNMENT,
    "simedsos_follower_lists_void",
    (),
    "Official accounts whose latest follower list counts for nothing.",
)
OVERDUE = Kind(
    Of.GOVERNMENT,
    "simedsos_subject_requests_overdue",
    (),
    "Requests of people about their data that were not answered within 3 x 24 hours.",
)
REFRESHED = Kind(
    Of.INSTALLATION,
    "simedsos_business_gauges_refreshed_timestamp_seconds",
    (),
    "When the figures of the government were read that were read longest ago.",
)
JOBS_WAITING = Kind(
    Of.INSTALLATION,
    "simedsos_jobs_waiting",
    ("kind",),
    "Jobs that are due and wait for a worker.",
)
JOBS_OLDEST = Kind(
    Of.INSTALLATION,
    "simedsos_jobs_oldest_waiting_seconds",
    ("kind",),
    "How long the oldest waiting job has been due.",
)
JOBS_DEAD = Kind(
    Of.INSTALLATION,
    "simedsos_jobs_dead",
    ("kind",),
    "Jobs that have failed for the last time and were set aside.",
)
POLLS_DUE = Kind(
    Of.INSTALLATION,
    "simedsos_polls_due",
    (),
    "Official accounts whose count is due and that no worker holds.",
)
POLL_OLDEST = Kind(
    Of.INSTALLATION,
    "simedsos_poll_oldest_due_seconds",
    (),
    "How long the oldest due count has been due.",
)
BUDGET_USED = Kind(
    Of.INSTALLATION,
    "simedsos_platform_budget_used_ratio",
    ("platform", "credential"),
    "What is used of the tightest budget of its sort in the present window.",
)
CRON_FIRED = Kind(
    Of.INSTALLATION,
    "simedsos_cron_last_fired_timestamp_seconds",
    ("line",),
    "The last slot that a scheduler fired.",
)

KINDS = (
    FOLLOWERS, OBSERVED, LAST_LIST, VERDICTS, KNOWN, MET, EVALUATED, EMPLOYEES, DECLARED,
    CREDENTIAL_EXPIRY, CREDENTIALS_LOST, LISTS_VOID, OVERDUE, REFRESHED, JOBS_WAITING, JOBS_OLDEST,
    JOBS_DEAD, POLLS_DUE, POLL_OLDEST, BUDGET_USED, CRON_FIRED,
)  # fmt: skip
BY_NAME = {kind.name: kind for kind in KINDS}
