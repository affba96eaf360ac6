"""Count snapshots, the poll log, follower lists with their certificates, and follows."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, KnownRow, TenantRow, closed_set
from app.core.ids import new_id
from app.observations.rules import (
    CertificateVerdict,
    EvidenceKind,
    EvidenceSource,
    Expectation,
    PairAnswer,
    PollKind,
)
from app.platforms.base import Platform, Precision

OFFICIAL = ["official_accounts.tenant_id", "official_accounts.id"]
# The sources of answers that an employee has shown.
SHOWN = "('self_export', 'screenshot')"


class CountSnapshot(KnownRow, Base):
    """One reading of a follower count; the true count lies in [followers_min, followers_max]."""

    __tablename__ = "count_snapshots"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "official_account_id"], OFFICIAL),
        CheckConstraint(
            "0 <= followers_min AND followers_min <= followers_max",
            name="a_count_is_an_interval_from_zero",
        ),
        CheckConstraint(
            "precision <> 'exact' OR followers_min = followers_max",
            name="an_exact_count_is_one_number",
        ),
        CheckConstraint(
            "source NOT LIKE 'manual%' OR attested_by IS NOT NULL",
            name="manual_readings_are_attested",
        ),
        Index("ix_count_snapshots_observed", "tenant_id", "official_account_id", "observed_at"),
    )

    official_account_id: Mapped[UUID] = mapped_column(primary_key=True)
    slot: Mapped[datetime] = mapped_column(primary_key=True)
    followers_min: Mapped[int] = mapped_column(BigInteger)
    followers_max: Mapped[int] = mapped_column(BigInteger)
    raw: Mapped[str] = mapped_column(Text)
    precision: Mapped[Precision] = mapped_column(closed_set(Precision, "precision_is_known"))
    source: Mapped[str] = mapped_column(Text)
    attested_by: Mapped[str | None] = mapped_column(Text)
    observed_at: Mapped[datetime]
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())
    suspicious: Mapped[bool] = mapped_column(default=False)


class PollRun(TenantRow, Base):
    """One attempt to ask a platform something, whatever came of it.

    `asked` and `answered` count accounts, where a run asks about several. Existence is asked of a
    whole platform, everything else of one official account.
    """

    __tablename__ = "poll_runs"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "official_account_id"], OFFICIAL),
        CheckConstraint(
            "(official_account_id IS NULL) = (kind = 'existence')"
            " AND (kind <> 'existence' OR platform IS NOT NULL)",
            name="runs_name_what_they_asked",
        ),
        Index("ix_poll_runs_account", "tenant_id", "official_account_id", "started_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[PollKind] = mapped_column(
        closed_set(PollKind, "poll_kind_is_known"), default=PollKind.COUNT, server_default="count"
    )
    platform: Mapped[Platform | None] = mapped_column(
        closed_set(Platform, "poll_platform_is_known")
    )
    official_account_id: Mapped[UUID | None]
    slot: Mapped[datetime]
    epoch: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime]
    outcome: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text, default="")
    retry_at: Mapped[datetime | None]
    asked: Mapped[int | None]
    answered: Mapped[int | None]


class FollowerList(KnownRow, Base):
    """One membership snapshot: its size, matches and certificate; never the list itself.

    A list that was read from the platform has a slot, so that a repeated reading leaves one. At
    `matched_at` the declared accounts were known that it was matched against: of one that was
    declared later it says nothing. `pages` is null for a file. Of the control accounts those are
    `uncounted` that the list could not have shown either way.
    """

    __tablename__ = "follower_lists"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "official_account_id"], OFFICIAL),
        UniqueConstraint(
            "tenant_id", "official_account_id", "digest", name="a_list_is_taken_in_once"
        ),
        CheckConstraint("matched <= listed", name="matches_are_part_of_the_list"),
        CheckConstraint(
            "certificate <> 'complete' OR reached_end", name="complete_lists_reached_their_end"
        ),
        Index("ix_follower_lists_taken", "tenant_id", "official_account_id", "taken_at"),
        Index(
            "one_list_per_slot",
            "tenant_id",
            "official_account_id",
            "slot",
            unique=True,
            postgresql_where="slot IS NOT NULL",
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    official_account_id: Mapped[UUID]
    platform: Mapped[Platform] = mapped_column(closed_set(Platform, "list_platform_is_known"))
    source: Mapped[str] = mapped_column(Text)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    taken_at: Mapped[datetime]
    slot: Mapped[datetime | None]
    matched_at: Mapped[datetime | None]
    listed: Mapped[int]
    matched: Mapped[int]
    deleted: Mapped[int]
    oldest_entry: Mapped[datetime | None]
    newest_entry: Mapped[datetime | None]
    reached_end: Mapped[bool]
    count_before_min: Mapped[int | None] = mapped_column(BigInteger)
    count_before_max: Mapped[int | None] = mapped_column(BigInteger)
    count_after_min: Mapped[int | None] = mapped_column(BigInteger)
    count_after_max: Mapped[int | None] = mapped_column(BigInteger)
    certificate: Mapped[CertificateVerdict] = mapped_column(
        closed_set(CertificateVerdict, "certificate_is_known")
    )
    reasons: Mapped[list[str]] = mapped_column(ARRAY(Text))
    pages: Mapped[int | None]
    present_expected: Mapped[int] = mapped_column(default=0, server_default="0")
    present_found: Mapped[int] = mapped_column(default=0, server_default="0")
    absent_expected: Mapped[int] = mapped_column(default=0, server_default="0")
    absent_violations: Mapped[int] = mapped_column(default=0, server_default="0")
    controls_uncounted: Mapped[int] = mapped_column(default=0, server_default="0")
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ListMatch(TenantRow, Base):
    """A declared account that was found on a list which counts, and the platform's date for it.

    Intervals that a late list or answer divides are put together again from these.
    """

    __tablename__ = "list_matches"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "list_id"], ["follower_lists.tenant_id", "follower_lists.id"]
        ),
        ForeignKeyConstraint(["tenant_id", "account_id"], ["accounts.tenant_id", "accounts.id"]),
    )

    official_account_id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    taken_at: Mapped[datetime] = mapped_column(primary_key=True)
    list_id: Mapped[UUID] = mapped_column(primary_key=True)
    began_at: Mapped[datetime | None]


class Follow(KnownRow, Base):
    """An interval in which a declared account was seen to follow an official account.

    `began_at` is the platform's own date of the follow where it gives one. An interval is open
    until a complete list no longer holds the account or a pair is answered with no. Evidence is a
    kind and the id of a list or an answer; the first and the last list that showed it stand apart,
    null where only answers have. The three `..._list_id` are what the release before writes, and
    go with the next one.
    """

    __tablename__ = "follows"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "official_account_id"], OFFICIAL),
        ForeignKeyConstraint(["tenant_id", "account_id"], ["accounts.tenant_id", "accounts.id"]),
        CheckConstraint("first_seen_at <= last_seen_at", name="follows_run_forward"),
        CheckConstraint(
            "COALESCE(first_id, first_list_id) IS NOT NULL"
            " AND COALESCE(last_id, last_list_id) IS NOT NULL",
            name="follows_name_their_evidence",
        ),
        CheckConstraint(
            "(closed_at IS NULL) = (COALESCE(closed_by_id, closed_by_list_id) IS NULL)"
            " AND (closed_by_id IS NULL) = (closed_by_kind IS NULL)",
            name="closed_follows_name_what_closed_them",
        ),
        CheckConstraint("closed_at > last_seen_at", name="follows_close_after_they_were_last_seen"),
        Index(
            "one_open_follow_per_pair",
            "tenant_id",
            "official_account_id",
            "account_id",
            unique=True,
            postgresql_where="closed_at IS NULL",
        ),
        Index("ix_follows_account", "tenant_id", "account_id", "official_account_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    official_account_id: Mapped[UUID]
    account_id: Mapped[UUID]
    began_at: Mapped[datetime | None]
    first_seen_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    first_listed_at: Mapped[datetime | None]
    last_listed_at: Mapped[datetime | None]
    first_kind: Mapped[EvidenceKind] = mapped_column(
        closed_set(EvidenceKind, "first_evidence_is_known"), server_default="follower_list"
    )
    first_id: Mapped[UUID | None]
    last_kind: Mapped[EvidenceKind] = mapped_column(
        closed_set(EvidenceKind, "last_evidence_is_known"), server_default="follower_list"
    )
    last_id: Mapped[UUID | None]
    closed_at: Mapped[datetime | None]
    closed_by_kind: Mapped[EvidenceKind | None] = mapped_column(
        closed_set(EvidenceKind, "closing_evidence_is_known")
    )
    closed_by_id: Mapped[UUID | None]
    first_list_id: Mapped[UUID | None]
    last_list_id: Mapped[UUID | None]
    closed_by_list_id: Mapped[UUID | None]


class PairAnswerRow(KnownRow, Base):
    """An answer to "does this account follow that one?"; ids only, no handles.

    A platform answers once a slot. What an employee has shown has no slot, says nothing but yes,
    and may name the platform's own date of the follow.
    """

    __tablename__ = "pair_answers"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "official_account_id"], OFFICIAL),
        ForeignKeyConstraint(["tenant_id", "account_id"], ["accounts.tenant_id", "accounts.id"]),
        UniqueConstraint(
            "tenant_id",
            "official_account_id",
            "account_id",
            "slot",
            name="a_pair_is_answered_once_a_slot",
        ),
        CheckConstraint(
            f"(slot IS NULL) = (source IN {SHOWN})", name="only_platforms_answer_in_slots"
        ),
        CheckConstraint(
            "slot IS NOT NULL OR answer = 'follows'", name="what_is_shown_is_never_a_no"
        ),
        Index(
            "ix_pair_answers_latest",
            "tenant_id",
            "official_account_id",
            "account_id",
            "answer",
            "asked_at",
            "id",
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    official_account_id: Mapped[UUID]
    account_id: Mapped[UUID]
    slot: Mapped[datetime | None]
    asked_at: Mapped[datetime]
    answer: Mapped[PairAnswer] = mapped_column(closed_set(PairAnswer, "pair_answer_is_known"))
    source: Mapped[str] = mapped_column(Text)
    began_at: Mapped[datetime | None]


class SelfEvidence(TenantRow, Base):
    """What an employee has shown of one account: their own export, a reviewed screenshot, a word.

    An export has a digest and may show follows of several official accounts; everything else names
    one. A file that does not say whose it is stands no higher than a screenshot. `taken_at` is
    when the platform made it or, for a word, when it was given.
    """

    __tablename__ = "self_evidence"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "account_id"], ["accounts.tenant_id", "accounts.id"]),
        ForeignKeyConstraint(["tenant_id", "official_account_id"], OFFICIAL),
        CheckConstraint(
            "(digest IS NULL) = (official_account_id IS NOT NULL)"
            " AND (source <> 'self_export' OR digest IS NOT NULL)"
            " AND (source <> 'self_declared' OR digest IS NULL)",
            name="self_evidence_is_a_file_or_names_an_official_account",
        ),
        CheckConstraint(
            "source <> 'screenshot' OR btrim(COALESCE(officer, '')) <> ''",
            name="an_officer_has_reviewed_a_screenshot",
        ),
        CheckConstraint(
            "taken_at <= recorded_at", name="self_evidence_is_recorded_after_it_was_made"
        ),
        UniqueConstraint(
            "tenant_id", "account_id", "source", "digest", name="a_file_is_shown_once"
        ),
        UniqueConstraint(
            "tenant_id",
            "account_id",
            "source",
            "official_account_id",
            "taken_at",
            name="a_look_is_shown_once",
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[UUID]
    source: Mapped[EvidenceSource] = mapped_column(
        closed_set(EvidenceSource, "self_evidence_source_is_known")
    )
    official_account_id: Mapped[UUID | None]
    digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    taken_at: Mapped[datetime]
    officer: Mapped[str | None] = mapped_column(Text)
    remark: Mapped[str | None] = mapped_column(Text)
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime]


class SelfEvidenceFact(TenantRow, Base):
    """One follow that self evidence shows, kept as an answer about the pair."""

    __tablename__ = "self_evidence_facts"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "evidence_id"], ["self_evidence.tenant_id", "self_evidence.id"]
        ),
        ForeignKeyConstraint(["tenant_id", "official_account_id"], OFFICIAL),
        ForeignKeyConstraint(
            ["tenant_id", "answer_id"], ["pair_answers.tenant_id", "pair_answers.id"]
        ),
        UniqueConstraint("tenant_id", "answer_id", name="an_answer_is_one_fact"),
    )

    evidence_id: Mapped[UUID] = mapped_column(primary_key=True)
    official_account_id: Mapped[UUID] = mapped_column(primary_key=True)
    answer_id: Mapped[UUID]


class OfficialAccountControl(TenantRow, Base):
    """A declared account of which it is known whether it follows; each list is checked against it.

    Only accounts of the government's own people and test accounts that its press office declares.
    """

    __tablename__ = "official_account_controls"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "official_account_id"], OFFICIAL),
        ForeignKeyConstraint(["tenant_id", "account_id"], ["accounts.tenant_id", "accounts.id"]),
    )

    official_account_id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    expected: Mapped[Expectation] = mapped_column(closed_set(Expectation, "expectation_is_known"))
    set_by: Mapped[str] = mapped_column(Text)
    set_at: Mapped[datetime]
