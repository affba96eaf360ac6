"""Reports, reminders and what employees show themselves: new values of closed sets."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

CHANGE_KINDS = (
    "account:checked", "account:contested", "account:declared", "account:retired",
    "account:updated", "account:verified", "api_key:created", "api_key:revoked",
    "campaign:created", "campaign:evaluated", "campaign:updated", "connection:created",
    "connection:lost", "connection:removed", "dispute:decided", "dispute:filed",
    "employee:created", "employee:updated", "evidence:taken", "excuse:granted",
    "excuse:withdrawn", "extension:granted", "finding:recorded", "follower_list:taken",
    "import:applied", "import:previewed", "neutrality_window:declared",
    "neutrality_window:withdrawn", "notice:extended", "notice:sent",
    "official_account:created", "official_account:updated", "pair_answers:taken",
    "reminders:planned", "reminders:stopped", "report:frozen", "roster:changed",
    "snapshot:confirmed", "snapshot:taken", "work_unit:created", "work_unit:updated",
)  # fmt: skip
REASONS = (
    "seen_in_list", "pair_positive", "shown_by_employee", "declared_account",
    "absent_from_two_complete_lists", "pair_negative", "undeclared", "declared_none",
    "platform_undeclared", "disputed", "dispute_upheld", "not_due_yet", "account_contested",
    "blocked", "awaiting_second_list", "stale", "account_unverified", "list_partial",
    "platform_cannot_tell", "never_checked",
)  # fmt: skip
BASES = (
    "follower_list", "pair_answer", "self_evidence", "complete_lists", "declaration", "none",
)  # fmt: skip


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table, name, column, values in (
        ("changes", "change_kind_is_known", "kind", CHANGE_KINDS),
        ("verdicts", "reason_is_known", "reason", REASONS),
        ("verdicts", "basis_is_known", "basis", BASES),
    ):
        allowed = ", ".join(f"'{value}'" for value in values)
        op.execute(
            f"-- squawk-ignore ban-drop-constraint\nALTER TABLE {table} DROP CONSTRAINT {name}"
        )
        op.execute(
            f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({column} IN ({allowed})) NOT VALID"
        )
        op.execute(
            "-- squawk-ignore constraint-missing-not-valid\n"
            f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}"
        )
