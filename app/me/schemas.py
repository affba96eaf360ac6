"""An employee's own data on the wire."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from app.accounts.schemas import AccountOut
from app.campaigns.models import DutyKind
from app.changes.kinds import ChangeKind
from app.changes.models import EntryKind
from app.compliance.schemas import VerdictOut
from app.connections.schemas import ConnectionOut
from app.contacts.schemas import ContactOut
from app.core.paging import Page
from app.core.schemas import In, LongText, Out
from app.disputes.schemas import DisputeOut, NoticeOut
from app.employees.schemas import EmployeeOut
from app.neutrality.schemas import PausedOut
from app.observations.schemas import SelfEvidenceOut
from app.subject_requests.schemas import SubjectRequestOut


class CountedIn(Out):
    """A campaign in which one is counted, and by what right."""

    campaign_id: UUID
    title: str
    legal_basis: str
    document_number: str
    starts_at: datetime
    ends_at: datetime


class OwnData(Out):
    """What is kept of oneself; `contact` is null where addresses cannot be kept here."""

    employee: EmployeeOut
    unit_name: str
    contact: ContactOut | None
    campaigns: list[CountedIn]


class OwnConsent(ConnectionOut):
    """Whether one has consented that a platform is asked about an account of one's own."""

    account_id: UUID


class OwnConsents(Out):
    """The accounts for which a consent can be given."""

    items: list[OwnConsent]


class OwnVerdict(VerdictOut):
    """A verdict about oneself, and its reason in plain words."""

    explanation: str


class OwnVerdicts(Out):
    items: list[OwnVerdict]
    paused: list[PausedOut]


class Looker(Out):
    """Who has looked or changed something: what kind of caller, and never another person's name."""

    kind: str
    name: str | None
    oneself: bool


class TrailEntry(Out):
    """One look at oneself, or one change of one's own record."""

    at: datetime
    kind: EntryKind
    by: Looker
    operation: str | None
    changes: list[ChangeKind]


class Trail(Page[TrailEntry]):
    """Newest first."""


class OwnDisputeIn(In):
    """What one says against a verdict about oneself."""

    campaign_id: UUID
    duty: DutyKind
    official_account_id: UUID | None = None
    text: LongText
    evidence_ids: list[UUID] = Field(max_length=50, default_factory=list)


class OwnDisputes(Out):
    items: list[DisputeOut]


class OwnRequests(Out):
    items: list[SubjectRequestOut]


class Everything(Out):
    """All that is kept of oneself, in one document."""

    made_at: datetime
    data: OwnData
    accounts: list[AccountOut]
    evidence: list[SelfEvidenceOut]
    verdicts: OwnVerdicts
    notices: list[NoticeOut]
    disputes: list[DisputeOut]
    requests: list[SubjectRequestOut]
    trail: list[TrailEntry]
