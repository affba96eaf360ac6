"""Rows for Grafana: no row within a row, null for what is not known."""

from datetime import datetime
from uuid import UUID

from app.campaigns.models import DutyKind
from app.core.schemas import Out
from app.grafana.rules import Alert, SubjectKind
from app.platforms.base import Platform, Precision


class FollowersRow(Out):
    """One step of one official account: its last reading, and what a campaign expects of it.

    Followers are null in a step without a reading. Baseline and target are null without
    `campaign`, and while they cannot be known.
    """

    time: datetime
    official_account_id: UUID
    official_account: str
    platform: Platform
    followers_min: int | None
    followers_max: int | None
    precision: Precision | None
    observed_at: datetime | None
    baseline_min: int | None
    baseline_max: int | None
    target_min: int | None
    target_max: int | None


class GrowthRow(Out):
    """One official account of a campaign; every number that cannot be known is null."""

    official_account_id: UUID
    official_account: str
    platform: Platform
    paused: bool
    baseline_min: int | None
    baseline_max: int | None
    current_min: int | None
    current_max: int | None
    current_at: datetime | None
    current_age_seconds: int | None
    gain_min: int | None
    gain_max: int | None
    growth_percent_min: float | None
    growth_percent_max: float | None
    expected_gain: int | None
    attainment_percent_min: float | None
    attainment_percent_max: float | None
    shortfall_min: int | None
    shortfall_max: int | None


class ComplianceRow(Out):
    """One duty of one unit, category, platform or official account; a unit includes those below.

    Numbers that would tell of fewer than five people are null and `suppressed`. `known_percent` is
    the coverage: the share of what is not excused that is known; `met_percent` is of the known.
    """

    key: str
    code: str | None
    name: str
    duty: DutyKind
    suppressed: bool
    eligible: int | None
    met: int | None
    unmet: int | None
    unknown: int | None
    excused: int | None
    disputed: int | None
    known_percent: float | None
    met_percent: float | None
    evaluated_at: datetime | None


class PollRow(Out):
    """How one official account is being read; null where it never was.

    `overdue_seconds` is 0 while the next reading is still to come.
    """

    official_account_id: UUID
    official_account: str
    platform: Platform
    paused: bool
    followers_min: int | None
    followers_max: int | None
    observed_at: datetime | None
    age_seconds: int | None
    outcome: str | None
    reason: str | None
    tried_at: datetime | None
    tries_24h: int
    failures_24h: int
    next_due: datetime | None
    overdue_seconds: int | None
    last_complete_list_at: datetime | None


class AlertRow(Out):
    """Whether an alert fires for a subject: 1 or 0. The texts are labels, and there is no time."""

    alert: Alert
    subject_kind: SubjectKind
    subject_id: UUID
    subject: str
    platform: str
    firing: int
