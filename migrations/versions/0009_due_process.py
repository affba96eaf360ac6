"""Excuses, notices, disputes, decisions and findings; verdicts that a dispute holds still."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TENANT = "(SELECT nullif(current_setting('simedsos.tenant_id', true), '')::uuid)"
APPEND = "SELECT, INSERT"
GRANTS = {
    "dispute_decisions": APPEND,
    "disputes": APPEND,
    "excuses": f"{APPEND}, UPDATE (withdrawn_at, withdrawn_by, withdrawal_reason)",
    "findings": APPEND,
    "notice_extensions": APPEND,
    "notices": APPEND,
    "verdict_clearances": APPEND,
}
REASONS = (
    "seen_in_list", "pair_positive", "declared_account", "absent_from_two_complete_lists",
    "pair_negative", "undeclared", "declared_none", "platform_undeclared", "disputed",
    "dispute_upheld", "account_contested", "blocked", "awaiting_second_list", "stale",
    "account_unverified", "list_partial", "platform_cannot_tell", "never_checked",
    "not_due_yet",
)  # fmt: skip
BASES = ("follower_list", "pair_answer", "complete_lists", "declaration", "none")
CHANGE_KINDS = (
    "account:checked", "account:contested", "account:declared", "account:retired",
    "account:updated", "account:verified", "api_key:created", "api_key:revoked",
    "campaign:created", "campaign:evaluated", "campaign:updated",
    "connection:created", "connection:lost", "connection:removed", "dispute:decided",
    "dispute:filed", "employee:created", "employee:updated", "excuse:granted",
    "excuse:withdrawn", "extension:granted", "finding:recorded", "follower_list:taken", "import:applied",
    "import:previewed", "neutrality_window:declared", "neutrality_window:withdrawn",
    "notice:extended", "notice:sent", "official_account:created",
    "official_account:updated", "pair_answers:taken", "roster:changed", "snapshot:confirmed",
    "snapshot:taken",
    "work_unit:created", "work_unit:updated",
)  # fmt: skip

# The same rule as `app.disputes.rules.obstacle`, below everything that writes.
WAIT = """
CREATE FUNCTION findings_wait_for_the_reply() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    due timestamptz;
    replied boolean;
    undecided boolean;
BEGIN
    SELECT GREATEST(notice.recorded_at + interval '72 hours', max(extension.reply_until)) INTO due
    FROM notices AS notice
    LEFT JOIN notice_extensions AS extension
      ON extension.tenant_id = notice.tenant_id AND extension.notice_id = notice.id
    WHERE notice.tenant_id = NEW.tenant_id AND notice.id = NEW.notice_id
    GROUP BY notice.recorded_at;
    SELECT count(*) > 0, count(*) FILTER (WHERE decision.dispute_id IS NULL) > 0
    INTO replied, undecided
    FROM disputes AS dispute
    LEFT JOIN dispute_decisions AS decision
      ON decision.tenant_id = dispute.tenant_id AND decision.dispute_id = dispute.id
    WHERE dispute.tenant_id = NEW.tenant_id AND dispute.notice_id = NEW.notice_id;
    -- A notice that cannot be seen has no due time, and lets nothing pass.
    IF undecided OR NOT (replied OR COALESCE(NEW.decided_at >= due, false)) THEN
        RAISE EXCEPTION 'new finding violates constraint "findings_wait_for_the_reply"'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'findings_wait_for_the_reply';
    END IF;
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    _widen_closed_sets()
    _accounts_and_verdicts()
    _excuses()
    _notices()
    _disputes()
    _findings()
    for table, rights in GRANTS.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"GRANT {rights} ON {table} TO simedsos_app")
        op.execute(f"""
            CREATE POLICY inside_the_tenant ON {table} TO simedsos_app
            USING (tenant_id = {TENANT}) WITH CHECK (tenant_id = {TENANT})
        """)


def _widen_closed_sets() -> None:
    for table, name, column, values in (
        ("changes", "change_kind_is_known", "kind", CHANGE_KINDS),
        ("verdicts", "reason_is_known", "reason", REASONS),
    ):
        allowed = ", ".join(f"'{value}'" for value in values)
        op.execute(
            f"-- squawk-ignore ban-drop-constraint\nALTER TABLE {table} DROP CONSTRAINT {name}"
        )
        _check(table, name, f"{column} IN ({allowed})")


