"""The registry, what was seen, campaigns and verdicts."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import UserDefinedType

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


class Xid8(UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction id."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        return "xid8"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("SET LOCAL statement_timeout = '60s'")

    op.create_table(
        "cron_slots",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("slot", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "fired_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("name", "slot", name=op.f("pk_cron_slots")),
    )
    op.create_table(
        "tenants",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenants")),
        sa.UniqueConstraint("slug", name=op.f("uq_tenants_slug")),
    )
    op.create_table(
        "api_keys",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("length(key_hash) = 32", name=op.f("api_keys_are_hashed")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_api_keys_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_keys_key_hash")),
    )
    op.create_table(
        "campaigns",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("legal_basis", sa.Text(), nullable=False),
        sa.Column("document_number", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expected_gain", sa.Integer(), nullable=False),
        sa.Column("stale_after_days", sa.Integer(), nullable=False),
        sa.Column("cohort_filter", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("cohort_size", sa.Integer(), nullable=False),
        sa.Column("cohort_hash", sa.LargeBinary(), nullable=False),
        sa.Column("cohort_frozen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("evaluated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "btrim(legal_basis) <> '' AND btrim(document_number) <> ''",
            name=op.f("campaigns_have_a_legal_basis"),
        ),
        sa.CheckConstraint("expected_gain >= 0", name=op.f("expected_gain_is_not_negative")),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("campaigns_end_after_they_start")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_campaigns_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_campaigns")),
    )
    op.create_table(
        "changes",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column(
            "transaction", Xid8(), server_default=sa.text("pg_current_xact_id()"), nullable=False
        ),
        sa.Column(
            "kind",
            sa.Enum(
                "account:declared",
                "account:retired",
                "account:updated",
                "account:verified",
                "api_key:created",
                "api_key:revoked",
                "campaign:created",
                "campaign:evaluated",
                "campaign:updated",
                "employee:created",
                "employee:updated",
                "follower_list:taken",
                "import:applied",
                "import:previewed",
                "official_account:created",
                "official_account:updated",
                "snapshot:confirmed",
                "snapshot:taken",
                "work_unit:created",
                "work_unit:updated",
                name="change_kind_is_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_changes_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "sequence", name=op.f("pk_changes")),
    )
    op.create_index("ix_changes_subject", "changes", ["tenant_id", "subject_id"], unique=False)
    op.create_table(
        "idempotency_records",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("caller_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_digest", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("headers", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_idempotency_records_tenant_id")
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "caller_id", "key", name=op.f("pk_idempotency_records")
        ),
    )
    op.create_table(
        "imports",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "employees",
                "accounts",
                "work_units",
                name="import_kind_is_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "previewed",
                "applied",
                name="import_state_is_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.Column("inserted", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'applied') = (applied_at IS NOT NULL)", name=op.f("applied_imports_are_dated")
        ),
        sa.CheckConstraint("accepted + rejected = rows", name=op.f("every_row_is_accounted_for")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_imports_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_imports")),
    )
    op.create_table(
        "official_accounts",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "platform",
            sa.Enum(
                "bluesky",
                "facebook",
                "instagram",
                "mastodon",
                "threads",
                "tiktok",
                "x",
                "youtube",
                name="official_platform_is_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("handle", sa.Text(), nullable=False),
        sa.Column("platform_id", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "owner_kind",
            sa.Enum(
                "office",
                "agency",
                "person",
                name="owner_kind_is_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("custodian", sa.Text(), nullable=True),
        sa.Column("office_term_start", sa.Date(), nullable=True),
        sa.Column("office_term_end", sa.Date(), nullable=True),
        sa.Column("poll_interval_seconds", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("facts_revision", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "owner_kind <> 'person' OR office_term_start IS NOT NULL",
            name=op.f("personal_accounts_have_an_office_term"),
        ),
        sa.CheckConstraint("poll_interval_seconds >= 10", name=op.f("polls_keep_a_distance")),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_official_accounts_tenant_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_official_accounts")),
        sa.UniqueConstraint(
            "tenant_id", "platform", "handle", name="one_official_account_per_handle"
        ),
    )
    op.create_table(
        "sign_in_links",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("api_key_id", sa.Uuid(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_sign_in_links_tenant_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_sign_in_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sign_in_links_token_hash")),
    )
    op.create_table(
        "web_sessions",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("api_key_id", sa.Uuid(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_web_sessions_tenant_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_web_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_web_sessions_token_hash")),
    )
    op.create_table(
        "work_units",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("ancestors", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("bkn_unor_id", sa.Text(), nullable=True),
        sa.Column("skpd_code", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("parent_id IS DISTINCT FROM id", name=op.f("no_unit_is_its_own_parent")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "parent_id"],
            ["work_units.tenant_id", "work_units.id"],
            name=op.f("fk_work_units_tenant_id_parent_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_work_units_tenant_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_work_units")),
        sa.UniqueConstraint("tenant_id", "code", name="one_work_unit_per_code"),
    )
    op.create_index(
        "ix_work_units_ancestors", "work_units", ["ancestors"], unique=False, postgresql_using="gin"
    )
    op.create_index("ix_work_units_parent", "work_units", ["tenant_id", "parent_id"], unique=False)
    op.create_table(
        "campaign_official_accounts",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("official_account_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "campaign_id"],
            ["campaigns.tenant_id", "campaigns.id"],
            name=op.f("fk_campaign_official_accounts_tenant_id_campaign_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "official_account_id"],
            ["official_accounts.tenant_id", "official_accounts.id"],
            name=op.f("fk_campaign_official_accounts_tenant_id_official_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_campaign_official_accounts_tenant_id")
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id",
            "campaign_id",
            "official_account_id",
            name=op.f("pk_campaign_official_accounts"),
        ),
    )
    op.create_index(
        "ix_campaign_official_accounts_account",
        "campaign_official_accounts",
        ["tenant_id", "official_account_id"],
        unique=False,
    )
    op.create_table(
        "count_snapshots",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("official_account_id", sa.Uuid(), nullable=False),
        sa.Column("slot", sa.DateTime(timezone=True), nullable=False),
        sa.Column("followers_min", sa.BigInteger(), nullable=False),
        sa.Column("followers_max", sa.BigInteger(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column(
            "precision",
            sa.Enum(
                "exact",
                "rounded",
                "truncated",
                "abbreviated",
                name="precision_is_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("attested_by", sa.Text(), nullable=True),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "recorded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("suspicious", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "precision <> 'exact' OR followers_min = followers_max",
            name=op.f("an_exact_count_is_one_number"),
        ),
        sa.CheckConstraint(
            "source NOT LIKE 'manual%' OR attested_by IS NOT NULL",
            name=op.f("manual_readings_are_attested"),
        ),
        sa.CheckConstraint(
            "0 <= followers_min AND followers_min <= followers_max",
            name=op.f("a_count_is_an_interval_from_zero"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "official_account_id"],
            ["official_accounts.tenant_id", "official_accounts.id"],
            name=op.f("fk_count_snapshots_tenant_id_official_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_count_snapshots_tenant_id")
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "official_account_id", "slot", name=op.f("pk_count_snapshots")
        ),
    )
    op.create_index(
        "ix_count_snapshots_observed",
        "count_snapshots",
        ["tenant_id", "official_account_id", "observed_at"],
        unique=False,
    )
    op.create_table(
        "due_polls",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("official_account_id", sa.Uuid(), nullable=False),
        sa.Column(
            "platform",
            sa.Enum(
                "bluesky",
                "facebook",
                "instagram",
                "mastodon",
                "threads",
                "tiktok",
                "x",
                "youtube",
                name="due_platform_is_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("next_poll_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("interval_seconds", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("epoch", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "official_account_id"],
            ["official_accounts.tenant_id", "official_accounts.id"],
            name=op.f("fk_due_polls_tenant_id_official_account_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_due_polls_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "official_account_id", name=op.f("pk_due_polls")),
    )
    op.create_index("ix_due_polls_next", "due_polls", ["next_poll_at"], unique=False)
    op.create_table(
        "duties",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "declare",
                "follow",
                name="duty_kind_is_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("platforms", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column(
            "mode",
            sa.Enum(
                "any",
                "each",
                name="duty_mode_is_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "campaign_id"],
            ["campaigns.tenant_id", "campaigns.id"],
            name=op.f("fk_duties_tenant_id_campaign_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_duties_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_duties")),
    )
    op.create_index(
        "one_duty_of_a_kind", "duties", ["tenant_id", "campaign_id", "kind"], unique=True
    )
    op.create_table(
        "employees",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "category",
            sa.Enum(
                "pns",
                "pppk",
                "pppk_paruh_waktu",
                name="employee_category_is_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "standing",
            sa.Enum(
                "active",
                "on_leave",
                "study",
                "suspended",
                "retired",
                "dismissed",
                name="employee_standing_is_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Text(), nullable=True),
        sa.Column(
            "declaration",
            sa.Enum(
                "not_asked",
                "undeclared",
                "declared_none",
                "declared",
                "verified",
                name="employee_declaration_is_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "unit_id"],
            ["work_units.tenant_id", "work_units.id"],
            name=op.f("fk_employees_tenant_id_unit_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_employees_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_employees")),
    )
    op.create_index("ix_employees_unit", "employees", ["tenant_id", "unit_id"], unique=False)
    op.create_table(
        "follower_lists",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("official_account_id", sa.Uuid(), nullable=False),
        sa.Column(
            "platform",
            sa.Enum(
                "bluesky",
                "facebook",
                "instagram",
                "mastodon",
                "threads",
                "tiktok",
                "x",
                "youtube",
                name="list_platform_is_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("listed", sa.Integer(), nullable=False),
        sa.Column("matched", sa.Integer(), nullable=False),
        sa.Column("deleted", sa.Integer(), nullable=False),
        sa.Column("oldest_entry", sa.DateTime(timezone=True), nullable=True),
        sa.Column("newest_entry", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reached_end", sa.Boolean(), nullable=False),
        sa.Column("count_before_min", sa.BigInteger(), nullable=True),
        sa.Column("count_before_max", sa.BigInteger(), nullable=True),
        sa.Column("count_after_min", sa.BigInteger(), nullable=True),
        sa.Column("count_after_max", sa.BigInteger(), nullable=True),
        sa.Column(
            "certificate",
            sa.Enum(
                "complete",
                "partial",
                "void",
                name="certificate_is_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("reasons", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column(
            "recorded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "certificate <> 'complete' OR reached_end",
            name=op.f("complete_lists_reached_their_end"),
        ),
        sa.CheckConstraint("matched <= listed", name=op.f("matches_are_part_of_the_list")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "official_account_id"],
            ["official_accounts.tenant_id", "official_accounts.id"],
            name=op.f("fk_follower_lists_tenant_id_official_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_follower_lists_tenant_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_follower_lists")),
        sa.UniqueConstraint(
            "tenant_id", "official_account_id", "digest", name="a_list_is_taken_in_once"
        ),
    )
    op.create_index(
        "ix_follower_lists_taken",
        "follower_lists",
        ["tenant_id", "official_account_id", "taken_at"],
        unique=False,
    )
    op.create_table(
        "import_faults",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("column", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "import_id"],
            ["imports.tenant_id", "imports.id"],
            name=op.f("fk_import_faults_tenant_id_import_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_import_faults_tenant_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_import_faults")),
    )
    op.create_index(
        "ix_import_faults_line", "import_faults", ["tenant_id", "import_id", "line"], unique=False
    )
    op.create_table(
        "import_rows",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("fields", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "import_id"],
            ["imports.tenant_id", "imports.id"],
            name=op.f("fk_import_rows_tenant_id_import_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_import_rows_tenant_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "import_id", "line", name=op.f("pk_import_rows")),
    )
    op.create_table(
        "poll_runs",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("official_account_id", sa.Uuid(), nullable=False),
        sa.Column("slot", sa.DateTime(timezone=True), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "official_account_id"],
            ["official_accounts.tenant_id", "official_accounts.id"],
            name=op.f("fk_poll_runs_tenant_id_official_account_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_poll_runs_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_poll_runs")),
    )
    op.create_index(
        "ix_poll_runs_account",
        "poll_runs",
        ["tenant_id", "official_account_id", "started_at"],
        unique=False,
    )
    op.create_table(
        "accounts",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("employee_id", sa.Uuid(), nullable=False),
        sa.Column(
            "platform",
            sa.Enum(
                "bluesky",
                "facebook",
                "instagram",
                "mastodon",
                "threads",
                "tiktok",
                "x",
                "youtube",
                name="account_platform_is_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("handle", sa.Text(), nullable=False),
        sa.Column("platform_id", sa.Text(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "declared",
                "exists",
                "missing",
                "private",
                "suspended",
                "renamed",
                "verified",
                "contested",
                "retired",
                name="account_state_is_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("verified_by", sa.Text(), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "state <> 'verified' OR verified_at IS NOT NULL",
            name=op.f("verified_accounts_are_dated"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "employee_id"],
            ["employees.tenant_id", "employees.id"],
            name=op.f("fk_accounts_tenant_id_employee_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_accounts_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_accounts")),
    )
    op.create_index("ix_accounts_employee", "accounts", ["tenant_id", "employee_id"], unique=False)
    op.create_index(
        "one_live_claim_per_handle",
        "accounts",
        ["tenant_id", "platform", "handle"],
        unique=True,
        postgresql_where="state NOT IN ('contested', 'retired')",
    )
    op.create_index(
        "one_live_claim_per_platform_id",
        "accounts",
        ["tenant_id", "platform", "platform_id"],
        unique=True,
        postgresql_where="platform_id IS NOT NULL AND state NOT IN ('contested', 'retired')",
    )
    op.create_table(
        "campaign_members",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("employee_id", sa.Uuid(), nullable=False),
        sa.Column("joined_on", sa.Date(), nullable=False),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "campaign_id"],
            ["campaigns.tenant_id", "campaigns.id"],
            name=op.f("fk_campaign_members_tenant_id_campaign_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "employee_id"],
            ["employees.tenant_id", "employees.id"],
            name=op.f("fk_campaign_members_tenant_id_employee_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_campaign_members_tenant_id")
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "campaign_id", "employee_id", name=op.f("pk_campaign_members")
        ),
    )
    op.create_index(
        "ix_campaign_members_employee",
        "campaign_members",
        ["tenant_id", "employee_id"],
        unique=False,
    )
    op.create_table(
        "employee_nips",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("employee_id", sa.Uuid(), nullable=False),
        sa.Column("nip", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint("nip ~ '^[0-9]{18}$'", name=op.f("a_nip_has_18_digits")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "employee_id"],
            ["employees.tenant_id", "employees.id"],
            name=op.f("fk_employee_nips_tenant_id_employee_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_employee_nips_tenant_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_employee_nips")),
    )
    op.create_index(
        "one_live_employee_per_nip",
        "employee_nips",
        ["tenant_id", "nip"],
        unique=True,
        postgresql_where="valid_to IS NULL",
    )
    op.create_index(
        "one_live_nip_per_employee",
        "employee_nips",
        ["tenant_id", "employee_id"],
        unique=True,
        postgresql_where="valid_to IS NULL",
    )
    op.create_table(
        "follows",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("official_account_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_list_id", sa.Uuid(), nullable=False),
        sa.Column("last_list_id", sa.Uuid(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by_list_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "(closed_at IS NULL) = (closed_by_list_id IS NULL)",
            name=op.f("closed_follows_name_the_list_that_closed_them"),
        ),
        sa.CheckConstraint("first_seen_at <= last_seen_at", name=op.f("follows_run_forward")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f("fk_follows_tenant_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "official_account_id"],
            ["official_accounts.tenant_id", "official_accounts.id"],
            name=op.f("fk_follows_tenant_id_official_account_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_follows_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_follows")),
    )
    op.create_index(
        "ix_follows_account",
        "follows",
        ["tenant_id", "account_id", "official_account_id"],
        unique=False,
    )
    op.create_index(
        "one_open_follow_per_pair",
        "follows",
        ["tenant_id", "official_account_id", "account_id"],
        unique=True,
        postgresql_where="closed_at IS NULL",
    )
    op.create_table(
        "verdicts",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("employee_id", sa.Uuid(), nullable=False),
        sa.Column("duty_id", sa.Uuid(), nullable=False),
        sa.Column(
            "duty_kind",
            sa.Enum(
                "declare",
                "follow",
                name="verdict_duty_is_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("official_account_id", sa.Uuid(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column(
            "verdict",
            sa.Enum(
                "met",
                "unmet",
                "unknown",
                name="verdict_is_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "reason",
            sa.Enum(
                "seen_in_list",
                "pair_positive",
                "declared_account",
                "absent_from_two_complete_lists",
                "pair_negative",
                "undeclared",
                "declared_none",
                "platform_undeclared",
                "disputed",
                "account_contested",
                "blocked",
                "awaiting_second_list",
                "stale",
                "account_unverified",
                "list_partial",
                "platform_cannot_tell",
                "never_checked",
                name="reason_is_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "basis",
            sa.Enum(
                "follower_list",
                "pair_answer",
                "complete_lists",
                "declaration",
                "none",
                name="basis_is_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("evidence_ids", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("excuse", sa.Text(), nullable=True),
        sa.Column("disputed", sa.Boolean(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(duty_kind = 'follow') = (official_account_id IS NOT NULL)",
            name=op.f("follow_verdicts_name_the_official_account"),
        ),
        sa.CheckConstraint(
            "NOT (verdict = 'unmet' AND duty_kind = 'follow') OR (basis = 'complete_lists' AND cardinality(evidence_ids) >= 2) OR basis = 'pair_answer'",
            name=op.f("unmet_follow_needs_proof_of_absence"),
        ),
        sa.CheckConstraint(
            "verdict = 'unknown' OR cardinality(evidence_ids) > 0",
            name=op.f("known_verdicts_carry_evidence"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "campaign_id", "employee_id"],
            [
                "campaign_members.tenant_id",
                "campaign_members.campaign_id",
                "campaign_members.employee_id",
            ],
            name=op.f("fk_verdicts_tenant_id_campaign_id_employee_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "duty_id"],
            ["duties.tenant_id", "duties.id"],
            name=op.f("fk_verdicts_tenant_id_duty_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "official_account_id"],
            ["official_accounts.tenant_id", "official_accounts.id"],
            name=op.f("fk_verdicts_tenant_id_official_account_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_verdicts_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_verdicts")),
    )
    op.create_index("ix_verdicts_employee", "verdicts", ["tenant_id", "employee_id"], unique=False)
    op.create_index(
        "ix_verdicts_worklist",
        "verdicts",
        ["tenant_id", "campaign_id", "verdict", "employee_id"],
        unique=False,
    )
    op.create_index(
        "one_verdict_per_duty_and_account",
        "verdicts",
        ["tenant_id", "campaign_id", "employee_id", "duty_id", "official_account_id"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
