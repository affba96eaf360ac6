"""What was seen, on the wire."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from app.core.paging import Page
from app.core.schemas import In, Moment, Out, Text
from app.neutrality.schemas import PausedOut
from app.observations.rules import (
    CertificateVerdict,
    EvidenceSource,
    Expectation,
    PairAnswer,
    PollKind,
)
from app.platforms.base import Platform, Precision

Followers = Annotated[int, Field(ge=0, le=10**11)]


class SnapshotIn(In):
    """A person's reading: `followers` if it is exact, else the interval that it stands for."""

    observed_at: Moment
    attested_by: Text
    raw: Text
    precision: Precision = Precision.EXACT
    followers: Followers | None = None
    followers_min: Followers | None = None
    followers_max: Followers | None = None

    @model_validator(mode="after")
    def require_interval(self) -> Self:
        given = (self.followers_min, self.followers_max)
        if self.followers is not None:
            if given != (None, None) or self.precision is not Precision.EXACT:
                message = "give either followers (exact) or followers_min and followers_max"
                raise ValueError(message)
            self.followers_min = self.followers_max = self.followers
        if self.followers_min is None or self.followers_max is None:
            message = "give followers, or both followers_min and followers_max"
            raise ValueError(message)
        if self.followers_min > self.followers_max:
            message = "followers_min must not be greater than followers_max"
            raise ValueError(message)
        if self.precision is Precision.EXACT and self.followers_min != self.followers_max:
            message = "an exact reading is one number"
            raise ValueError(message)
        return self


class SnapshotOut(Out):
    official_account_id: UUID
    slot: datetime
    followers_min: int
    followers_max: int
    raw: str
    precision: Precision
    source: str
    attested_by: str | None
    observed_at: datetime
    recorded_at: datetime
    suspicious: bool


class StepOut(Out):
    """The last reading of one step, and the gain since the last one before it in the range.

    Null where there was none: gaps stay gaps, and a gain over a gap belongs to the step after it.
    """

    start: datetime
    followers_min: int | None
    followers_max: int | None
    precision: Precision | None
    observed_at: datetime | None
    gain_min: int | None
    gain_max: int | None


class SnapshotsOut(Out):
    items: list[SnapshotOut] | list[StepOut]
    next: str | None


class CertificateOut(Out):
    """Whether the list can prove absence, and why not."""

    verdict: CertificateVerdict
    reasons: list[str]


class CountOut(Out):
    min: int
    max: int


class ControlCountsOut(Out):
    """How the control accounts stand on the list; any that is not as expected voids it.

    Those are `uncounted` that the list could not have shown, whether they follow or not.
    """

    present_expected: int
    present_found: int
    absent_expected: int
    absent_violations: int
    uncounted: int


class FollowerListOut(Out):
    """One membership snapshot; `pages` is null for a file."""

    id: UUID
    official_account_id: UUID
    platform: Platform
    source: str
    taken_at: datetime
    listed: int
    matched: int
    deleted: int
    oldest_entry: datetime | None
    newest_entry: datetime | None
    reached_end: bool
    pages: int | None
    count_before: CountOut | None
    count_after: CountOut | None
    controls: ControlCountsOut
    certificate: CertificateOut
    recorded_at: datetime


Controls = Annotated[list[UUID], Field(max_length=100)]


class ControlsIn(In):
    """Declared accounts that are known to follow, and some that are known not to."""

    present: Controls
    absent: Controls


class ControlOut(Out):
    """One control account, and who set it."""

    account_id: UUID
    expected: Expectation
    set_by: str
    set_at: datetime


class ControlsOut(Out):
    present: list[UUID]
    absent: list[UUID]
    entries: list[ControlOut]


class PollRunOut(Out):
    """One run: of one official account, or for `existence` of a whole platform.

    `asked` and `answered` count accounts, for `list` entries and matches. `next_due` is when the
    same will be asked again; null where it will not be.
    """

    id: UUID
    kind: PollKind
    platform: Platform | None
    official_account_id: UUID | None
    slot: datetime
    started_at: datetime
    finished_at: datetime
    outcome: str
    reason: str
    retry_at: datetime | None
    asked: int | None
    answered: int | None
    next_due: datetime | None


class EvidenceIn(In):
    """What an officer has reviewed or heard: a screenshot, or a word that proves nothing.

    No picture is stored; `taken_at` is when the screenshot was made, or the word was given.
    """

    source: Literal[EvidenceSource.SCREENSHOT, EvidenceSource.SELF_DECLARED]
    official_account_id: UUID
    taken_at: Moment
    officer: Text
    remark: Text | None = None


class FactOut(Out):
    """One follow that the evidence shows, by the id under which verdicts name it."""

    id: UUID
    official_account_id: UUID
    official_account_name: str
    answer: PairAnswer
    began_at: datetime | None


class SelfEvidenceOut(Out):
    """What an employee has shown of an account, and what it proves; a mere word proves nothing.

    `owner_told` says whether a file names its owner; null where there is no file. Nothing follows
    from an official account that is not among the facts.
    """

    id: UUID
    account_id: UUID
    source: EvidenceSource
    official_account_id: UUID | None
    taken_at: datetime
    owner_told: bool | None
    officer: str | None
    remark: str | None
    recorded_by: str
    recorded_at: datetime
    facts: list[FactOut]


class SelfEvidenceTaken(SelfEvidenceOut):
    """What was kept; of the `paused` accounts nothing is, and those without an id are left out."""

    not_comparable: list[UUID]
    paused: list[PausedOut]


class SelfEvidencePage(Page[SelfEvidenceOut]):
    """One page of evidence; nothing is told about the `paused` accounts."""

    paused: list[PausedOut]