def _check(table: str, name: str, condition: str) -> None:
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({condition}) NOT VALID")
    op.execute(
        "-- squawk-ignore constraint-missing-not-valid\n"
        f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}"
    )


def _accounts_and_verdicts() -> None:
    # The owner of the tables is no tenant, and the walls would hide every row from it.
    for table in ("accounts", "verdicts"):
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.add_column("accounts", sa.Column("attested_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE accounts SET attested_at = verified_at WHERE verified_at IS NOT NULL")
    op.add_column("verdicts", sa.Column("unmet_since", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE verdicts SET unmet_since = decided_at WHERE verdict = 'unmet'")
    for table in ("accounts", "verdicts"):
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    _check("verdicts", "disputed_verdicts_are_not_unmet", "NOT (disputed AND verdict = 'unmet')")
    _check(
        "verdicts",
        "unmet_verdicts_have_a_beginning",
        "verdict <> 'unmet' OR unmet_since IS NOT NULL",
    )
    _table(
        "verdict_clearances",
        _id("id"),
        *_about(),
        _moment("cleared_at"),
        *_refers_to_a_duty("verdict_clearances"),
    )
    _index("ix_verdict_clearances_campaign", "verdict_clearances", "campaign_id")


def _excuses() -> None:
    filled = "btrim({}) <> ''"
    _table(
        "excuses",
        _id("id"),
        _id("campaign_id"),
        _id("employee_id"),
        sa.Column("duty_id", sa.Uuid(), nullable=True),
        _text("reason"),
        _text("document_number"),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        _text("granted_by"),
        _moment("granted_at"),
        _text("actor"),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.Text(), nullable=True),
        sa.Column("withdrawal_reason", sa.Text(), nullable=True),
        *_refers_to_a_duty("excuses")[:2],
        sa.CheckConstraint(
            " AND ".join(
                filled.format(each) for each in ("reason", "document_number", "granted_by")
            ),
            name="excuses_are_reasoned_and_named",
        ),
        sa.CheckConstraint("ends_on >= starts_on", name="excuses_end_after_they_start"),
        sa.CheckConstraint(
            "num_nulls(withdrawn_at, withdrawn_by, withdrawal_reason) = 3"
            " OR (num_nulls(withdrawn_at, withdrawn_by, withdrawal_reason) = 0"
            " AND btrim(withdrawn_by) <> '' AND btrim(withdrawal_reason) <> '')",
            name="withdrawals_are_reasoned_and_named",
        ),
    )
    _index("ix_excuses_campaign", "excuses", "campaign_id", "employee_id")


def _notices() -> None:
    channels = ("email", "in_person", "letter", "telephone", "whatsapp")
    _table(
        "notices",
        _id("id"),
        *_about(),
        _moment("unmet_since"),
        _closed_set("reason", "notice_reason_is_known", REASONS),
        _closed_set("basis", "notice_basis_is_known", BASES),
        sa.Column("evidence_ids", postgresql.ARRAY(sa.Uuid()), nullable=False),
        _closed_set("channel", "notice_channel_is_known", channels),
        _text("sent_by"),
        _moment("sent_at"),
        _moment("recorded_at"),
        _text("actor"),
        *_refers_to_a_duty("notices"),
        sa.CheckConstraint("btrim(sent_by) <> ''", name="notices_name_the_officer"),
        sa.CheckConstraint("sent_at <= recorded_at", name="notices_are_recorded_after_sending"),
    )
    _one_for_each_unmet("one_notice_for_each_unmet", "notices")
    _table(
        "notice_extensions",
        _id("id"),
        _id("notice_id"),
        _moment("reply_until"),
        _text("reason"),
        _text("extended_by"),
        _moment("extended_at"),
        _text("actor"),
        _reference("notice_extensions", ("notice_id",), "notices", ("id",)),
        sa.CheckConstraint(
            "btrim(reason) <> '' AND btrim(extended_by) <> ''",
            name="extensions_are_reasoned_and_named",
        ),
    )
    _index("ix_notice_extensions_notice", "notice_extensions", "notice_id")


def _disputes() -> None:
    _table(
        "disputes",
        _id("id"),
        *_about(),
        sa.Column("notice_id", sa.Uuid(), nullable=True),
        _moment("unmet_since"),
        _text("text"),
        _text("received_by"),
        _moment("filed_at"),
        _text("actor"),
        *_refers_to_a_duty("disputes"),
        _reference("disputes", ("notice_id",), "notices", ("id",)),
        sa.CheckConstraint(
            "btrim(text) <> '' AND btrim(received_by) <> ''",
            name="disputes_say_what_and_who_received_them",
        ),
    )
    _one_for_each_unmet("one_dispute_for_each_unmet", "disputes")
    _index("ix_disputes_notice", "disputes", "notice_id")
    _table(
        "dispute_decisions",
        _id("dispute_id"),
        _closed_set("outcome", "outcome_is_known", ("upheld", "dismissed")),
        _text("reason"),
        _text("decided_by"),
        _moment("decided_at"),
        _id("key_id"),
        _reference("dispute_decisions", ("dispute_id",), "disputes", ("id",)),
        _reference("dispute_decisions", ("key_id",), "api_keys", ("id",)),
        sa.CheckConstraint(
            "btrim(reason) <> '' AND btrim(decided_by) <> ''",
            name="decisions_are_reasoned_and_named",
        ),
        key="dispute_id",
    )


def _findings() -> None:
    _table(
        "findings",
        _id("id"),
        _id("notice_id"),
        _text("reason"),
        _text("decided_by"),
        _moment("decided_at"),
        _id("key_id"),
        _reference("findings", ("notice_id",), "notices", ("id",)),
        _reference("findings", ("key_id",), "api_keys", ("id",)),
        sa.CheckConstraint(
            "btrim(reason) <> '' AND btrim(decided_by) <> ''",
            name="findings_are_reasoned_and_named",
        ),
        sa.UniqueConstraint("tenant_id", "notice_id", name="one_finding_for_each_notice"),
    )
    op.execute(WAIT)
    op.execute(
        "CREATE CONSTRAINT TRIGGER findings_wait_for_the_reply AFTER INSERT ON findings"
        " FOR EACH ROW EXECUTE FUNCTION findings_wait_for_the_reply()"
    )


def _table(name: str, *parts: sa.schema.SchemaItem, key: str = "id") -> None:
    op.create_table(
        name,
        _id("tenant_id"),
        *parts,
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=f"fk_{name}_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", key, name=f"pk_{name}"),
    )


def _id(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Uuid(), nullable=False)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _moment(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def _closed_set(column: str, name: str, values: tuple[str, ...]) -> sa.Column[str]:
    kind = sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)
    return sa.Column(column, kind, nullable=False)


def _about() -> Sequence[sa.schema.SchemaItem]:
    """The columns that name a verdict."""
    return (
        _id("campaign_id"),
        _id("employee_id"),
        _id("duty_id"),
        sa.Column("official_account_id", sa.Uuid(), nullable=True),
    )


def _refers_to_a_duty(table: str) -> Sequence[sa.ForeignKeyConstraint]:
    member = ("campaign_id", "employee_id")
    return (
        _reference(table, member, "campaign_members", member),
        _reference(table, ("duty_id",), "duties", ("id",)),
        _reference(table, ("official_account_id",), "official_accounts", ("id",)),
    )


def _reference(
    table: str, columns: tuple[str, ...], target: str, targets: tuple[str, ...]
) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", *columns],
        [f"{target}.{name}" for name in ("tenant_id", *targets)],
        name=f"fk_{table}_tenant_id_{'_'.join(columns)}",
    )


def _index(name: str, table: str, *columns: str) -> None:
    op.create_index(name, table, ["tenant_id", *columns], unique=False)


def _one_for_each_unmet(name: str, table: str) -> None:
    op.create_index(
        name,
        table,
        [
            "tenant_id", "campaign_id", "employee_id", "duty_id", "official_account_id",
            "unmet_since",
        ],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )  # fmt: skip
