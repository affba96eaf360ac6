"""Campaigns and growth on the wire."""

from datetime import date, datetime
from typing import Annotated, ClassVar, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from app.campaigns.models import DutyKind, DutyMode
from app.campaigns.rules import STALE_AFTER_DAYS
from app.core.moments import KNOWN_AT, VALID_AT, PastMoment
from app.core.schemas import Day, Edit, In, Moment, Out, Text, forget_bounds
from app.employees.rules import Category
from app.neutrality.schemas import PausedOut
from app.platforms.base import Platform, Precision

# Dates beyond it are slips of the pen, and the calendar ends before they have added up.
LAST_YEAR = 2200
GraceDays = Annotated[int, Field(ge=0, le=400, description="Days until anybody can be late")]
RosterShow = Literal["members", "added", "left", "joiners", "leavers"]


class CohortFilter(In):
    """Whom the campaign addresses; an empty list means no narrowing."""

    categories: list[Category] = Field(default_factory=list)
    unit_ids: list[UUID] = Field(default_factory=list)


class DutyIn(In):
    """What is asked: to declare accounts on these platforms, or to follow the official accounts."""

    kind: DutyKind
    platforms: Annotated[list[Platform], Field(max_length=8, default_factory=list)]
    mode: DutyMode = DutyMode.ANY


class CampaignIn(In):
    """A new campaign; its cohort is frozen when it is created."""

    title: Text
    legal_basis: Text
    document_number: Text
    starts_at: Moment
    ends_at: Moment
    expected_gain: Annotated[int, Field(ge=0, le=10**9)]
    stale_after_days: Annotated[int, Field(ge=1, le=400)] = STALE_AFTER_DAYS
    grace_days: GraceDays = 0
    cohort: CohortFilter = CohortFilter()
    duties: Annotated[list[DutyIn], Field(min_length=1, max_length=2)]
    official_account_ids: Annotated[list[UUID], Field(min_length=1, max_length=100)]

    @model_validator(mode="after")
    def require_order(self) -> Self:
        if self.starts_at >= self.ends_at:
            message = "ends_at must come after starts_at"
            raise ValueError(message)
        if len({duty.kind for duty in self.duties}) != len(self.duties):
            message = "one duty of each kind"
            raise ValueError(message)
        return self


class CampaignPreviewOut(Out):
    """Whom a campaign would address if it were created now; nothing has been stored."""

    cohort_size: int
    by_category: dict[Category, int]


class CampaignEdit(Edit):
    """The fields to change; cohort, duties and accounts stay as they were announced.

    The start can be moved only before it has come, and nobody becomes late by a shorter grace.
    """

    never_null: ClassVar[frozenset[str]] = frozenset(
        {
            "title",
            "legal_basis",
            "document_number",
            "starts_at",
            "ends_at",
            "expected_gain",
            "stale_after_days",
            "grace_days",
        }
    )

    title: Text | None = None
    legal_basis: Text | None = None
    document_number: Text | None = None
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    expected_gain: Annotated[int, Field(ge=0, le=10**9)] | None = None
    stale_after_days: Annotated[int, Field(ge=1, le=400)] | None = None
    grace_days: GraceDays | None = None


class DutyOut(Out):
    id: UUID
    kind: DutyKind
    platforms: list[Platform]
    mode: DutyMode


class CampaignOut(Out):
    id: UUID
    title: str
    legal_basis: str
    document_number: str
    starts_at: datetime
    ends_at: datetime
    expected_gain: int
    stale_after_days: int
    grace_days: int
    cohort: CohortFilter
    cohort_size: int
    cohort_hash: str
    cohort_frozen_at: datetime
    joiners: int
    leavers: int
    members: int
    duties: list[DutyOut]
    official_account_ids: list[UUID]
    evaluated_at: datetime | None
    archived_at: Annotated[
        datetime | None, Field(description="Since then only the numbers are left")
    ]
    version: int


class CohortOut(Out):
    """The frozen roster, whether it is still what its hash says, and what has become of it.

    A hash is SHA-256 over the members' ids, 16 bytes each, in ascending order. `joiners` and
    `leavers` are people whom the filter would add or drop today; nobody has acted on them yet.
    """

    campaign_id: UUID
    frozen_at: datetime
    size: int
    hash: str
    recomputed_hash: str
    intact: bool
    added: int
    left: int
    members: int
    members_hash: str
    joiners: int
    leavers: int


class StayOut(Out):
    """A stay on the roster that has ended; the frozen roster was added by nobody."""

    joined_on: date
    added_by: str | None
    added_because: str | None
    left_on: date
    left_by: str
    left_because: str


class RosterEntry(Out):
    """Somebody on the roster, or whom it would gain or lose today.

    Who has left and was added again has `earlier_stays`, and the time that newcomers have.
    """

    id: UUID
    unit_id: UUID
    joined_on: date | None
    added_by: str | None
    added_because: str | None
    left_on: date | None
    left_by: str | None
    left_because: str | None
    earlier_stays: list[StayOut]


class RosterAct(In):
    """Joiners to be added and leavers to be let go, by which officer, and why."""

    add: Annotated[list[UUID], Field(max_length=1000, default_factory=list)]
    leave: Annotated[list[UUID], Field(max_length=1000, default_factory=list)]
    officer: Text
    reason: Text

    @model_validator(mode="after")
    def require_people(self) -> Self:
        if not self.add and not self.leave:
            message = "name somebody to add or to let go"
            raise ValueError(message)
        if len({*self.add, *self.leave}) < len(self.add) + len(self.leave):
            message = "name everybody once"
            raise ValueError(message)
        return self


class DueDateExtensionIn(In):
    """Until the end of which day somebody has time, granted by which officer, and why."""

    employee_id: UUID
    due_on: Annotated[Day, Field(le=date(LAST_YEAR, 12, 31), json_schema_extra=forget_bounds)]
    officer: Text
    reason: Text


class DueDateExtensionOut(Out):
    id: UUID
    campaign_id: UUID
    employee_id: UUID
    due_on: date
    officer: str
    reason: str
    granted_at: datetime
    recorded_by: str


class GrowthAsked(BaseModel):
    """The window, what was expected of it, and whose members the gain is laid to."""

    since: Annotated[Moment, Field(alias="from", description="Start of the window")]
    until: Annotated[Moment | None, Field(alias="to", description="Its end; now")] = None
    expected_gain: Annotated[
        int | None, Field(ge=0, le=10**9, description="Followers that the window was to bring")
    ] = None
    campaign: Annotated[UUID | None, Field(description="Whose members the gain is laid to")] = None
    valid_at: Annotated[PastMoment | None, Field(description=VALID_AT)] = None
    known_at: Annotated[PastMoment | None, Field(description=KNOWN_AT)] = None


class IntervalOut(Out):
    """The true number lies in [min, max]."""

    min: int
    max: int


class PercentOut(Out):
    """Percent, rounded half-even to 2 decimals."""

    min: float
    max: float


class ReadingOut(Out):
    """A count with its precision and how old it is when it is used."""

    min: int
    max: int
    observed_at: datetime
    precision: Precision
    age_seconds: int


class AttributionOut(Out):
    """Of the gain: members who began in the window, members who followed before, the rest."""

    cohort_new: IntervalOut
    cohort_before: IntervalOut
    other: IntervalOut


class PaceOut(Out):
    """When the target is reached at the present pace; null ends mean never or not known."""

    reached_from: date | None
    reached_until: date | None
    plateau: bool


class GrowthOut(Out):
    """Growth of one official account; null where it cannot be known.

    It was true at `valid_at`, by what was known at `known_at`.
    """

    valid_at: datetime
    known_at: datetime
    official_account_id: UUID
    platform: Platform
    name: str
    since: datetime
    until: datetime
    baseline: ReadingOut | None
    current: ReadingOut | None
    gain: IntervalOut | None
    growth_percent: PercentOut | None
    growth_under_20_percent: str | None
    expected_gain: int | None
    attainment_percent: PercentOut | None
    shortfall: IntervalOut | None
    attribution: AttributionOut | None
    reachable_gain: IntervalOut | None
    pace: PaceOut | None
    paused: PausedOut | None


class VerdictCounts(Out):
    """Always these numbers, never a ratio alone."""

    eligible: int
    met: int
    unmet: int
    unknown: int
    excused: int
    disputed: int
